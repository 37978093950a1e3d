"""Of a kernel only so much is read as a module asks about, and nothing is told otherwise for it.

Expected is what the sources say: kernels of several units in C, and modules that include one of
their headers.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from rustabi.binary.elf import Elf
from rustabi.check import ModuleCheck, check_modules
from rustabi.check.kernel import read_kernel
from rustabi.loader import Selection
from rustabi.loader.selection import simple_name
from tests.kernel_files import write

pytestmark = pytest.mark.skipif(
    shutil.which("gcc") is None or shutil.which("ld") is None, reason="no gcc and ld to build with"
)

HEADERS = {
    "old.h": "struct item { int id; long size; };",
    "new.h": "struct item { long size; int id; };",
    "other.h": "struct item { int id; int flags; long size; };",
    "large.h": "struct item { int id; long size; long more; };",
    "named.h": "typedef struct { int a; } named_t;",
    "renamed.h": "typedef struct { int z; int a; } named_t;",
    "small.h": "struct item { int id; };",
    "larger.h": "struct item { int id; int more; };",
    "padded.h": "struct padded { struct item inner; long last; };",
    "holder.h": "struct holder { int count; struct item *first; };",
    "around.h": "struct around { struct item inner; int last; };",
    "declared.h": "struct holder; int rust_helper_use(struct holder *h);",
}
MODULE = """
{includes}
extern int rust_helper_use(void *);
int use_item(struct item *i) {{ return rust_helper_use(i) + (i != 0); }}
static const char info[] __attribute__((section(".modinfo"), used)) = "license=GPL\\0name=demo";
"""
USE = "int own_{n}(struct item *i) {{ return i != 0; }}\n"


def compiled(folder: Path, name: str, source: str) -> Path:
    for header, text in HEADERS.items():
        (folder / header).write_text(text)
    (folder / f"{name}.c").write_text(source)
    path = folder / f"{name}.o"
    flags = ["-g", "-O1", "-w", "-fno-pic", "-c", f"{name}.c", "-o", str(path)]
    subprocess.run(["gcc", *flags], cwd=folder, check=True, capture_output=True)
    return path


def kernel(folder: Path, *units: str) -> Path:
    """One object of several units, as the objects of a kernel are linked."""
    parts = [compiled(folder, f"unit{n}", source) for n, source in enumerate(units)]
    path = folder / "kernel.o"
    subprocess.run(["ld", "-r", "-o", str(path), *map(str, parts)], check=True)
    return path


def module(folder: Path, header: str) -> Path:
    source = MODULE.format(includes=f'#include "{header}"')
    return write(folder, "demo.ko", compiled(folder, "demo", source).read_bytes())


def unit(header: str, number: int) -> str:
    return f'#include "{header}"\n' + USE.format(n=number)


def checked(folder: Path, header: str, *units: str) -> ModuleCheck:
    return check_modules([module(folder, header)], [kernel(folder, *units)]).modules[0]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Selection | None]:
    """What is asked for, each time that a kernel is read."""
    found: list[Selection | None] = []

    def noting(*arguments: object) -> object:
        found.append(arguments[3])  # type: ignore[arg-type]
        return read_kernel(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("rustabi.check.kernelreader.read_kernel", noting)
    return found


def test_the_first_of_a_name_that_agrees_is_enough(
    tmp_path: Path, reads: list[Selection | None]
) -> None:
    result = checked(tmp_path, "old.h", unit("old.h", 1), unit("new.h", 2), unit("other.h", 3))
    assert (result.runs, result.layer("layout").problems) == ("yes", ())
    assert len(reads) == 1
    assert reads[0] is not None
    assert "item" in reads[0].names


@pytest.mark.parametrize("header", ["new.h", "other.h"])
def test_a_later_one_that_agrees_is_found(
    tmp_path: Path, reads: list[Selection | None], header: str
) -> None:
    result = checked(tmp_path, header, unit("old.h", 1), unit("new.h", 2), unit("other.h", 3))
    assert (result.runs, result.layer("layout").problems) == ("yes", ())
    assert [each.every for each in reads if each is not None] == [frozenset(), frozenset({"item"})]
    assert len(reads) == 2


def test_where_none_agrees_all_is_read(tmp_path: Path, reads: list[Selection | None]) -> None:
    """``rust_helper_use`` takes a struct that its own unit only declares: another defines it."""
    user = '#include "declared.h"\nint rust_helper_use(struct holder *h) { return h != 0; }\n'
    definer = (
        '#include "new.h"\n#include "holder.h"\nint own(struct holder *h) { return h != 0; }\n'
    )
    result = checked(tmp_path, "old.h", user, definer)
    (note,) = result.layer("layout").problems
    assert (result.runs, note.subject, note.symbols) == ("no", "item", ("rust_helper_use",))
    assert reads[-1] is None


@pytest.mark.parametrize("first", [0, 1])
def test_what_holds_one_that_agrees_elsewhere_need_not_agree(tmp_path: Path, first: int) -> None:
    """``item`` is as in one unit; ``around`` is there but once, and holds the other ``item``."""
    other = """
        #include "large.h"
        #include "around.h"
        int rust_helper_use(struct around *a) { return a != 0; }
    """
    units = [unit("old.h", 1), other]
    uses = """
        #include "around.h"
        int use_around(struct around *a) { return rust_helper_use(a); }
    """
    source = MODULE.format(includes='#include "old.h"') + uses
    demo = write(tmp_path, "demo.ko", compiled(tmp_path, "demo", source).read_bytes())
    found = check_modules([demo], [kernel(tmp_path, units[first], units[not first])]).modules[0]
    (note,) = found.layer("layout").problems
    assert (found.runs, note.subject, note.symbols) == ("no", "around", ("rust_helper_use",))
    assert note.evidence[0] == "member moved last: at 16 in the module, at 24 in the kernel"


def test_a_struct_that_a_typedef_alone_names(tmp_path: Path) -> None:
    """``typedef struct { ... } item_t``, as ``atomic_t`` is; no other type holds it."""
    uses = "int use_named(named_t *n) { return rust_helper_use(n); }"
    source = MODULE.format(includes='#include "old.h"\n#include "named.h"') + uses
    demo = write(tmp_path, "demo.ko", compiled(tmp_path, "demo", source).read_bytes())
    other = '#include "renamed.h"\nint rust_helper_use(named_t *n) { return n != 0; }\n'
    parts = (unit("old.h", 1), other)
    (note,) = check_modules([demo], [kernel(tmp_path, *parts)]).modules[0].layer("layout").problems
    assert (note.subject, note.symbols) == ("named_t", ("rust_helper_use",))
    same = check_modules([demo], [kernel(tmp_path, *parts, other.replace("renamed", "named")
                                         .replace("rust_helper_use", "own"))])  # fmt: skip
    assert same.modules[0].runs == "yes"


def test_what_is_held_may_differ_where_the_holder_has_a_gap(tmp_path: Path) -> None:
    """``padded`` is as large either way, and its last member in place; ``item`` is not."""
    other = """
        #include "larger.h"
        #include "padded.h"
        int rust_helper_use(struct padded *p) { return p != 0; }
    """
    uses = """
        #include "padded.h"
        int use_padded(struct padded *p) { return rust_helper_use(p); }
    """
    source = MODULE.format(includes='#include "small.h"') + uses
    demo = write(tmp_path, "demo.ko", compiled(tmp_path, "demo", source).read_bytes())
    found = check_modules([demo], [kernel(tmp_path, unit("small.h", 1), other)]).modules[0]
    (note,) = found.layer("layout").problems
    assert (found.runs, note.subject, note.symbols) == ("no", "padded", ("rust_helper_use",))
    assert note.evidence[0] == "item in it: member added more: int at 4 in the kernel only"


def test_a_damaged_debug_file_beside_hides_no_types(tmp_path: Path) -> None:
    """The module's own debug info is what is read, so its names count."""
    demo, extra = module(tmp_path, "old.h"), tmp_path / "demo.debug"
    subprocess.run(["objcopy", "--only-keep-debug", str(demo), str(extra)], check=True)
    version = Elf(extra.read_bytes(), "").by_name[".debug_info"].offset + 4
    data = bytearray(extra.read_bytes())
    data[version : version + 2] = b"\x63\0"  # there is no DWARF 99
    extra.write_bytes(data)
    subprocess.run(["objcopy", f"--add-gnu-debuglink={extra}", str(demo)], check=True)
    found = check_modules([demo], [kernel(tmp_path, unit("new.h", 1))]).modules[0]
    assert [note.subject for note in found.layer("layout").problems] == ["item"]


def test_simple_names() -> None:
    names = ["kernel::alloc::kvec::Vec<i32, Kmalloc>", "bindings::bindings_raw::file", "file"]
    assert [simple_name(each) for each in names] == ["Vec", "file", "file"]
