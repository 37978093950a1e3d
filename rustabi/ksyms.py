"""The kernel's gendwarfksyms in its whole: from a list of symbols and some objects to its output.

What it computes is `rustabi.versions`; here is what makes the program around it (Linux 7.2,
scripts/gendwarfksyms/{gendwarfksyms,symbols,types}.c): how it reads names, in which order it prints
them, what several objects in one call share, what aliases lend each other, and what it dumps. Its
scope is the whole of each file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rustabi.binary.elf import Elf
from rustabi.binary.exports import Exports
from rustabi.dwarf.entries import Entries
from rustabi.dwarf.unit import Info
from rustabi.errors import DwarfError, InputError
from rustabi.kabi import SECTION, KabiRules, parse_rules
from rustabi.lean import TYPE_CHECKING, NamedTuple
from rustabi.loader import Loaded, distinct, joined, load
from rustabi.loader.symbols import Description, find_symbols
from rustabi.loader.wanted import WANTED
from rustabi.model import Composite, Type, TypeId, Unsupported, is_definition
from rustabi.references import references
from rustabi.symtypes import Pieces, reference_name
from rustabi.versions import TypeMap

if TYPE_CHECKING:
    from rustabi.jobs import Jobs

POINTER_PREFIX = "__gendwarfksyms_ptr_"
_BUCKETS = 4096
_LAST_BITS = _BUCKETS - 1
_FNV_START, _FNV_FACTOR = 2166136261 & _LAST_BITS, 0x01000193 & _LAST_BITS
_STB_LOCAL = 0

Place = tuple[int, int]
"""Section index and value of a symbol."""


class Wanted(NamedTuple):
    """What is wanted besides versions.

    Attributes:
        stable: Honour kABI rules and ``__kabi_`` members.
        symtypes: Text of the ``.symtypes`` file.
        debug, dies, types, versions: What goes to stderr, as the options of these names say.
    """

    stable: bool = False
    symtypes: bool = False
    debug: bool = False
    dies: bool = False
    types: bool = False
    versions: bool = False


class Answer(NamedTuple):
    """What the program says.

    Attributes:
        lines: ``#SYMVER name 0x…`` for each symbol, in gendwarfksyms' order.
        notes: What goes to stderr: dumps, then warnings.
        symtypes: Contents of the ``.symtypes`` file; empty where it was not wanted.
    """

    lines: tuple[str, ...]
    notes: tuple[str, ...]
    symtypes: str


def read_names(data: bytes) -> list[str]:
    """The symbols of a list as gendwarfksyms reads it, each once.

    The first word of each line is a name, and the rest of the line counts for nothing. A name that
    starts with ``__gendwarfksyms_ptr_`` counts as listed where the rest of it is.

    Raises:
        InputError: A line has no name.
    """
    names: dict[str, None] = {}
    for number, line in enumerate(data.split(b"\n"), 1):
        words = line.split(b"\0", 1)[0].split()
        if words:
            name = words[0].decode("utf-8", "surrogateescape")
            if name.removeprefix(POINTER_PREFIX) not in names:
                names.setdefault(name)
        elif line or number <= data.count(b"\n"):
            raise InputError(
                "a line without a name", path="standard input", place=f"line {number}",
                advice="name one symbol a line",
            )  # fmt: skip
    return list(names)


def print_order(names: Sequence[str]) -> list[str]:
    """The names in the order of gendwarfksyms' hash table: by bucket, the last read first."""
    newest_first = list(reversed(names))
    return sorted(newest_first, key=_bucket)


def _bucket(name: str) -> int:
    """FNV-1a of 32 bits over signed characters, as the kernel's host tools have it.

    Only its last bits count, and those depend on nothing but last bits.
    """
    value, factor, last_bits = _FNV_START, _FNV_FACTOR, _LAST_BITS
    data = name.encode("utf-8", "surrogateescape")
    signed = data if data.isascii() else [each if each < 128 else each | 0xF00 for each in data]
    for each in signed:
        value = (value ^ each) * factor & last_bits
    return value


