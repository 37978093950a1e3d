"""Where parameters stand when a function is called, and what of it is believed.

Register numbers are DWARF's for x86-64 (psABI, figure 3.36): rdx 1, rcx 2, rbx 3, rsi 4, rdi 5,
rbp 6, rsp 7, r8 8, r9 9, xmm0 17.
"""

from __future__ import annotations

import pytest

from rustabi.binary.elf import Elf
from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries
from rustabi.dwarf.locations import AT_LOW_PC
from rustabi.dwarf.unit import Info
from rustabi.loader import load
from rustabi.loader.passing import place_of
from rustabi.model import ParameterPlace
from tests.dwarf_writer import (
    Attribute,
    Damage,
    Node,
    base,
    build,
    debug_sections,
    entry,
    flag,
    function,
    pointer,
    refer,
    struct,
    text,
    unit,
)
from tests.elf_writer import EM_AARCH64, EM_RISCV, EM_X86_64, Relocation
from tests.support import OBJECTS, model_of

RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, XMM0, XMM1 = 1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 18
PIECE, FBREG, STACK_VALUE, ENTRY_VALUE, DEREF = 0x93, 0x91, 0x9F, 0xA3, 0x06


def reg(*numbers: int, size: int = 0) -> bytes:
    """DW_OP_regN, or several of ``size`` bytes each."""
    tail = bytes([PIECE, size]) if size else b""
    return b"".join(bytes([0x50 + number]) + tail for number in numbers)


def breg(number: int, offset: int = 0) -> bytes:
    """DW_OP_bregN."""
    return bytes([0x70 + number, offset])


def whole(*numbers: int) -> ParameterPlace:
    return ParameterPlace(numbers)


def memory(number: int) -> ParameterPlace:
    return ParameterPlace((number,), memory=True)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (reg(RDI), whole(RDI)),
        (b"\x90\x21", whole(33)),
        (reg(RDI, RSI, size=8), ParameterPlace((RDI, RSI), (8, 8))),
        (reg(RDI, size=4), ParameterPlace((RDI,), (4,))),
        (breg(RDI), memory(RDI)),
        (b"\x92\x05\x00", memory(RDI)),
        (breg(RDI, 8), None),
        (breg(RDI) + bytes([DEREF]), None),
        (breg(RDI) + bytes([STACK_VALUE]), None),
        (bytes([FBREG, 16]), None),
        (bytes([ENTRY_VALUE, 1]) + reg(RDI), None),
        (bytes([ENTRY_VALUE, 1]) + reg(RDI) + bytes([STACK_VALUE]), None),
        (b"\x30" + bytes([STACK_VALUE]), None),
        (bytes([PIECE, 8]) + reg(RDI, size=8), None),
        (reg(RDI, size=8) + bytes([PIECE, 8]), None),
        (reg(RDI) + reg(RSI), None),
        (reg(RDI, size=8) + reg(RSI), None),
    ],
)
def test_expressions(expression: bytes, expected: ParameterPlace | None) -> None:
    try:
        found = place_of(expression)
    except IndexError:  # cut off
        found = None
    assert found == expected


U64, F64, U128, EMPTY = base("u64", 8), base("f64", 8, 4), base("u128", 16), base("()", 0)
BIG = struct("demo::Big", 24, [])
REF = pointer(U64, "&u64")


def defined(
    *params: tuple[Node, bytes | None], result: Node | None = None, low_pc: int = 0,
    external: bool = True,
) -> Node:  # fmt: skip
    """A function ``f`` at ``low_pc`` (its symbol is at 0), parameters by type and location."""
    node = function("f", [(f"p{index}", type_) for index, (type_, _) in enumerate(params)], result)
    for child, (_, location) in zip(node.children, params, strict=True):
        if location is not None:
            child.add(Attribute(c.AT_LOCATION, c.FORM_EXPRLOC, location))
    if not external:
        node.attributes = [each for each in node.attributes if each.number != c.AT_EXTERNAL]
    return node.add(Attribute(AT_LOW_PC, c.FORM_ADDR, low_pc))


Passing = tuple[ParameterPlace | None, ...]


def passing(*nodes: Node, machine: int = EM_X86_64, damage: Damage | None = None) -> Passing:
    """What the model says of ``f``."""
    model = load(Elf(build(unit(*nodes), machine=machine, damage=damage), "demo.o")).model
    (symbol,) = (each for each in model.symbols if each.name == "f")
    return symbol.passing


def test_scalars_take_the_next_register() -> None:
    assert passing(defined((U64, reg(RDI)), (REF, reg(RSI)))) == (whole(RDI), whole(RSI))
    assert passing(defined((F64, reg(XMM0)), (U64, reg(RDI)), (F64, reg(XMM1)))) == (
        whole(XMM0), whole(RDI), whole(XMM1),
    )  # fmt: skip
    assert passing(defined((EMPTY, None), (U64, reg(RDI)))) == (None, whole(RDI))


def test_aggregates_are_passed_in_many_ways() -> None:
    pair = ParameterPlace((RDI, RSI), (8, 8))
    assert passing(defined((BIG, breg(RDI)), (U64, reg(RSI)))) == (memory(RDI), whole(RSI))
    assert passing(defined((BIG, reg(RDI, RSI, size=8)), (U64, reg(RDX)))) == (pair, whole(RDX))
    for register in (RDI, RSI, RDX):  # on the stack, by a pointer, in two registers
        found = passing(defined((BIG, None), (U64, reg(register))))
        assert found == (None, whole(register))
    assert passing(defined((BIG, breg(RSI)), result=BIG)) == (memory(RSI),)


