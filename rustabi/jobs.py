"""Work in several processes: the same results in the same order, whoever does it.

`Alone` does it here. `Forked` is for the cores of this machine: its processes start as copies of
this one, so that what was read before, sections and all, need not be handed over, and only results
come back. `Handed` gives tasks to any `concurrent.futures.Executor`, processes of a pool or the
workers of a cluster; then functions and tasks must be picklable.

An executor of the standard library would do for `Forked`, too. But a pool is started before its
work is known, needs threads, takes as long to import as a small object takes to read, and leaves
its processes behind when this one is killed.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar

from rustabi.errors import RustabiError

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


class WorkerError(RustabiError):
    """A process that did part of the work ended before it was done."""

    kind = "worker-lost"


class Jobs(Protocol):
    """Who does the work.

    Attributes:
        count: How many tasks are done at a time; 1 where splitting work gains nothing.
        warm: Whether what this process has read is there for its tasks, too.
    """

    @property
    def count(self) -> int:
        """See above."""
        ...

    @property
    def warm(self) -> bool:
        """See above."""
        ...

    def map_in_order(
        self, function: Callable[[_Task], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """The results of ``function`` for all tasks, in their order.

        Raises:
            WorkerError: A process ended early.
            Exception: What ``function`` raised for the first task for which it did.
        """
        ...

    def map_with(
        self, given: bytes, function: Callable[[bytes, _Task], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """As `map_in_order`, where all tasks need the same, which may be large."""
        ...

    def share(
        self, function: Callable[[Iterable[_Task]], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """The results of ``function`` for shares of the tasks, each task in one of them.

        Who gets which tasks is open, so what is made of all results must not depend on it.

        Raises:
            WorkerError: A process ended early.
            Exception: What ``function`` raised for one of the shares.
        """
        ...


class Alone:
    """Does all in this process, one after the other."""

    count: Final = 1
    warm: Final = True

    def map_in_order(
        self, function: Callable[[_Task], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """See `Jobs`."""
        return [function(task) for task in tasks]

    def map_with(
        self, given: bytes, function: Callable[[bytes, _Task], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """See `Jobs`."""
        return [function(given, task) for task in tasks]

    def share(
        self, function: Callable[[Iterable[_Task]], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """See `Jobs`."""
        return [function(tasks)]


class Handed:
    """Hands the tasks to an executor.

    Args:
        executor: It stays the caller's, who shuts it down.
        count: How many tasks it does at a time; None to ask it.
        place: Puts what all tasks need where they are done; what it returns is handed over with
            each task, and the executor makes that of it again. None to hand over all of it.
    """

    warm: Final = False

    def __init__(
        self,
        executor: Executor,
        count: int | None = None,
        place: Callable[[bytes], Any] | None = None,
    ) -> None:
        self._executor = executor
        self._place = place
        self.count = count or max(2, getattr(executor, "_max_workers", None) or cores())

    def map_in_order(
        self, function: Callable[[_Task], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """See `Jobs`."""
        return self._run([(function, task) for task in tasks])

    def map_with(
        self, given: bytes, function: Callable[[bytes, _Task], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """See `Jobs`."""
        placed = given if self._place is None else self._place(given)
        return self._run([(function, placed, task) for task in tasks])

    def share(
        self, function: Callable[[Iterable[_Task]], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """See `Jobs`."""
        count = min(self.count, len(tasks)) or 1
        return self.map_in_order(function, [tasks[start::count] for start in range(count)])

    def _run(self, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        futures: list[Future[_Outcome]] = []
        try:
            futures.extend(self._executor.submit(_outcome, *call) for call in calls)
            outcomes = [future.result() for future in futures]
        except Exception as error:  # of the executor: what a task raises is an outcome
            what = str(error) or type(error).__name__
            raise _lost(f"the executor did not finish the work: {what}") from error
        finally:
            for future in futures:
                future.cancel()
        found = dict(enumerate(outcomes))
        return [_value(found, number) for number in range(len(calls))]


class Forked:
    """Forks processes for the tasks, and does its share of them.

    Args:
        count: Processes, this one included.
        still: Entered while processes are forked, to keep threads of the caller from running then.
    """

    warm: Final = True

    def __init__(
        self, count: int, still: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> None:
        self.count = max(1, count)
        self._still = still

    def map_in_order(
        self, function: Callable[[_Task], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """See `Jobs`."""
        outcomes = self._run(partial(_each, function, tasks), len(tasks))
        return [_value(outcomes, number) for number in range(len(tasks))]

    def map_with(
        self, given: bytes, function: Callable[[bytes, _Task], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """See `Jobs`."""
        return self.map_in_order(partial(function, given), tasks)

    def share(
        self, function: Callable[[Iterable[_Task]], _Result], tasks: Sequence[_Task]
    ) -> list[_Result]:
        """See `Jobs`."""
        outcomes = self._run(partial(_all, function, tasks), len(tasks))
        return [_value(outcomes, number) for number in outcomes]

    def _run(self, work: _Work, count: int) -> dict[int, _Outcome]:
        """All that the processes have to say, this one first."""
        workers: list[_Worker] = []
        queue = _Queue(count)
        try:
            with self._still():
                if can_fork():
                    extra = range(min(self.count, count) - 1)
                    with contextlib.suppress(OSError):  # fewer will do
                        workers.extend(_Worker(work, queue) for _ in extra)
            outcomes = dict(work(queue))
            for worker in workers:
                outcomes.update(worker.outcomes())
        finally:
            queue.close()
            for worker in workers:
                worker.stop()
        return outcomes


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Whether a copy of this process can go on: one with other threads might wait forever."""
    return hasattr(os, "fork") and threading.active_count() == 1


