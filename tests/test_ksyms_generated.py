"""Generated C full of kABI stand-ins: ``rustabi ksyms --stable`` against gendwarfksyms itself."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rustabi.binary.elf import Elf
from rustabi.ksyms import Session, Wanted
from tests.support import needs_oracle
from tests.test_ksyms import compiled, needs_gcc, tool

MACROS = r"""
#define REPLACE(type, name, new) union { new; struct { type __kabi_renamed##name; }; }
#define IGNORE(n, new) union { new; unsigned char __kabi_ignored##n; }
#define USE(n, new) union { new; struct { unsigned long __kabi_reserved##n; }; }
"""

UNIONS = [
    "long a; long __kabi_renamedx{0};",
    "struct s0 *a; struct s1 *__kabi_reserved1;",
    "struct {{ long __kabi_renamedq{0}; }} m; long z;",
    "long a; int b;",
    "long a; struct s1 *__kabi_renamedp{0};",
    "int a; int __kabi_ignored1;",
]


class Source:
    """A C file that a seed decides: structs that point to each other, functions, variables."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._members = 0
        count = self._count = self._random.randint(2, 7)
        lines = [MACROS, *(f"struct s{index};" for index in range(count))]
        for index in range(2):
            body = self._random.choice(UNIONS).format(index)
            lines += [f"union u{index} {{ {body} }};", f"typedef union u{index} t{index};"]
        for index in range(count):
            body = " ".join(self._member(index) for _ in range(self._random.randint(1, 4)))
            lines.append(f"struct s{index} {{ {body} }};")
        self.symbols: list[str] = []
        for index in range(self._random.randint(2, 8)):
            lines.append(self._symbol(index))
        self.text = "\n".join(lines) + "\n"

    def lists(self) -> list[list[str]]:
        """Lists of symbols to ask for: which ones are asked for, and in which order, counts."""
        size = len(self.symbols)
        return [self._random.sample(self.symbols, self._random.randint(1, size)) for _ in range(3)]

    def _declared(self, name: str, complete: int) -> str:
        """A declaration; of structs by value only those before number ``complete``."""
        other, pair = self._random.randrange(self._count), self._random.randrange(2)
        forms = [f"int {name}"] * 5 + [f"struct s{other} *{name}"] * 7
        forms += [f"union u{pair} *{name}", f"int (*{name})(struct s{other} *)", f"t{pair} {name}"]
        forms += [f"const struct s{other} *{name}"]
        if complete:
            forms += [f"struct s{self._random.randrange(complete)} {name}"] * 2
        return self._random.choice(forms)

    def _member(self, complete: int) -> str:
        self._members += 1
        number = self._members
        other = self._random.randrange(self._count)
        stand_ins = [
            f"REPLACE(struct s{other} *, o{number}, long m{number});",
            f"REPLACE(long, o{number}, long m{number});",
            f"USE({number}, long m{number});",
            f"IGNORE({number}, struct s{other} *m{number});",
            f"unsigned long __kabi_reserved{number};",
        ]
        plain = [self._declared(f"m{number}", complete) + ";"] * 5
        return self._random.choice(stand_ins + plain)

    def _symbol(self, index: int) -> str:
        if self._random.random() < 0.3:
            self.symbols.append(f"v{index}")
            return self._declared(f"v{index}", self._count) + ";"
        self.symbols.append(f"f{index}")
        first = self._declared("p", self._count)
        other = self._random.randrange(self._count)
        return f"int f{index}({first}, struct s{other} *q) {{ return 0; }}"


@needs_oracle
@needs_gcc
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_generated_stand_ins(seed: int, tmp_path: Path) -> None:
    source = Source(seed)
    compiled(source.text, tmp_path / "x.o", "-w")
    elf = Elf((tmp_path / "x.o").read_bytes(), "x.o")
    for names in source.lists():
        listed = "".join(f"{name}\n" for name in names)
        expected = tool(listed, ["--stable", "--dump-versions", "x.o"], tmp_path)
        session = Session(names, Wanted(stable=True, versions=True))
        session.add(elf)
        answer = session.answer()
        assert list(answer.lines) == expected.out.splitlines()
        assert sorted(answer.notes) == expected.err
