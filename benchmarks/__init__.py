"""Speed, each figure beside its reference in the same run. Start with ``make bench``."""
