#!/usr/bin/env bash
# Shows rustabi on two sample pairs, in a minute. usage: scripts/demo.sh [--objects]
#   --objects   take the committed objects even where cargo could build the crates
# Exits 0 only if every command left the exit code it should have.
set -euo pipefail
cd "$(dirname "$0")/.."

rustabi=${RUSTABI:-rustabi}
samples=sample_crates
unexpected=0

bold='' plain=''
if [[ -t 1 ]]; then
  bold=$'\033[1m' plain=$'\033[0m'
fi

say() {
  printf '\n%s# %s%s\n' "$bold" "$*" "$plain"
}

# run EXPECTED ARGUMENT...: shows the command, runs it, and holds its exit code against EXPECTED.
run() {
  local expected=$1 code=0
  shift
  printf '$ rustabi%s\n' "$(printf ' %q' "$@")"
  "$rustabi" "$@" || code=$?
  if [[ $code -eq $expected ]]; then
    printf '(exit code %d)\n' "$code"
  else
    printf '(exit code %d, expected %d)\n' "$code" "$expected" >&2
    unexpected=1
  fi
}

if [[ ${1:-} != --objects ]] && cargo --version >/dev/null 2>&1; then
  old=$samples/repr_changed/old
  new=$samples/repr_changed/new
  say "Two builds of one crate: cargo compiles both folders. Old says repr(C) on a struct, new does not."
else
  old=$samples/objects/repr_changed-old.o
  new=$samples/objects/repr_changed-new.o
  say "Two builds of one crate, as objects. Old was built with repr(C) on a struct, new without."
fi

say "What rustc made of the struct: it is free to reorder the members, and it did, to save bytes."
run 0 layout "$new" --type '*Frame'

say "The whole crate at a glance: its permuted types, the bytes won, and the version of each export."
run 0 report "$new"

say "Can a caller built against old run with new? No (exit code 1), and this is why."
run 1 diff "$old" "$new"

say "Not one character of source differs between these two: only the compiler's choice does."
run 1 diff "$samples/objects/layout_permuted-old.o" "$samples/objects/layout_permuted-new.o"

say "A build against itself is compatible (exit code 0)."
run 0 diff "$old" "$old"

if [[ $rustabi == */* ]]; then
  say "rustabi is $rustabi here: call it so, or put it on PATH with: source ${rustabi%/*}/activate"
fi

exit "$unexpected"
