"""The examples in the docstrings of all that is public, and in docs/api.md, run.

They stand in the folder of the sample objects, with a few small files beside them.
"""

from __future__ import annotations

import doctest
import inspect
import shutil
from pathlib import Path

import pytest

import rustabi
from scripts.write_api import HEADING, PAGE, page
from tests.kernel_files import module_data, symvers_text, write
from tests.support import OBJECTS, ROOT, SAMPLES

NAMES = sorted(set(rustabi.__all__) - {"__version__"})
NEEDS_CARGO = {"load"}


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like ``sample_crates/objects``, in which examples may also write."""
    folder = tmp_path / "samples" / "objects"
    folder.mkdir(parents=True)
    for path in OBJECTS.iterdir():
        (folder / path.name).symlink_to(path)
    for path in SAMPLES.iterdir():
        if path != OBJECTS:
            (folder.parent / path.name).symlink_to(path)
    rules = (ROOT / "README.md").read_text(encoding="utf-8").split("```toml\n# rustabi.toml")[1]
    write(folder, "rustabi.toml", "#" + rules.split("```")[0])
    table = {"module_layout": 0x1234, "printk": 0x11112222}
    write(folder, "demo.ko", module_data(table, table))
    write(folder, "Module.symvers", symvers_text({**table, "printk": 0x33334444}))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(folder)
    return folder


def examples_of(name: str) -> list[doctest.DocTest]:
    value = getattr(rustabi, name)
    home = inspect.getmodule(value)
    finder = doctest.DocTestFinder(exclude_empty=True)
    return finder.find(value, name, globs=dict(vars(home)))


def run(test: doctest.DocTest) -> None:
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert not result.failed, "".join(told)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of(name: str, samples: Path) -> None:
    if name in NEEDS_CARGO and shutil.which("cargo") is None:
        pytest.skip("needs cargo")
    tests = examples_of(name)
    assert any(test.examples for test in tests), "each public name shows how it is used"
    for test in tests:
        assert not any(example.options.get(doctest.SKIP) for example in test.examples)
        run(test)


def test_the_example_of_the_package(samples: Path) -> None:
    (test,) = doctest.DocTestFinder(recurse=False).find(rustabi, "rustabi", globs={})
    assert test.examples
    run(test)


@pytest.mark.parametrize("module", ["rustabi.crates.versions", "rustabi.report.formats"])
def test_examples_elsewhere(module: str) -> None:
    result = doctest.testmod(__import__(module, fromlist=["*"]))
    assert result.attempted
    assert not result.failed


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make api writes it"


def test_examples_of_the_page(samples: Path) -> None:
    by_hand = PAGE.read_text(encoding="utf-8").partition(HEADING)[0]
    listings = [part.partition("```")[0] for part in by_hand.split("```pycon\n")[1:]]
    assert listings
    run(doctest.DocTestParser().get_doctest("\n".join(listings), {}, "api.md", "api.md", 0))
