"""Results are kept for the values last asked for, and told apart by identity."""

from __future__ import annotations

from rustabi.recent import Recent


def test_the_last_two_are_kept() -> None:
    recent: Recent = Recent()
    made: list[str] = []

    def ask(value: tuple[str, ...]) -> int:
        def make() -> int:
            made.extend(value)
            return len(made)

        return recent.of((value,), make)

    one, two, three = ("one",), ("two",), ("three",)
    assert [ask(each) for each in (one, two, one, two)] == [1, 2, 1, 2]
    assert [ask(each) for each in (three, two, one)] == [3, 2, 4]
    assert ask((*one, "more")[:1]) == 5  # equal, but another object


def test_what_is_kept_is_listed_the_latest_last() -> None:
    recent: Recent = Recent()
    for number, value in enumerate([("one",), ("two",), ("three",)], 1):
        recent.of((value,), value[0].__str__)
        assert recent.results() == ["one", "two", "three"][:number][-2:]
