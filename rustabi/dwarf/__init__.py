"""DWARF: section bytes in, entries out. Knows abbreviations, forms and units; knows no language."""
