"""`NamedTuple` and `Literal` without `typing`, whose import takes as long as Python's own start.

A kernel build calls ``rustabi ksyms`` once for each object. What that imports takes these from
here, and whatever else it needs of `typing` where type checkers alone look.
"""

from __future__ import annotations

from collections import namedtuple

__all__ = ["TYPE_CHECKING", "Literal", "NamedTuple"]

TYPE_CHECKING = False
"""What type checkers take for true, as they do the one of `typing`."""

if TYPE_CHECKING:
    from typing import Literal, NamedTuple
else:
    _OWN = frozenset({"__annotations__", "__module__", "__qualname__"})
    """What `namedtuple` sets itself."""

    class _Fields(type):
        """Makes a class body with annotated fields a `collections.namedtuple`."""

        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = _annotations(cls, name, body)
            defaults = [body[field] for field in fields if field in body]
            if any(field in body for field in [*fields][: len(fields) - len(defaults)]):
                raise TypeError(f"{name} has fields without default behind others")
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])
            made.__annotations__ = made.__new__.__annotations__ = fields  # for `inspect`
            made.__qualname__ = body["__qualname__"]
            made.__orig_bases__ = bases
            for key, value in body.items():
                if key not in _OWN and key not in fields:
                    setattr(made, key, value)
            return made

    def _annotations(kind, name, body):
        """The fields and their types; where Python works them out late (3.14), a class knows."""
        known = body.get("__annotations__")
        return type.__new__(kind, name, (), dict(body)).__annotations__ if known is None else known

    class NamedTuple(metaclass=_Fields):
        """`typing.NamedTuple`: fields by annotation, in order, with defaults behind the others."""

    class _Literals(str):
        """Source of a `typing.Literal`, which `typing.get_type_hints` makes one of when asked."""

        __slots__ = ()

        def __or__(self, other):
            from typing import Union

            return Union[self, other]  # noqa: UP007  # what it is of is a string

        __ror__ = __or__

    class _Literal:
        def __getitem__(self, values):
            each = values if isinstance(values, tuple) else (values,)
            return _Literals(f"__import__('typing').Literal[{', '.join(map(repr, each))}]")

    Literal = _Literal()
    """`typing.Literal`, of use in annotations."""
