"""Binaries: sections, symbols and build facts. The only place that knows ELF and ``ar``."""
