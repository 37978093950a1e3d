"""Any report as JSON: an object for each value, in the order in which its fields are declared."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass


def json_text(report: object) -> str:
    r"""The report as indented JSON.

    Text that is not UTF-8 in the binary keeps its bytes as lone surrogates, escaped (``\udc80``).
    """
    text = json.dumps(_plain(report), indent=2, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value