class Session:
    """One run over some objects.

    Args:
        names: The listed symbols, as `read_names` gives them.
        wanted: What to say.
        jobs: Who does the work on large objects; None for this process.

    Attributes:
        jobs: The same.
    """

    def __init__(self, names: Sequence[str], wanted: Wanted, jobs: Jobs | None = None) -> None:
        self._wanted = wanted
        self.jobs = jobs
        self._order = print_order(names)
        self._listed = dict.fromkeys(names)
        self._places: dict[str, Place] = {}
        self._versions: dict[str, int] = {}
        self._notes: list[str] = []
        self._symtypes: list[str] = []
        for name in names:
            self._debug("symbol_read_exports", name)
        self._debug("symbol_read_exports", f"{len(names)} exported symbols")

    def add(self, elf: Elf) -> None:
        """Take in an object. What earlier ones gave a version keeps it.

        Places are compared across objects, as gendwarfksyms does: what stands in equal places of
        two objects counts as an alias there.

        Raises:
            NoDebugInfoError: It has no debug info.
            DwarfError: Its debug info is damaged, or of a kind at which gendwarfksyms stops.
            InputError: Its kABI rules are damaged.
        """
        self._read_places(elf)
        rules = parse_rules(elf.contents(SECTION), elf.path) if self._wanted.stable else None
        self._debug("process_module", elf.path)
        groups = self._groups()
        open_names = [
            name
            for name in self._listed
            if not name.startswith(POINTER_PREFIX)
            and any(member not in self._versions for member in groups.get(name, [name]))
        ]
        exports = Exports(tuple(open_names), "given list", self._places, {})
        type_map = self._shared_map(elf, exports)
        if type_map is None:
            type_map = self._type_map(elf, exports, rules, groups)
        self._take_versions(type_map, groups)
        if self._wanted.symtypes:
            self._symtypes += type_map.lines()

    def _shared_map(self, elf: Elf, exports: Exports) -> TypeMap | None:
        """The type map made by several processes, where that helps, and nothing else is wanted."""
        wanted = self._wanted
        if self.jobs is None or wanted.stable or wanted.dies or wanted.debug:
            return None
        from rustabi.sharedversions import file_type_map, is_worth

        return file_type_map(elf, exports, self.jobs) if is_worth(elf, self.jobs) else None

    def _type_map(
        self, elf: Elf, exports: Exports, rules: KabiRules | None, groups: Mapping[str, list[str]]
    ) -> TypeMap:
        loaded = load(elf, exports=exports, all_types=False, scope="file")
        _require_known(loaded, elf.path)
        if rules is not None:
            model = loaded.model._replace(types=joined(loaded.model.types))
            loaded = loaded._replace(model=model, occurrences=None)
            loaded = self._with_stand_ins(elf, loaded, rules, groups)
        if self._wanted.dies or self._wanted.debug:
            self._dump_dies(loaded, rules, self._met(elf, loaded, groups))
        types, origins = loaded.model.types, loaded.model.origins
        type_map = TypeMap(types, origins, loaded.roots, rules, loaded.occurrences)
        if rules is not None and rules.type_strings:
            _settle_references(type_map, loaded, rules, elf.path)
        return type_map

    def answer(self) -> Answer:
        """What is to be said after the last object."""
        lines = []
        notes = list(self._notes)
        for name in self._order:
            if name not in self._versions:
                notes.append(_warning("symbol_print_versions", f"no information for symbol {name}"))
            lines.append(f"#SYMVER {name} 0x{self._versions.get(name, 0):08x}")
        return Answer(tuple(lines), tuple(notes), "".join(f"{line}\n" for line in self._symtypes))

    def _debug(self, where: str, what: str) -> None:
        if self._wanted.debug:
            self._notes.append(f"gendwarfksyms: {where}: {what}")

    def _read_places(self, elf: Elf) -> None:
        """Where listed symbols stand; the first place of each name counts."""
        for symbol in elf.symbols():
            if symbol.binding == _STB_LOCAL or not symbol.section or not symbol.name:
                continue
            name = symbol.name.removeprefix(POINTER_PREFIX)
            if name not in self._listed:
                continue
            place = (symbol.section, symbol.value)
            if name not in self._places:
                self._places[name] = place
                text = f"{name} -> {{ {symbol.section}, {symbol.value:x} }}"
                self._debug("set_symbol_addr", text)
            elif self._places[name] != place:
                what = f"multiple addresses for symbol {name}?"
                self._notes.append(_warning("set_symbol_addr", what))

    def _groups(self) -> dict[str, list[str]]:
        """Name -> all names of its place, itself included; only names that have a place."""
        by_place: dict[Place, list[str]] = {}
        for name, place in self._places.items():
            by_place.setdefault(place, []).append(name)
        return {name: group for group in by_place.values() for name in group}

    def _take_versions(self, type_map: TypeMap, groups: Mapping[str, list[str]]) -> None:
        """Give each symbol its version, and with it its aliases, in the order of the table."""
        self._dump_types(type_map)
        versions = type_map.versions()
        settled: set[str] = set()
        for name in self._order:
            if name not in versions:
                continue
            if name not in settled:
                crc = versions[name].crc
                self._debug("expand_symbol", f"{name} = {crc:x}")
                self._versions.update(dict.fromkeys(groups.get(name, [name]), crc))
                settled.update(groups.get(name, [name]))
                if self._wanted.versions:
                    self._notes.append(f"{name} {expanded(type_map, name)}")
            if self._wanted.types and self._wanted.symtypes:
                self._notes.append(f"{name} {''.join(type_map.symbols[name])}")

    def _met(self, elf: Elf, loaded: Loaded, groups: Mapping[str, list[str]]) -> list[str]:
        """The symbols in the order in which their entries are met, of aliases one."""
        entries = Entries(Info(elf.debug_sections(), WANTED))
        described = find_symbols(entries, loaded.roots, self._places, "file")
        met: dict[Description, str] = {}
        for name in self._order:
            found = described[name].versioned if name in described else None
            if found is not None:
                others = [each for each in groups.get(name, ()) if each != found.symbol]
                met.setdefault(found, name if found.pointer else (others or [found.symbol])[0])
        return [
            met[found]
            for found in sorted(met, key=lambda each: (each.unit, each.pointer, each.position))
        ]

    def _with_stand_ins(
        self, elf: Elf, loaded: Loaded, rules: KabiRules, groups: Mapping[str, list[str]]
    ) -> Loaded:
        from rustabi.standins import as_printed, has_stand_ins

        if not has_stand_ins(loaded.model.types):
            return loaded
        roots = [loaded.roots[name].type for name in self._met(elf, loaded, groups)]
        types = as_printed(loaded.model.types, roots, rules)
        return loaded._replace(model=loaded.model._replace(types=types))

    def _dump_dies(self, loaded: Loaded, rules: KabiRules | None, met: Iterable[str]) -> None:
        from rustabi.diedump import die_text

        types = loaded.model.types
        for name in met:
            self._debug("process_symbol", name)
            if self._wanted.dies:
                root = loaded.roots[name]
                self._notes.append(
                    die_text(types, root.type, is_function=root.is_function, rules=rules)
                )

    def _dump_types(self, type_map: TypeMap) -> None:
        for name, pieces in type_map.strings.items() if self._wanted.types else ():
            self._debug("expand_type", name)
            self._notes.append(f"{name} {''.join(pieces)}")


