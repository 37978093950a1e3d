"""Sample repositories that keep an ABI with pytest: each passes with its build, not with another.

Which symbols break is known from elsewhere: from the sample's own description, and from the
Module.symvers of the kernel's build.
"""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from rustabi.names import demangle
from tests.support import CORPUS, OBJECTS, ROOT, needs_corpus

pytest_plugins = ["pytester"]

REPOSITORIES = ROOT / "tests" / "sample_repos"
pytestmark = pytest.mark.usefixtures("kept_bytecode")
WORKERS = pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
OPTIONS = ["-p", "no:cacheprovider", "--junitxml=junit.xml"]

# the library: a field is added to Clock, which three functions reach; one of them is tolerated


@pytest.fixture
def library(pytester: pytest.Pytester) -> pytest.Pytester:
    shutil.copytree(REPOSITORIES / "crate", pytester.path, dirs_exist_ok=True)
    pytester.mkdir("build")
    return pytester


def put_build(pytester: pytest.Pytester, which: str) -> None:
    shutil.copy(OBJECTS / f"nested_change-{which}.o", pytester.path / "build/nested_change.o")


def failed_cases(folder: Path) -> set[str]:
    """The names of the cases that JUnit XML says failed."""
    cases = ET.parse(folder / "junit.xml").iter("testcase")
    return {each.attrib["name"] for each in cases if each.find("failure") is not None}


@WORKERS
def test_the_library_of_the_baseline_passes(library: pytest.Pytester, workers: list[str]) -> None:
    put_build(library, "old")
    result = library.runpytest_subprocess(*OPTIONS, *workers)
    result.assert_outcomes(passed=7)  # the ABI, four symbols and the others, the layout
    assert result.ret == 0


@WORKERS
def test_another_library_fails(library: pytest.Pytester, workers: list[str]) -> None:
    put_build(library, "new")
    result = library.runpytest_subprocess(*OPTIONS, *workers)
    result.assert_outcomes(failed=3, passed=4)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "E *INCOMPATIBLE: 1 type changed, 2 of 4 exported symbols affected",
            "E *nested_change::clock::Clock",
            "E *member added *divider: u16 at 6",
            "E *tolerated by abi/rules.toml (1)",
        ]
    )
    broken = {"clock_rate", "device_id"}  # bus_number is tolerated
    assert failed_cases(library.path) == {"test_abi", *(f"test_symbol[{each}]" for each in broken)}


# the kernel: the second build has one field more in UserSliceReader


def put_kernel(pytester: pytest.Pytester, which: str) -> None:
    build = CORPUS / which
    for name, source in (("rust", build / "rust"), ("Module.symvers", build / "Module.symvers")):
        place = pytester.path / name
        place.unlink(missing_ok=True)
        place.symlink_to(source)


def changed_exports() -> set[str]:
    """What has another version in Module.symvers, of what rust/kernel.o exports."""

    def versions(which: str) -> dict[str, str]:
        lines = (CORPUS / which / "Module.symvers").read_text().splitlines()
        return {name: crc for crc, name, *_ in (line.split("\t") for line in lines)}

    new = versions("fieldadd")
    return {name for name, crc in versions("base").items() if new[name] != crc}


@pytest.fixture
def kernel(pytester: pytest.Pytester) -> pytest.Pytester:
    shutil.copytree(REPOSITORIES / "kernel", pytester.path, dirs_exist_ok=True)
    pytester.mkdir("modules")
    shutil.copy(CORPUS / "base/modules/rust_debugfs.ko", pytester.path / "modules")
    put_kernel(pytester, "base")
    return pytester


def check_kernel(kernel: pytest.Pytester, exports: int, options: list[str]) -> set[str]:
    """Write the baseline, pass, then fail with the other kernel; returns the cases that failed."""
    written = kernel.runpytest_subprocess(*OPTIONS, "--rustabi-update", *options)
    assert written.ret == 0
    written.stdout.fnmatch_lines(["*abi/kernel.json  baseline written: 245 exported symbols"])

    same = kernel.runpytest_subprocess(*OPTIONS, *options)
    assert same.parseoutcomes()["passed"] == 1 + exports + 1
    assert same.ret == 0

    put_kernel(kernel, "fieldadd")
    other = kernel.runpytest_subprocess(*OPTIONS, *options)
    assert other.ret == 1
    other.stdout.fnmatch_lines(
        [
            "E *INCOMPATIBLE: 1 type changed, 6 of 245 exported symbols affected",
            "E *kernel::uaccess::UserSliceReader",
            "E *member added *consumed: usize at 16",
        ]
    )
    failed = failed_cases(kernel.path)
    assert {"test_kernel_abi", "test_module[rust_debugfs.ko]"} <= failed
    return failed - {"test_kernel_abi", "test_module[rust_debugfs.ko]"}


@needs_corpus
def test_a_kernel_and_modules(kernel: pytest.Pytester) -> None:
    assert check_kernel(kernel, 0, ["-k", "not test_export"]) == set()


@needs_corpus
@pytest.mark.slow
def test_each_export_of_a_kernel_with_workers(kernel: pytest.Pytester) -> None:
    failed = check_kernel(kernel, 245 + 1, ["-n", "2"])
    assert failed == {f"test_export[{demangle(each)}]" for each in changed_exports()}
