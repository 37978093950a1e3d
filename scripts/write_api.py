"""Writes docs/api.md from the docstrings of all that is public: ``python scripts/write_api.py``."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import rustabi

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "api.md"

HEADING: Final = "\n## The names\n"
"""What stands before it in the page is written by hand."""

TOPICS: Final = {
    "Reading": ("load", "Build", "Model", "diagnose", "Diagnosis"),
    "Comparing": ("compare", "Comparison", "Finding", "Severity", "ChangeKind"),
    "Rules": ("judge", "Judgement", "read_rules", "Gate"),
    "Kernel modules": ("check_module", "ModuleCheck"),
    "Keeping a build": ("Snapshot", "read_snapshot", "write_snapshot"),
    "Reports": ("Report",),
    "Errors": ("RustabiError",),
}
"""Topic -> the names that belong to it; a name of none comes last."""

_SECTION: Final = re.compile(r"^(Args|Attributes|Returns|Raises|Example):$", re.MULTILINE)
_WIDTH: Final = 100


def page() -> str:
    """The whole page."""
    told = {name for names in TOPICS.values() for name in names}
    rest = tuple(sorted(set(rustabi.__all__) - told - {"__version__"}))
    topics = {**TOPICS, **({"More": rest} if rest else {})}
    by_hand = PAGE.read_text(encoding="utf-8").partition(HEADING)[0]
    parts = [by_hand + HEADING]
    for topic, names in topics.items():
        parts.append(f"### {topic}\n")
        for name in names:
            parts += _entry(name, getattr(rustabi, name))
    return "\n".join(parts)


def _entry(name: str, value: object) -> Iterator[str]:
    yield f"#### {name}\n"
    yield f"```python\n{_signature(name, value)}\n```\n"
    yield _text(value)
    if inspect.isclass(value) and value.__module__ == "rustabi.api":
        yield from _methods(name, value)


def _methods(name: str, value: type) -> Iterator[str]:
    """The methods of a class that is there to be called."""
    for method, found in vars(value).items():
        if method.startswith("_") or not inspect.getdoc(getattr(value, method)):
            continue
        if isinstance(found, property):
            yield f"##### {name}.{method}\n"
            yield _text(found)
        elif inspect.ismethod(getattr(value, method)) or inspect.isfunction(found):
            function = getattr(value, method)
            yield f"##### {name}.{method}\n"
            yield f"```python\n{_signature(f'{name}.{method}', function)}\n```\n"
            yield _text(function)


def _signature(name: str, value: Any) -> str:
    is_class = inspect.isclass(value)
    if is_class and not hasattr(value, "_fields"):
        return f"class {name}({value.__base__.__name__})"
    parameters = [
        each for each in inspect.signature(value).parameters.values() if each.name != "self"
    ]
    texts = list(map(_parameter, parameters))
    named = [at for at, each in enumerate(parameters) if each.kind is each.KEYWORD_ONLY]
    if named:
        texts.insert(named[0], "*")
    result = "" if is_class else f" -> {value.__annotations__.get('return', 'None')}"
    head = f"class {name}" if is_class else name
    line = f"{head}({', '.join(texts)}){result}"
    if len(line) <= _WIDTH:
        return line
    lines = "".join(f"    {each},\n" for each in texts)
    return f"{head}(\n{lines}){result}"


def _parameter(parameter: inspect.Parameter) -> str:
    annotation = getattr(parameter.annotation, "__forward_arg__", parameter.annotation)
    stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
    if parameter.default is parameter.empty:
        return f"{stars}{parameter.name}: {annotation}"
    return f"{parameter.name}: {annotation} = {parameter.default!r}"


def _text(value: object) -> str:
    """A docstring as Markdown."""
    text = inspect.getdoc(value) or ""
    head, *sections = _SECTION.split(text)
    parts = [_words(head)]
    for title, content in zip(sections[::2], sections[1::2], strict=True):
        body = textwrap.dedent(content.strip("\n"))
        if title == "Example":
            parts += _example(body)
        elif title == "Returns":
            parts.append(f"Returns: {_words(body)}")
        else:
            parts.append(f"{'Parameters' if title == 'Args' else title}:\n\n{_items(body)}")
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _words(text: str) -> str:
    return text.strip("\n").replace("``", "`")


def _example(body: str) -> Iterator[str]:
    """Listings, and words between them."""
    for block in body.split("\n\n"):
        yield f"```pycon\n{block}\n```" if block.startswith(">>>") else _words(block)


def _items(body: str) -> str:
    """``name: what it is`` by item; lines that follow are indented."""
    items: list[str] = []
    for line in body.splitlines():
        if line.startswith(" "):
            items[-1] += f" {line.strip()}"
        else:
            name, colon, rest = line.partition(":")
            items.append(f"- `{name}`:{rest}" if colon else f"- {line}")
    return _words("\n".join(items))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