def _warning(where: str, what: str) -> str:
    return f"warning: gendwarfksyms: {where}: {what}"


def expanded(type_map: TypeMap, symbol: str) -> str:
    """The text that a symbol's version is the CRC of: every type in its place, once."""
    seen: set[str] = set()
    text: list[str] = []
    pending = [iter(enumerate(type_map.symbols[symbol]))]
    while pending:
        for index, piece in pending[-1]:
            if index % 2 == 0 or piece in seen:
                text.append(piece)
                continue
            seen.add(piece)
            pending.append(iter(enumerate(type_map.strings[piece])))
            break
        else:
            pending.pop()
    return "".join(text)


def _settle_references(type_map: TypeMap, loaded: Loaded, rules: KabiRules, path: str) -> None:
    """Check that what rules' type strings refer to is there, and leave out what nothing refers to.

    A rule may give the string of a type that no object has; it counts where another string names
    it.
    """
    known = type_map.strings
    used: set[str] = set()
    pending: list[tuple[str, Pieces]] = list(type_map.symbols.items())
    while pending:
        user, pieces = pending.pop()
        for name in pieces[1::2]:
            if name not in known:
                raise InputError(
                    f"{user} refers to {name}, which is not there", path=path, place=SECTION,
                    advice="give its type string in a rule as well",
                )  # fmt: skip
            if name not in used:
                used.add(name)
                pending.append((name, known[name]))
    described = {reference_name(node) for node in loaded.model.types}
    for name in rules.type_strings:
        if name in known and name not in used:
            text = "".join(known.pop(name))
            if name in described:
                known[name] = (text,)  # no version expands it: what it refers to need not be there


# what gendwarfksyms stops at


def _require_known(loaded: Loaded, path: str) -> None:
    """Check that no symbol reaches debug info at which gendwarfksyms itself would stop.

    Raises:
        DwarfError: One does.
    """
    types = loaded.model.types
    if not any(map(_unknown, distinct(types))):
        return
    roots = [(root.type, name) for name, root in loaded.roots.items() if root.type is not None]
    reached: dict[TypeId, str] = {}
    while roots:
        type_id, name = roots.pop()
        if type_id in reached:
            continue
        reached[type_id] = name
        unknown = _unknown(types[type_id])
        if unknown is not None:
            raise DwarfError(
                f"{unknown.what} {unknown.number:#x} in the types of symbol {name}",
                path=path,
                advice="no version can be computed for it"
                + ("; gendwarfksyms stops here, too" if unknown.what == "tag" else ""),
            )
        roots += [(each.target, name) for each in references(types[type_id]) if each.versioned]


def _unknown(node: Type) -> Unsupported | None:
    """What of a type is of an unknown kind; an unknown encoding is printed like any other."""
    if isinstance(node, Unsupported):
        return None if node.what == "encoding" else node
    if isinstance(node, Composite) and is_definition(node):
        for part in node.parts:
            if isinstance(part, Unsupported):
                return part
    return None
