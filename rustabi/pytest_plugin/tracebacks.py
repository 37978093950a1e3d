"""Errors that point to the line of the test, not into rustabi."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from rustabi.errors import RustabiError

Given = ParamSpec("Given")
Result = TypeVar("Result")


def without_inside(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """A function whose errors carry no traceback through what it calls."""

    @wraps(function)
    def call(*given: Given.args, **named: Given.kwargs) -> Result:
        __tracebackhide__ = True
        try:
            return function(*given, **named)
        except RustabiError as error:
            raise error.with_traceback(None) from None

    return call
