"""How work is done: ``--jobs`` and ``--no-cache`` of the commands that read binaries."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

from rustabi.errors import UsageError

if TYPE_CHECKING:
    from rustabi.means import Means

_KEPT: Final = frozenset({
    "report", "layout", "symbols", "why", "graph", "snapshot", "diff", "check", "doctor", "symvers",
})  # fmt: skip
"""Commands that read models, or what is kept like one."""


def add_work_options(commands: Mapping[str, ArgumentParser]) -> None:
    """Give every command the options that it can use."""
    for name, command in commands.items():
        if name in _KEPT:
            group = command.add_argument_group("work", "no result depends on these")
            add_jobs(group)
            group.add_argument(
                "--no-cache", action="store_true",
                help="neither use nor keep what was found out of a file (rustabi cache --help)",
            )  # fmt: skip
            if name == "check":
                group.add_argument(
                    "--dask", metavar="ADDRESS",
                    help="share the work among the workers of the Dask scheduler at ADDRESS, who"
                    " see the same files (needs rustabi[dask])",
                )  # fmt: skip


def add_jobs(group: object) -> None:
    """The option ``--jobs``."""
    group.add_argument(  # type: ignore[attr-defined]
        "-j", "--jobs", metavar="N", type=_count,
        help="share the work among N processes (default: as many as there are processors)",
    )  # fmt: skip


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise ArgumentTypeError(f"{text!r} is not a number of processes from 1 on")
    return int(text)


@contextmanager
def means_of(
    options: Namespace, still: Callable[[], AbstractContextManager[object]] = nullcontext
) -> Iterator[Means]:
    """What the options allow.

    Args:
        options: With ``jobs``, ``no_cache`` and ``dask``, or without.
        still: Keeps threads of the command line from running while processes are forked.
    """
    from rustabi.cache import Cache
    from rustabi.jobs import Alone, Forked, cores
    from rustabi.means import Means

    cache = None if getattr(options, "no_cache", True) else Cache()
    address = getattr(options, "dask", None)
    if address is not None:
        from rustabi.cluster import cluster

        if options.jobs is not None:
            raise UsageError("--jobs and --dask exclude each other", advice="give one of them")
        with cluster(address) as workers:
            yield Means(workers, cache)
        return
    count = getattr(options, "jobs", None) or cores()
    yield Means(Alone() if count == 1 else Forked(count, still), cache)
