"""``python -m rustabi``."""

from rustabi.cli import console

if __name__ == "__main__":
    console()
