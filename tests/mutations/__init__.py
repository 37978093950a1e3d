"""The mutation bench: one edit at a time, built by a real compiler, whose effect is known.

`catalogue/` says what each edit is and whether it breaks a caller, `seeds/` has the crates that are
edited. `make mutations` applies all of them and holds what `rustabi` says against the truth.
"""
