"""A Dask cluster as one who does the work: for fleets that outgrow one machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from rustabi.errors import UsageError
from rustabi.jobs import Handed, Jobs

_PATIENCE: Final = 10
"""Seconds to wait for the scheduler to answer."""


@contextmanager
def cluster(address: str) -> Iterator[Jobs]:
    """The workers of a cluster.

    Each must be able to read the files under the names that they have here, and run the same
    version of rustabi.

    Args:
        address: Of the scheduler, such as ``tcp://build1:8786``.

    Raises:
        UsageError: The package distributed is not installed, nothing answers there, or the cluster
            has no workers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            "a Dask cluster needs the package distributed", advice="pip install 'rustabi[dask]'"
        ) from error
    try:
        connect: Any = Client  # has no type hints
        client = connect(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:  # its TimeoutError is an OSError
        raise UsageError(
            f"no Dask scheduler answers at {address}: {str(error).splitlines()[0]}",
            advice="name the address that `dask scheduler` printed",
        ) from error
    with client:
        count = sum(client.ncores().values())
        if not count:
            raise UsageError(
                f"the Dask cluster at {address} has no workers",
                advice=f"start some: dask worker {address}",
            )
        place = partial(client.scatter, broadcast=True, hash=False)
        yield Handed(client.get_executor(), max(2, count), place)
