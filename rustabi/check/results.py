"""What a check of a module finds, as values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from rustabi.errors import RustabiError

LayerName: TypeAlias = Literal["symbols", "versions", "toolchain", "layout", "reasons"]

Status: TypeAlias = Literal["ok", "failed", "risky", "not run"]
"""Of a layer. ``not run``: nothing of it could be checked, and its gaps tell why."""

Answer: TypeAlias = Literal["yes", "risky", "no", "unknown"]


class Note(NamedTuple):
    """One thing that was found, or could not be checked.

    Attributes:
        kind: What it is, in a stable word: ``symbol-missing``, ``version-differs``, ...
        subject: The symbol, type or field it is about; empty where it is about the whole.
        text: What to say of it.
        evidence: More, a line each: differences of members, paths, symbols.
    """

    kind: str
    subject: str
    text: str
    evidence: tuple[str, ...] = ()


class Layer(NamedTuple):
    """The result of one layer.

    Attributes:
        name: Which one.
        status: See `Status`.
        checked: How many things were checked: symbols, types.
        what: What those are, in the plural.
        problems: Why it failed or is risky.
        remarks: What is worth knowing and no problem.
        gaps: What could not be checked, and why.
    """

    name: LayerName
    status: Status
    checked: int = 0
    what: str = ""
    problems: tuple[Note, ...] = ()
    remarks: tuple[Note, ...] = ()
    gaps: tuple[Note, ...] = ()


class ModuleCheck(NamedTuple):
    """The results for one module.

    Attributes:
        path: As named.
        name: The name it is loaded under.
        loads: Whether the kernel's loader would accept it (layers symbols, versions, toolchain):
            ``unknown`` where a needed part could not be checked.
        runs: Whether it would then run correctly, as far as the types in both debug infos tell
            (layer layout).
        layers: In the order in which they are checked.
        failure: Why the module could not be read at all.

    Example:
        >>> import rustabi
        >>> check = rustabi.check_module("demo.ko", ["Module.symvers"])
        >>> [(layer.name, layer.status) for layer in check.layers][:3]
        [('symbols', 'ok'), ('versions', 'failed'), ('toolchain', 'ok')]
    """

    path: str
    name: str
    loads: Answer
    runs: Answer
    layers: tuple[Layer, ...] = ()
    failure: RustabiError | None = None

    def layer(self, name: LayerName) -> Layer:
        """The result of one layer.

        Raises:
            KeyError: It is not there: the module could not be read.
        """
        found = next((each for each in self.layers if each.name == name), None)
        if found is None:
            raise KeyError(name)
        return found


class KernelCheck(NamedTuple):
    """The results for all modules, and what they were held against.

    Attributes:
        kernel: What the kernel's targets told, one line each.
        modules: In the order in which they were named; a folder's by path.
    """

    kernel: tuple[str, ...]
    modules: tuple[ModuleCheck, ...]

    def code(self, *, fail_on_risky: bool = False) -> int:
        """0 all load and agree in what was checked, 1 one does not, 2 no verdict about one.

        Args:
            fail_on_risky: Count what is risky as a disagreement.
        """
        bad = ("no", "risky") if fail_on_risky else ("no",)
        if any(each.loads in bad or each.runs in bad for each in self.modules):
            return 1
        unknown = any(each.loads == "unknown" for each in self.modules)
        return 2 if unknown or not self.modules else 0


def layer_of(
    name: LayerName,
    checked: int,
    what: str,
    problems: Iterable[Note] = (),
    remarks: Iterable[Note] = (),
    gaps: Iterable[Note] = (),
    *,
    mild: Iterable[Note] = (),
) -> Layer:
    """A layer with the status that follows from what was found in it.

    Args:
        name: Which one.
        checked: How many things were checked; where none, and there are gaps, it did not run.
        what: What those are.
        problems: What makes it fail.
        remarks: What is no problem.
        gaps: What could not be checked.
        mild: What makes it risky.
    """
    grave, risky, unchecked = tuple(problems), tuple(mild), tuple(gaps)
    status: Status = "failed" if grave else "risky" if risky else "ok"
    if not grave and not risky and not checked and unchecked:
        status = "not run"
    return Layer(name, status, checked, what, grave + risky, tuple(remarks), unchecked)
