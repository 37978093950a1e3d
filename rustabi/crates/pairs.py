"""Which crates of two revisions belong together, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias, TypeVar

from rustabi.cargo import DELIVERED
from rustabi.cargo.plan import LINKED
from rustabi.cargo.run import Progress
from rustabi.cargo.workspace import (
    BuiltLibrary,
    Package,
    Selection,
    Workspace,
    build_packages,
    matches,
    read_workspace,
    select,
)
from rustabi.crates.baseline import (
    ANY,
    Baseline,
    BaselineFacts,
    Request,
    opened,
    require_one,
    seed_lock_file,
)
from rustabi.crates.hint import (
    NOTHING_COMPILED,
    Hint,
    HintKind,
    hint_of,
    in_archives,
    is_linked,
    unknown,
    with_own_symbols,
)
from rustabi.crates.read import WHY_LEFT_OUT, model_of
from rustabi.diff import Comparison, compare
from rustabi.errors import InputError, RustabiError, UsageError
from rustabi.model import Model
from rustabi.rules import Judgement
from rustabi.target import NO_CODE, load_target

CrateState: TypeAlias = Literal["compared", "added", "removed", "left-out", "failed"]

Judge: TypeAlias = Callable[[Comparison], Judgement]
"""Says what the findings of a crate count for."""

T = TypeVar("T")


class CrateResult(NamedTuple):
    """What became of a crate.

    Attributes:
        name: Of its package.
        state: Whether it was compared, and if not, why.
        reason: Why not, in words.
        old_version, new_version: Of the package; None where a side has none, or does not tell.
        hint: What the comparison means for its version; None where there is nothing to compare.
        comparison, judgement: None where it was not compared.
        error: Why it could not be.
    """

    name: str
    state: CrateState
    reason: str = ""
    old_version: str | None = None
    new_version: str | None = None
    hint: Hint | None = None
    comparison: Comparison | None = None
    judgement: Judgement | None = None
    error: RustabiError | None = None


def compare_crates(
    request: Request,
    judge_in: Callable[[Path], Judge],
    make: Callable[[CrateResult, BaselineFacts], T],
    say: Progress,
) -> tuple[BaselineFacts, list[T]]:
    """Compare the crates of a workspace with a baseline.

    Args:
        request: What to compare.
        judge_in: Finds a judge in the folder of the workspace, where its rules may be.
        make: Makes of each result what is kept of it: the models of all crates at once are large.
        say: Told what is being done.

    Returns:
        What the baseline is, and what was made of the crates, sorted by name.

    Raises:
        BuildError: Cargo fails at one of the two revisions.
        InputError: No package of either side is a library: there is nothing to compare.
        RustabiError: There is no such baseline, or no such package.
    """
    require_one(request)
    current = read_workspace(request.folder, request.build)
    judge = judge_in(current.root)
    with opened(request, current, say) as baseline:
        if baseline.workspace is not None:
            found = _of_sources(request, current, baseline.workspace, judge, say)
        else:
            found = _of_files(request, current, baseline, judge, say)
        some = _with_libraries(found, request)
        return baseline.facts, [make(each, baseline.facts) for each in some]


def _with_libraries(found: Iterable[CrateResult], request: Request) -> Iterator[CrateResult]:
    """The same, one by one; it is an error where all of them are left out."""
    left_out: list[str] = []
    libraries = False
    for each in found:
        libraries = libraries or each.state != "left-out"
        left_out.append(f"{each.name} is {each.reason}")
        yield each
    if not libraries:
        raise InputError(
            f"nothing to compare: {', '.join(left_out) or 'no package'}", path=request.folder,
            advice="name a package that has a library; `rustabi diff` compares two files",
        )  # fmt: skip


# two workspaces


def _of_sources(
    request: Request, current: Workspace, other: Workspace, judge: Judge, say: Progress
) -> Iterator[CrateResult]:
    names = select([current, other], request.selection)
    after = {each.name: each for each in current.packages if each.name in names}
    before = {each.name: each for each in other.packages if each.name in names}
    pairs = sorted(
        name for name in after.keys() & before.keys()
        if after[name].kind == before[name].kind == "library"
    )  # fmt: skip
    new = build_packages(current, [after[name] for name in pairs], request.build, say)
    seed_lock_file(current, other, request.build)
    old = build_packages(other, [before[name] for name in pairs], request.build, say)
    for name in sorted(names):
        if name in new:
            say(f"comparing {name}")
            yield _compared(old[name], new[name], current, judge, say)
        else:
            yield _not_compared(name, before, after)


def _not_compared(
    name: str, before: Mapping[str, Package], after: Mapping[str, Package]
) -> CrateResult:
    old, new = before.get(name), after.get(name)
    versions = (None if old is None else old.version, None if new is None else new.version)
    kinds = {each.kind for each in (old, new) if each is not None}
    if old is not None and new is not None and kinds != {new.kind}:
        reason = f"it was {_a(old)}, and is {_a(new)} now"
        if old.kind != "library":
            return CrateResult(name, "added", reason, *versions)
        return CrateResult(name, "removed", reason, *versions)
    if "library" not in kinds:
        return CrateResult(name, "left-out", WHY_LEFT_OUT[min(kinds)], *versions)
    if new is None and old is not None:
        return CrateResult(name, "removed", _renamed(old, after, before), *versions)
    return CrateResult(name, "added", "the baseline has no package of that name", *versions)


def _a(package: Package) -> str:
    return WHY_LEFT_OUT.get(package.kind, "a library").partition(":")[0]


def _renamed(old: Package, after: Mapping[str, Package], before: Mapping[str, Package]) -> str:
    """Why a package is gone: perhaps one of another name took its place."""
    gone = "there is no package of that name any more"
    for new in after.values():
        if new.name not in before and (new.manifest, new.crate) != ("", ""):
            if new.manifest == old.manifest:
                return f"{gone}; {new.name} is in its folder now"
            if new.crate == old.crate:
                return f"{gone}; {new.name} has a library of the same name"
    return gone


def _compared(
    old: BuiltLibrary, new: BuiltLibrary, current: Workspace, judge: Judge, say: Progress
) -> CrateResult:
    package = new.package
    bare = CrateResult(
        package.name, "failed", old_version=old.package.version, new_version=package.version
    )
    kinds = [each for each in DELIVERED if each in old.files and each in new.files]
    if not kinds:
        reason = (
            f"it was built as {', '.join(sorted(old.files))}, and is as"
            f" {', '.join(sorted(new.files))} now: nothing in common to compare"
        )
        return bare._replace(reason=reason, hint=unknown(reason))
    by_source = [each for each in kinds if each in _BY_SOURCE]
    if by_source and old.package.crate != package.crate:
        reason = (
            f"its library was {old.package.crate}, and is {package.crate} now: whoever used the one"
            " does not find it"
        )
        return bare._replace(reason=reason, hint=unknown(reason))
    found = []
    for kind in dict.fromkeys([kinds[0], *by_source[:1]]):
        try:
            models = [model_of(each, current.folder, say, kind) for each in (old, new)]
            pair = models[0], models[1]
            found.append(_judged(bare, pair, package.crate, judge, kind in _BY_SOURCE))
        except RustabiError as error:
            if not found:
                return _failed(bare, error)
            found = [_half(found[0], f"its rlib cannot be compared: {error.message}")]
    return min(found, key=_gravity)


_BY_SOURCE: Final = ("rlib", "lib")
"""Crate types that other crates use by source."""

_GRAVEST: Final[tuple[HintKind, ...]] = ("break", "unknown", "api", "none")


def _gravity(result: CrateResult) -> tuple[bool, int]:
    """What decides which of two deliveries of a crate speaks for it: the lesser goes first."""
    judgement, hint = result.judgement, result.hint
    fails = judgement is not None and any(map(judgement.fails, judgement.findings))
    return not fails, len(_GRAVEST) if hint is None else _GRAVEST.index(hint.kind)


_ALONE: Final = (
    "the baseline has the shared library alone, and the crate is an rlib, too: --baseline-rev, or"
    " another checkout, compares both"
)


def _used_by_source(built: BuiltLibrary) -> bool:
    return not set(_BY_SOURCE).isdisjoint(built.files)


def _half(result: CrateResult, why: str) -> CrateResult:
    """The result of a shared library whose crate others use by source, too, which is not known."""
    if result.hint is None or result.hint.known == "break":
        return result
    return result._replace(hint=result.hint._replace(kind="unknown", why=result.hint.why or why))


def _judged(
    bare: CrateResult, models: tuple[Model, Model], crate: str, judge: Judge, by_source: bool
) -> CrateResult:
    crate = crate.replace("-", "_")
    old, new = (with_own_symbols(each, crate) if by_source else each for each in models)
    comparison = compare(old, new)
    if not is_linked(old) and not is_linked(new):
        comparison = in_archives(comparison)
    judgement = judge(comparison)
    hint = hint_of(comparison, judgement, crate, by_source=by_source)
    return bare._replace(state="compared", hint=hint, comparison=comparison, judgement=judgement)


def _failed(bare: CrateResult, error: RustabiError) -> CrateResult:
    reason = error.message if error.message != NO_CODE else NOTHING_COMPILED
    return bare._replace(reason=reason, hint=unknown(reason), error=error)


# snapshots and other files


def _of_files(
    request: Request, current: Workspace, baseline: Baseline, judge: Judge, say: Progress
) -> Iterator[CrateResult]:
    names = select([current], request.selection)
    packages = {each.name: each for each in current.packages if each.name in names}
    files = dict(baseline.files)
    libraries = [each for each in packages.values() if each.kind == "library"]
    if ANY in files:
        if len(libraries) != 1:
            raise UsageError(
                f"{baseline.facts.name} is one file, and {len(libraries)} crates are asked for",
                advice="name a package with -p, or a folder of snapshots",
            )
        files = {libraries[0].name: files[ANY]}
    pairs = [each for each in libraries if each.name in files]
    gone = _gone(current, files, request.selection, names)
    if libraries and not pairs and not gone and not names & files.keys():
        raise InputError(
            f"no snapshot of {', '.join(each.name for each in libraries)} in this folder",
            path=baseline.facts.name,
            advice="`cargo rustabi snapshot -o FOLDER` writes one for each crate",
        )
    built = build_packages(current, pairs, request.build, say)
    for name in sorted(names | gone):
        package = packages.get(name)
        if name in built:
            say(f"comparing {name}")
            yield _with_file(files[name], built[name], current, judge, say)
        elif package is None:
            reason = "there is no package of that name any more"
            yield CrateResult(name, "removed", reason, old_version=_version_in(files[name], name))
        elif package.kind != "library":
            state: CrateState = "removed" if name in files else "left-out"
            reason = WHY_LEFT_OUT[package.kind]
            if state == "removed":
                reason = f"it was a library, and is {_a(package)} now"
            yield CrateResult(name, state, reason, new_version=package.version)
        else:
            reason = f"{baseline.facts.name} has no snapshot of it"
            yield CrateResult(name, "added", reason, new_version=package.version)


def _gone(
    current: Workspace, files: Mapping[str, Path], selection: Selection, names: frozenset[str]
) -> frozenset[str]:
    """Packages that only the baseline knows, where all of the workspace is asked for."""
    present = {each.name for each in current.packages}
    gone = files.keys() - present
    if selection.workspace:
        return frozenset(name for name in gone if not matches(name, selection.exclude))
    return frozenset(gone) if names == present else frozenset()


def _with_file(
    path: Path, built: BuiltLibrary, current: Workspace, judge: Judge, say: Progress
) -> CrateResult:
    package = built.package
    bare = CrateResult(package.name, "failed", new_version=package.version)
    try:
        old = load_target(path, progress=say)
        bare = bare._replace(old_version=_version_of(old, package.name))
        linked = is_linked(old)
        kinds = [each for each in DELIVERED if each in built.files and (each in LINKED) is linked]
        if not kinds:
            what = "a shared library" if linked else "an archive or object"
            raise InputError(
                f"the baseline is of {what}, and the crate is built as none now", path=path,
                advice="make a new baseline",
            )  # fmt: skip
        new = model_of(built, current.folder, say, kinds[0])
        by_source = kinds[0] in _BY_SOURCE
        found = _judged(bare, (old, new), package.crate, judge, by_source)
        return _half(found, _ALONE) if linked and _used_by_source(built) else found
    except RustabiError as error:
        return _failed(bare, error)


def _version_in(path: Path, name: str) -> str | None:
    try:
        return _version_of(load_target(path), name)
    except RustabiError:
        return None


def _version_of(model: Model, name: str) -> str | None:
    """The version of a package, as a snapshot of it has it."""
    return next(
        (each.split(" ")[1] for each in model.facts.crates if each.split(" ")[0] == name), None
    )
