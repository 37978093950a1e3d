"""What was found about modules, judged by a gate: which rule decides what, and the verdict.

Rules decide what counts. They leave the answers as they are: a module that the loader refuses is
told as refused, whether that is tolerated or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rustabi.check.results import (
    KernelCheck,
    Layer,
    ModuleCheck,
    Note,
    Verdict,
    crossing,
)
from rustabi.check_kinds import kinds_of
from rustabi.names import crate_of, demangle, generic_of
from rustabi.rules import Bench, Case, Gate


def judged(check: KernelCheck, gate: Gate, today: date) -> KernelCheck:
    """The check with what a gate makes of it.

    Args:
        check: What was found.
        gate: What is laid down.
        today: The day on which rules must not have expired.
    """
    kinds = kinds_of("finding")
    whole = Bench(gate.rules, today, kinds, modules=True)
    modules = []
    for each in check.modules:
        bench = Bench(gate.rules, today, kinds, modules=True)
        modules.append(_module(each, gate, bench)._replace(kernel=check.kernel))
        whole.add(bench)
    return KernelCheck(check.kernel, tuple(modules), gate, whole.uses())


def _module(module: ModuleCheck, gate: Gate, bench: Bench) -> ModuleCheck:
    layers = tuple(_layer(each, module.name, bench) for each in module.layers)
    verdict = _verdict(module, layers, gate)
    return module._replace(layers=layers, verdict=verdict, gate=gate, rules=bench.uses())


def _layer(layer: Layer, module: str, bench: Bench) -> Layer:
    return layer._replace(
        problems=tuple(part for each in layer.problems for part in _parts(each, module, bench)),
        remarks=tuple(part for each in layer.remarks for part in _parts(each, module, bench)),
    )


def _parts(note: Note, module: str, bench: Bench) -> Iterator[Note]:
    """What was found in as many parts as rules decide for different symbols of it."""
    if note.grave is None:
        yield note
        return
    for rule, symbols in bench.decisions(_case(note, module)):
        part = note
        if symbols != note.symbols:
            part = note._replace(symbols=symbols, evidence=(*note.evidence[:-1], crossing(symbols)))
        if rule is not None:
            part = part._replace(rule=rule, found=note.grave, severity=rule.severity or note.grave)
        yield part


def _case(note: Note, module: str) -> Case:
    """A finding as rules see it: of a symbol in the layers of the loader, of a type in layout."""
    name = demangle(note.subject)
    if note.of_type:
        bare = name.removeprefix("dyn ")
        types = dict.fromkeys((name, bare, generic_of(bare)))
        return Case(str(note.kind), crate_of(bare), tuple(types), note.symbols, module=module)
    return Case(str(note.kind), crate_of(note.subject), symbol=note.subject, module=module)


def _verdict(module: ModuleCheck, layers: tuple[Layer, ...], gate: Gate) -> Verdict:
    if module.failure is not None:
        return "error"
    if any(fails(note, gate) for layer in layers for note in (*layer.problems, *layer.remarks)):
        return "incompatible"
    gaps = (gap for layer in layers for gap in layer.gaps)
    failing = "gap" in gate.fail_on and not all(is_known(gap, gate) for gap in gaps)
    return "error" if module.undecided or failing else "compatible"


def fails(note: Note, gate: Gate) -> bool:
    """Whether a finding makes the verdict ``incompatible``."""
    return note.grave is not None and not note.tolerated and gate.fails(note.grave)


def is_known(gap: Note, gate: Gate) -> bool:
    """Whether a gap is one that the gate knows of, so that it does not fail."""
    subject = demangle(gap.subject)
    return any(each.covers(str(gap.kind), subject) for each in gate.known_gaps)
