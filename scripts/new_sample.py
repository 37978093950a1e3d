"""Scaffolds a pair of sample crates: `sample_crates/NAME/{old,new}` and its `sample.toml`.

A kind of change is not done without its pair. The scaffold builds as it is; edit the two sources,
fill in `sample.toml`, then build the objects and ask the kernel's tool about them.

    python scripts/new_sample.py member_added
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "sample_crates"

CARGO_TOML = """\
[package]
name = "{name}"
version = "0.1.0"
edition = "2021"
publish = false

[lib]
crate-type = ["lib"]

[profile.dev]
panic = "abort"
debug = 2

# Keeps the crate out of any workspace above it.
[workspace]
"""

LIB_RS = """\
//! TODO: one sentence on why this change matters.

#![no_std]
#![allow(dead_code)]

// reported: {name}
#[repr(C)]
pub struct Changed {{
    id: u32,
}}

#[no_mangle]
#[inline(never)]
pub extern "C" fn changed_id(changed: &Changed) -> u32 {{
    changed.id
}}

// not reported: nothing changes here
#[repr(C)]
pub struct Point {{
    x: u32,
    y: u32,
}}

#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(point: &Point) -> u32 {{
    point.x ^ point.y
}}
"""

SAMPLE_TOML = """\
why = "TODO: one sentence on why this change matters."
verdict = "incompatible"
effect = "layout"
expected = ["{name}"]
affected = ["changed_id"]
unaffected = ["unrelated"]
"""


def scaffold(name: str, samples: Path = SAMPLES) -> list[Path]:
    """Writes the files of a new pair and returns their paths."""
    files = {"sample.toml": SAMPLE_TOML}
    for side in ("old", "new"):
        files[f"{side}/Cargo.toml"] = CARGO_TOML
        files[f"{side}/src/lib.rs"] = LIB_RS
    written = []
    for relative, template in files.items():
        path = samples / name / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.format(name=name), encoding="utf-8")
        written.append(path)
    return written


def main(arguments: Sequence[str] | None = None) -> int:
    """Scaffolds one pair; returns 2 if the name is taken or is no crate name."""
    parser = argparse.ArgumentParser(description="Scaffolds a pair of sample crates.")
    parser.add_argument("name", metavar="NAME", help="the kind of change, with underscores")
    name: str = parser.parse_args(arguments).name
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        parser.error(f"{name!r} is not a crate name in lower case with underscores")
    if (SAMPLES / name).exists():
        parser.error(f"there is a sample of that name: {SAMPLES / name}")
    for path in scaffold(name):
        print(path.relative_to(SAMPLES.parent))
    print(f"next: edit them, then run scripts/build_samples.py --only {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
