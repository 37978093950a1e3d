"""Work in several processes: one order, one error, nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from rustabi.cluster import cluster
from rustabi.errors import DwarfError, UsageError
from rustabi.jobs import Alone, Forked, Handed, Jobs, WorkerError, can_fork


def square(number: int) -> int:
    return number * number


def total(numbers: Iterable[int]) -> int:
    return sum(numbers)


def scaled(given: bytes, number: int) -> int:
    return len(given) * number


def fail_from_five(number: int) -> int:
    if number >= 5:
        raise DwarfError(f"bad {number}", path="x.o", place="here", advice="mend it")
    return number


def end(number: int) -> int:
    os._exit(number)


KINDS = ["alone", "threads", "processes"]


@pytest.fixture(params=KINDS)
def jobs(request: pytest.FixtureRequest) -> Iterable[Jobs]:
    if request.param == "alone":
        yield Alone()
    elif request.param == "threads":
        with ThreadPoolExecutor(2) as executor:
            yield Handed(executor)
    else:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
            yield Handed(executor)


def test_results_come_in_order(jobs: Jobs) -> None:
    assert jobs.map_in_order(square, range(20)) == [number * number for number in range(20)]
    assert jobs.map_in_order(square, []) == []
    assert jobs.map_with(b"abc", scaled, [1, 2]) == [3, 6]
    assert sum(jobs.share(total, range(100))) == 4950
    assert sum(jobs.share(total, [])) == 0


def test_the_first_error_counts(jobs: Jobs) -> None:
    with pytest.raises(DwarfError) as caught:
        jobs.map_in_order(fail_from_five, range(20))
    assert str(caught.value) == "x.o, here: bad 5 (mend it)"
    with pytest.raises(TypeError):
        jobs.share(total, ["a"])  # type: ignore[arg-type]


def test_a_pool_that_breaks_is_told() -> None:
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.raises(WorkerError, match="did not finish the work"),
    ):
        Handed(executor).map_in_order(end, [3, 4])


def test_an_executor_that_was_shut_down_is_told() -> None:
    executor: Executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(WorkerError):
        Handed(executor).map_in_order(square, [1])


def test_a_process_with_threads_is_not_copied() -> None:
    """A lock that another thread holds would never be let go of in the copy."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not can_fork()
        assert Forked(4).map_in_order(os_pid, [1, 2, 3]) == [os.getpid()] * 3
    finally:
        stop.set()
        thread.join()


def os_pid(_: object) -> int:
    return os.getpid()


def test_without_the_package_a_cluster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'rustabi\[dask\]'"), cluster("tcp://x:1"):
        pass


# A test runner has threads of its own: what forks is run beside it.

PREAMBLE = """
import os, signal, sys, time
from rustabi.errors import DwarfError
from rustabi.jobs import Forked, WorkerError
main = os.getpid()
def slow(number):
    time.sleep(0.02)
    return os.getpid(), number
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE + textwrap.dedent(code)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def test_copies_share_the_work_in_order() -> None:
    out = run("""
        found = Forked(3).map_in_order(slow, range(30))
        print(len({pid for pid, _ in found}), main in {pid for pid, _ in found})
        print([number for _, number in found] == list(range(30)))
        known = {1: "what was read before"}
        print(Forked(2).map_in_order(lambda number: known[number], [1, 1]))
        print(sum(Forked(4).share(lambda numbers: sum(map(int, numbers)), range(5000))))
        print(len(Forked(3).share(list, range(3))) <= 3, Forked(3).share(list, []))
        print(Forked(2).map_with(b"ab", lambda given, number: given * number, [1, 2]))
    """)
    assert out.splitlines() == [
        "3 True", "True", "['what was read before', 'what was read before']",
        "12497500", "True [[]]", "[b'ab', b'abab']",
    ]  # fmt: skip


def test_more_tasks_than_a_pipe_holds() -> None:
    assert run("print(Forked(2).map_in_order(abs, range(70001)) == list(range(70001)))") == "True\n"


def test_large_results_come_back() -> None:
    out = run("print([len(x) for x in Forked(2).map_in_order(bytes, [9 << 20, 5 << 20])])")
    assert out == f"{[9 << 20, 5 << 20]}\n"


def test_the_first_error_of_copies_counts() -> None:
    out = run("""
        def fail(number):
            slow(number)
            if number in (5, 7):
                raise DwarfError(f"bad {number}", path="x.o", advice="mend it")
        for _ in range(3):
            try:
                Forked(3).map_in_order(fail, range(100))
            except DwarfError as error:
                print(error)
    """)
    assert out == "x.o: bad 5 (mend it)\n" * 3


def test_an_error_that_cannot_be_handed_over_is_told() -> None:
    out = run("""
        class Odd(Exception):
            def __init__(self, one, two):
                super().__init__(f"{one} {two}")
        def fail(number):
            time.sleep(0.05 if os.getpid() == main else 0)
            if os.getpid() != main:
                raise Odd("very", "odd")
        try:
            Forked(2).map_in_order(fail, range(10))
        except RuntimeError as error:
            print(error)
    """)
    assert out == "Odd: very odd\n"


def test_a_copy_that_dies_is_told() -> None:
    for how, told in (("os.kill(os.getpid(), 9)", "signal SIGKILL"), ("os._exit(3)", "code 3")):
        out = run(f"""
            def die(number):
                slow(number)
                if os.getpid() != main:
                    {how}
            try:
                Forked(2).map_in_order(die, range(10))
            except WorkerError as error:
                print(error)
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                print("nobody left")
        """)
        assert told in out
        assert "--jobs 1" in out
        assert out.endswith("nobody left\n")


def start(code: str, folder: Path) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A process that does endless work with two copies; their ids, once all of them work."""
    code = f"""
        def forever(number):
            open({str(folder)!r} + f"/{{os.getpid()}}", "w").close()
            while True:
                time.sleep(0.01)
        {code}
    """
    process = subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + textwrap.dedent(code)],
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(list(folder.iterdir())) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process, [int(path.name) for path in folder.iterdir()]


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("group", [False, True], ids=["one", "group"])
def test_nobody_is_left_behind(tmp_path: Path, how: signal.Signals, group: bool) -> None:
    """Ctrl-C reaches a whole group; kill the first process only, and no signal of it a copy."""
    process, pids = start("Forked(3).map_in_order(forever, range(3))", tmp_path)
    if group:
        os.killpg(process.pid, how)
    else:
        os.kill(process.pid, how)
    process.wait(timeout=60)
    deadline = time.monotonic() + 60
    while not all(map(gone, pids)):
        assert time.monotonic() < deadline, "a copy goes on alone"
        time.sleep(0.01)
    assert process.stderr is not None
    said = process.stderr.read().decode()
    process.stderr.close()
    assert said.count("Traceback") == (how == signal.SIGINT)  # of the first process alone
