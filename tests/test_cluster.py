"""A real Dask cluster on this machine does the work, and says what one process says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rustabi
from rustabi import check, pieces
from rustabi.cli import main
from rustabi.errors import UsageError
from rustabi.jobs import Handed, WorkerError
from tests.kernel_files import kernel_data, module_data, write
from tests.support import CORPUS, OBJECTS, needs_corpus

distributed = pytest.importorskip(
    "distributed", reason="the package distributed is not installed: pip install 'rustabi[dask]'"
)

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # those of the packages themselves
    pytest.mark.xdist_group("cluster"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers, processes of their own."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as made:
        yield made


@pytest.fixture
def executor(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster) as client:
        yield client.get_executor()


@pytest.fixture
def kernel(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of modules, of which one does not fit, and a kernel."""
    exports = {"module_layout": 1, "alpha": 0xA, "beta": 0xB}
    folder = tmp_path / "modules"
    folder.mkdir()
    for number in range(5):
        table = {"module_layout": 1, "alpha": 0xA if number != 3 else 0xC}
        write(folder, f"m{number}.ko", module_data(["alpha"], table))
    return folder, write(tmp_path, "vmlinux", kernel_data(exports))


def test_check_on_a_cluster_says_the_same(
    cluster: Any, kernel: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    modules, vmlinux = map(str, kernel)
    said = []
    for options in (["--jobs", "1"], ["--dask", cluster.scheduler_address]):
        code = main(["check", modules, "--kernel", vmlinux, "--format", "json", *options])
        said.append((code, capsys.readouterr().out))
    assert said[0] == said[1]
    assert said[0][0] == 1


def test_the_public_api_takes_its_executor(executor: Any, kernel: tuple[Path, Path]) -> None:
    modules, vmlinux = kernel
    plain = rustabi.check_modules([modules], [vmlinux])
    assert rustabi.check_modules([modules], [vmlinux], executor=executor) == plain
    assert [each.loads for each in plain.modules].count("no") == 1


def test_a_folder_is_read_by_its_workers(
    executor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "_WORTH", 0)
    for path in sorted(OBJECTS.glob("member_*-new.o")):
        shutil.copy(path, tmp_path)
    assert rustabi.load(tmp_path, executor=executor) == rustabi.load(tmp_path)


def end(_: object) -> None:
    import os

    os._exit(1)


def test_workers_that_die_are_told() -> None:
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
        ) as made,
        distributed.Client(made) as client,
        pytest.raises(WorkerError, match="did not finish the work"),
    ):
        Handed(client.get_executor()).map_in_order(end, [1])


def test_an_address_where_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rustabi.cluster._PATIENCE", 0.2)
    from rustabi.cluster import cluster as connect

    with pytest.raises(UsageError, match="no Dask scheduler answers"), connect("tcp://127.0.0.1:1"):
        pass


def test_jobs_and_dask_exclude_each_other(
    kernel: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    modules, vmlinux = map(str, kernel)
    assert main(["check", modules, "--kernel", vmlinux, "--dask", "x", "-j", "2"]) == 2
    assert "exclude each other" in capsys.readouterr().err


@needs_corpus
@pytest.mark.slow
def test_a_real_kernel_s_modules(executor: Any) -> None:
    modules = sorted(CORPUS.glob("fieldadd/modules/rust_[ms]*.ko"))
    kernel = [CORPUS / "base" / "rust", CORPUS / "base" / "Module.symvers"]
    found = rustabi.check_modules(modules, kernel, executor=executor)
    assert found == check.check_modules(modules, kernel)
