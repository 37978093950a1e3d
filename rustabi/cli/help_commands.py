"""The commands that tell about rustabi itself: explain, schema, completion."""

from __future__ import annotations

from typing import Any

from rustabi.cli.arguments import add_command, add_output, add_plain_output


def explain(commands: Any) -> None:
    """Add ``rustabi explain``."""
    command = add_command(
        commands,
        "explain",
        "what a kind of change means",
        "Tells what a kind of change means, why it breaks a caller or does not, and shows an"
        " example. Without KIND it lists all kinds.",
        "rustabi explain layout-permuted",
        "rustabi explain",
    )
    command.add_argument("kind", metavar="KIND", nargs="?", help="such as layout-permuted")
    add_output(command, "explain")


def schema(commands: Any) -> None:
    """Add ``rustabi schema``."""
    command = add_command(
        commands,
        "schema",
        "the JSON schema of a file or report",
        "Prints the JSON schema of a snapshot file, of a rules file, or of all reports that"
        " --format json prints.",
        "rustabi schema report -o report.schema.json",
    )
    command.add_argument("which", choices=("snapshot", "report", "rules"), help="of what")
    add_plain_output(command)


def completion(commands: Any) -> None:
    """Add ``rustabi completion``."""
    command = add_command(
        commands,
        "completion",
        "what completes this command line in a shell",
        "Prints the script that makes a shell complete rustabi's commands, options and files. An"
        " installation for all users has it in place already; in a virtual environment, read it"
        " when the shell starts.",
        "source <(rustabi completion bash)",
        'eval "$(rustabi completion zsh)"',
        "rustabi completion fish | source",
    )
    command.add_argument("shell", choices=("bash", "zsh", "fish"), help="of which shell")
    add_plain_output(command)
