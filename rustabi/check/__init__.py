"""Will this kernel module load on that kernel, and run?

Two questions, answered apart: would the kernel's loader accept the module (`symbols`, `crcs`,
`toolchain`), and would it then run correctly, as far as debug info tells (`agreement`)?
"""

from rustabi.check.results import Answer, KernelCheck, Layer, LayerName, ModuleCheck, Note, Status
from rustabi.check.run import check_modules, check_one

__all__ = [
    "Answer",
    "KernelCheck",
    "Layer",
    "LayerName",
    "ModuleCheck",
    "Note",
    "Status",
    "check_modules",
    "check_one",
]
