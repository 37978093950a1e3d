"""Opaque handles: types whose address is all that callers hold, so that their inside is not ABI.

A symbol is concerned by a change only if some way leads from it to the changed type. With a type
opaque, the ways that go through a pointer to it do not count. So those edges are cut out of the
graph, and what still reaches the change is exposed to it; the other symbols are not.

What is cut is the edge from a pointer to the opaque type, through qualifiers and typedefs. Kept are

- whatever holds the type by value, also an array of it behind a pointer;
- the pointer of a slice (``&[T]``): who walks it needs the size of ``T``;
- type arguments that are behind no pointer that names them (``Vec<T>`` holds a ``*mut u8``): its
  elements are handed out by value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import NamedTuple

from rustabi.diff.findings import Affected, Comparison, Finding, Subject
from rustabi.diff.kinds import Severity
from rustabi.diff.parts import narrowed
from rustabi.graph import Graph, Node, build
from rustabi.model import INDIRECT, Composite, Model, Modifier, Type, TypeId, members_of, name_of
from rustabi.names import generic_of

LOWERED = Severity.API
"""What a change is that callers see behind opaque handles only."""

_HIDING = frozenset({"pointee", "argument"})
"""Reasons for an edge that can be one to a handle's inside; a member or an element is a reason more
by which the same edge is one by value."""


class Part(NamedTuple):
    """A finding, for all or some of its symbols.

    Attributes:
        found: The severity before.
        glob: Why it is lowered: the glob that makes the type opaque behind which it lies.
    """

    finding: Finding
    found: Severity
    glob: str | None = None


def matches(glob: str, name: str) -> bool:
    """Whether a glob names a type: by its whole name, or by that without generic arguments."""
    return bool(name) and any(
        each == glob or fnmatchcase(each, glob) for each in (name, generic_of(name))
    )


def opaque_names(comparison: Comparison, glob: str) -> list[str]:
    """The names in either build that a glob means, sorted."""
    models = (comparison.old, comparison.new)
    names = {name_of(node) for model in models for node in model.types if _can_be_opaque(node)}
    return sorted(name for name in names if matches(glob, name))


def lowered(comparison: Comparison, globs: Sequence[str]) -> Iterator[Part]:
    """The findings, each in one part or two: for the symbols exposed to it, and for the others.

    Args:
        comparison: What was found.
        globs: Names of opaque types.
    """
    if not globs:
        yield from (Part(each, each.severity) for each in comparison.findings)
        return
    sides = _Sides(comparison, globs)
    for finding in comparison.findings:
        if finding.severity.rank >= LOWERED.rank or not finding.subjects:
            yield Part(finding, finding.severity)
            continue
        hidden = {each.symbol for each in finding.affected if not sides.exposed(finding, each)}
        exposed = [each for each in finding.affected if each.symbol not in hidden]
        if exposed or not hidden:
            yield Part(narrowed(finding, exposed), finding.severity)
        if hidden:
            rest = narrowed(finding, (e for e in finding.affected if e.symbol in hidden))
            severity = max(rest.severity, LOWERED, key=lambda each: each.rank)
            glob = sides.glob_on(finding, rest.affected[0])
            yield Part(rest._replace(severity=severity), finding.severity, glob)


class _Sides:
    """The two builds' graphs without the inside of handles; each is made when it is first used."""

    def __init__(self, comparison: Comparison, globs: Sequence[str]) -> None:
        self._models = (comparison.old, comparison.new)
        self._globs = globs
        self._cuts: dict[bool, Cut] = {}
        self._exposed: dict[Subject, frozenset[str]] = {}

    def _cut(self, in_new: bool) -> Cut:
        if in_new not in self._cuts:
            self._cuts[in_new] = Cut(self._models[in_new], self._globs)
        return self._cuts[in_new]

    def exposed(self, finding: Finding, affected: Affected) -> bool:
        """Whether a symbol reaches what changed on any way but behind a handle."""
        for subject in finding.subjects:
            if subject not in self._exposed:
                symbols = self._cut(subject.in_new).exposed(subject.type)
                self._exposed[subject] = frozenset(symbols)
            if affected.symbol in self._exposed[subject]:
                return True
        return False

    def glob_on(self, finding: Finding, affected: Affected) -> str:
        """The glob of the first handle on the path that is shown."""
        for in_new in sorted({each.in_new for each in finding.subjects}):
            nodes = [step.node for step in affected.path]
            for edge in pairwise(nodes):
                glob = self._cut(in_new).edges.get(edge)
                if glob is not None:
                    return glob
        return self._globs[0]


