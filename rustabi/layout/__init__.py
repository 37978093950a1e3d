"""Sizes, memory order, padding and variants of types: arithmetic over the model, nothing else.

A worked example, the ``demo::Bar`` of `rustabi.model`::

    layout = layout_of(model, 2)
    layout.size, layout.alignment      # 16, 8 (bytes)
    layout.permutation                 # (1, 0, 2): y stands first in memory
    layout.items                       # y 0..8, x 8..9, z 9..10, tail padding 10..16
    layout.c_size, layout.saved        # 24, 8: what declaration order would have cost
"""

from __future__ import annotations

from rustabi.layout.fields import PADDING, Field, InOrder, Item, ItemKind, is_permuted
from rustabi.layout.layouts import Layout, Layouts, layout_of, variant_types
from rustabi.layout.sizes import WIDEST, Alignments, alignment_of, size_of, widest_of
from rustabi.layout.unsized import unsized_types
from rustabi.layout.variants import Choice, Discriminant, Encoding, VariantLayout

__all__ = [
    "PADDING",
    "WIDEST",
    "Alignments",
    "Choice",
    "Discriminant",
    "Encoding",
    "Field",
    "InOrder",
    "Item",
    "ItemKind",
    "Layout",
    "Layouts",
    "VariantLayout",
    "alignment_of",
    "is_permuted",
    "layout_of",
    "size_of",
    "unsized_types",
    "variant_types",
    "widest_of",
]