def _lost(what: str) -> WorkerError:
    return WorkerError(
        what, advice="it may have run out of memory, or been stopped: try again with --jobs 1"
    )


_Outcome: TypeAlias = tuple[bool, Any]
"""Whether it went well, and the result or the exception."""


def _outcome(function: Callable[..., Any], *arguments: Any) -> _Outcome:
    try:
        return True, function(*arguments)
    except Exception as error:
        return False, _portable(error)


def _portable(error: Exception) -> Exception:
    """The exception, or what stands for one that cannot be handed over."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _value(outcomes: dict[int, _Outcome], number: int) -> Any:
    if number not in outcomes:
        raise _lost("a process that took part in the work ended too soon")
    good, value = outcomes[number]
    if not good:
        raise value
    return value


_Work: TypeAlias = Callable[["_Queue"], Iterator[tuple[int, _Outcome]]]
"""Takes numbers of tasks, and yields what comes of them under numbers of its own."""


def _each(
    function: Callable[[Any], Any], tasks: Sequence[Any], queue: _Queue
) -> Iterator[tuple[int, _Outcome]]:
    """Do tasks until none is left, or one fails: no later one matters then."""
    for number in queue:
        outcome = _outcome(function, tasks[number])
        if not outcome[0]:
            queue.drain()
        yield number, outcome


def _all(
    function: Callable[[Any], Any], tasks: Sequence[Any], queue: _Queue
) -> Iterator[tuple[int, _Outcome]]:
    """Do tasks in one call until none is left."""
    outcome = _outcome(function, (tasks[number] for number in queue))
    if not outcome[0]:
        queue.drain()
    yield os.getpid(), outcome


class _Queue:
    """Numbers of tasks in a pipe, of which each process takes the next.

    For each copy there is another pipe, of which the first process alone keeps the writing end: so
    the copy is told when that process is no more.
    """

    _NUMBER: Final = struct.Struct("i")

    def __init__(self, count: int) -> None:
        self._reading, writing = os.pipe()
        self._rest = 0
        fits = 4096 // self._NUMBER.size  # what a pipe takes at once, wherever
        self._chunk = -(-count // fits) or 1
        self._count = count
        starts = range(0, count, self._chunk)
        os.write(writing, b"".join(map(self._NUMBER.pack, starts)))
        os.close(writing)
        self._lives: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[int]:
        while data := os.read(self._reading, self._NUMBER.size):
            (start,) = self._NUMBER.unpack(data)
            yield from range(start, min(start + self._chunk, self._count))

    def drain(self) -> None:
        """Take out all that is left, for everyone."""
        while os.read(self._reading, 4096):
            pass

    def close(self) -> None:
        for each in (self._reading, *chain.from_iterable(self._lives)):
            os.close(each)

    def expect_copy(self) -> None:
        """Before a copy is made."""
        self._lives.append(os.pipe())

    def end_with_parent(self) -> None:
        """In the copy made last: be ended by a signal (SIGIO) when the first process is no more."""
        import fcntl

        for _, writing in self._lives:
            os.close(writing)
        reading = self._lives[-1][0]
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(reading, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(reading, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)
        with contextlib.suppress(BlockingIOError):  # it may have ended before
            if not os.read(reading, 1):
                os._exit(1)


class _Worker:
    """A process that does tasks, and writes what comes of them to a file without a name."""

    def __init__(self, work: _Work, queue: _Queue) -> None:
        import tempfile

        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="rustabi-")  # noqa: SIM115
        queue.expect_copy()
        self._process = os.fork()
        if not self._process:
            self._live(work, queue)

    def _live(self, work: _Work, queue: _Queue) -> None:
        """The life of the process: it ends here, whatever happens."""
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            queue.end_with_parent()
            for outcome in work(queue):
                pickle.dump(outcome, self._file, pickle.HIGHEST_PROTOCOL)
            self._file.flush()
            code = 0
        finally:
            os._exit(code)

    def outcomes(self) -> dict[int, _Outcome]:
        """Wait for its end; what it did, if it ended well."""
        process, self._process = self._process, 0
        _, status = os.waitpid(process, 0)
        if status:
            raise _lost(f"a process that took part in the work ended: {_how(status)}")
        self._file.seek(0)
        end = os.fstat(self._file.fileno()).st_size
        found = []
        while self._file.tell() < end:
            found.append(pickle.load(self._file))
        return dict(found)

    def stop(self) -> None:
        """End it, if it has not ended."""
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = 0
        self._file.close()


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