@pytest.mark.parametrize(
    "node",
    [
        defined((U64, reg(RSI)), (U64, reg(RDI))),  # the body swaps both
        defined((U64, reg(RSI)), (U64, reg(RSI))),  # the body assigns the second to the first
        defined((U64, reg(RSI))),  # nothing is there to take rdi
        defined((U64, reg(RSI)), result=U64),
        defined((U64, reg(RDI)), (U64, reg(RDX))),
        defined((U64, None), (U64, reg(RDI))),
        defined((U64, reg(RBX))),
        defined((BIG, None), (U64, reg(RCX))),  # at most rdi and rsi go before
        defined((REF, breg(RDI))),  # a reference stands in the register itself
        defined((BIG, breg(XMM0))),
    ],
)
def test_places_that_no_convention_explains(node: Node) -> None:
    assert passing(node) == ()


@pytest.mark.parametrize("location", [bytes([FBREG, 16]), breg(RSP), breg(RBP), None, b"\x93"])
def test_memory_in_the_frame_is_not_known(location: bytes | None) -> None:
    assert passing(defined((BIG, location))) == ()
    assert passing(defined((BIG, location), (U64, reg(RDI)))) == (None, whole(RDI))


def test_the_entry_must_be_the_symbols() -> None:
    assert passing(defined((U64, reg(RDI)), low_pc=8)) == ()
    assert passing(defined((U64, reg(RDI)), external=False)) == ()
    twice = [defined((U64, reg(RDI))), defined((U64, None))]
    assert passing(*twice) == ()
    assert passing(twice[0], defined((U64, reg(RDI)))) == (whole(RDI),)


@pytest.mark.parametrize(("section", "known"), [(".text", True), (".data", False)])
def test_the_entry_must_be_of_the_symbols_section(section: str, known: bool) -> None:
    """GCC's clones are external by their origin, and may start at 0 of a section of their own."""
    node = defined((U64, reg(RDI)))
    node.attributes.insert(0, node.attributes.pop())  # the address, right after the code
    entries = Entries(Info(debug_sections(unit(node))))
    (offset,) = (each.offset for each in entries.walk(entries.units[0]) if each.tag == node.tag)
    address = Relocation(".debug_info", offset + 1, 8, section, 0)
    model = load(Elf(build(unit(node), relocations=[address]), "demo.o")).model
    assert bool(model.symbols[0].passing) == known


def test_a_concrete_function_takes_its_parameters_from_the_abstract_one() -> None:
    """The order is the signature's, and what is missing is not known."""
    abstract = function("f", [("a", U64), ("b", U64)])
    abstract.symbol = ""
    a, b = abstract.children
    located = Attribute(c.AT_LOCATION, c.FORM_EXPRLOC, reg(RSI))
    concrete = entry(c.TAG_SUBPROGRAM, children=[
        Node(c.TAG_FORMAL_PARAMETER, [refer(c.AT_ABSTRACT_ORIGIN, b), located]),
    ]).add(refer(c.AT_ABSTRACT_ORIGIN, abstract), Attribute(AT_LOW_PC, c.FORM_ADDR, 0))  # fmt: skip
    concrete.symbol = "f"
    assert a.tag == c.TAG_FORMAL_PARAMETER
    assert passing(abstract, concrete) == (None, whole(RSI))


def test_the_linkage_name_tells_the_symbol() -> None:
    """A function of another name is not meant, though its short name is that of a symbol."""
    mangled = entry(c.TAG_SUBPROGRAM).add(
        text(c.AT_NAME, "f"), text(c.AT_LINKAGE_NAME, "_RNvC4demo1f"), flag(c.AT_EXTERNAL),
        Attribute(AT_LOW_PC, c.FORM_ADDR, 0),
    )  # fmt: skip
    plain = function("f", [])
    assert passing(plain, mangled) == ()


def test_machines() -> None:
    node = defined((U64, reg(0)), (F64, b"\x90\x40"), (BIG, breg(1)))
    expected = (whole(0), whole(64), memory(1))
    assert passing(node, machine=EM_AARCH64) == expected
    assert passing(node, machine=EM_RISCV) == ()


def test_a_list_is_read_at_the_functions_address() -> None:
    node = function("f", [("a", U64)])
    node.children[0].add(Attribute(c.AT_LOCATION, c.FORM_SEC_OFFSET, 0))
    node.add(Attribute(AT_LOW_PC, c.FORM_ADDR, 0))
    row = b"\x08" + bytes(8) + b"\x05\x01" + reg(RDI)  # DW_LLE_start_length 0, 5

    def lists(data: bytes) -> Damage:
        return lambda sections: sections.update({".debug_loclists": data})

    assert passing(node, damage=lists(row + b"\0")) == (whole(RDI),)
    assert passing(node, damage=lists(row)) == ()
    assert passing(node, damage=lists(b"\xff")) == ()
    assert passing(node) == ()


def test_objects_of_rustc() -> None:
    """As `objdump -d` and `readelf --debug-dump=loc,info` show."""
    split = {
        side: model_of(OBJECTS / f"calling_convention_changed-{side}.o").symbols[0]
        for side in ("old", "new")
    }
    assert split["old"].name == "split"
    assert split["old"].passing == (None, whole(RSI))
    assert split["new"].passing == (memory(RSI), whole(RDX))


def test_symbols_alone_need_no_places() -> None:
    path = OBJECTS / "calling_convention_changed-new.o"
    model = load(Elf(path.read_bytes(), path.name), all_types=False).model
    assert [symbol.passing for symbol in model.symbols] == [(), ()]