class Cut:
    """The graph of a model, and the edges that lead into handles.

    Args:
        model: The model.
        globs: Names of opaque types.

    Attributes:
        edges: Edge that is cut -> the glob because of which.
    """

    def __init__(self, model: Model, globs: Sequence[str]) -> None:
        self._model = model
        self._types = model.types
        self._globs = globs
        self._graph: Graph = build(model)
        self._slices = set(_slice_pointers(model.types))
        self.edges = dict(self._edges())

    def exposed(self, type_id: TypeId) -> set[str]:
        """The symbols that reach a type over edges that are not cut."""
        seen = {Node("type", type_id)}
        pending = list(seen)
        while pending:
            node = pending.pop()
            for source in self._graph.predecessors(node):
                if source not in seen and (source, node) not in self.edges:
                    seen.add(source)
                    pending.append(source)
        return {self._model.symbols[node.number].name for node in seen if node.kind == "symbol"}

    def _edges(self) -> Iterator[tuple[tuple[Node, Node], str]]:
        for source, target, data in self._graph.edges(data=True):
            reasons = {reason for reason, _ in data["reasons"]}
            if not reasons <= _HIDING or source.kind != "type":
                continue
            glob = self._glob(target.number)
            if glob is None or source.number in self._slices:
                continue
            if reasons == {"argument"} and not self._named_by_pointer(source, target):
                continue
            yield (source, target), glob

    def _glob(self, type_id: TypeId | None) -> str | None:
        """The glob that a type, or one that it only names or qualifies, is opaque by."""
        seen: set[TypeId] = set()
        while type_id is not None and type_id not in seen:
            seen.add(type_id)
            node = self._types[type_id]
            if _can_be_opaque(node):
                found = (glob for glob in self._globs if matches(glob, name_of(node)))
                glob = next(found, None)
                if glob is not None:
                    return glob
            type_id = node.target if isinstance(node, Modifier) and _is_alias(node) else None
        return None

    def _named_by_pointer(self, holder: Node, argument: Node) -> bool:
        """Whether a pointer that a type holds leads to its type argument: the pointer decides."""
        held = self._by_value([holder])
        pointees = {
            target
            for node in held
            for target in self._graph.successors(node)
            if node.kind == "type" and self._is_pointer(node)
        }
        return argument in self._by_value(pointees)

    def _is_pointer(self, node: Node) -> bool:
        found = self._types[node.number]
        return isinstance(found, Modifier) and found.kind in INDIRECT

    def _by_value(self, nodes: Iterable[Node]) -> set[Node]:
        """The nodes, and all that they hold by value."""
        seen = set(nodes)
        pending = list(seen)
        while pending:
            node = pending.pop()
            for target in self._graph.successors(node):
                if target not in seen and self._graph.edges[node, target]["by_value"]:
                    seen.add(target)
                    pending.append(target)
        return seen


def _is_alias(node: Modifier) -> bool:
    return node.kind not in INDIRECT


def _can_be_opaque(node: Type) -> bool:
    """Anything with a name of its own: pointers are named after what they point to."""
    return not (isinstance(node, Modifier) and node.kind in INDIRECT)


def _slice_pointers(types: Sequence[Type]) -> Iterator[TypeId]:
    """The pointers within references to slices: ``&[T]`` is a struct of a pointer and a length."""
    for node in types:
        if not isinstance(node, Composite):
            continue
        fields = {each.name: each.type for each in members_of(node)}
        data = fields.get("data_ptr")
        if data is None or fields.keys() != {"data_ptr", "length"}:
            continue
        pointer = types[data]
        target = pointer.target if isinstance(pointer, Modifier) else None
        if target is not None and f"[{name_of(types[target])}]" in node.name:
            yield data
