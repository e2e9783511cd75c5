"""Error codes are stable, written where they are raised, and explained in docs/errors.md."""

from __future__ import annotations

from support.codes import PAGE, SHAPE, explained, unreadable, used
from support.source import modules, parse


def test_every_code_is_explained() -> None:
    """`PYTHONPATH=tests .venv/bin/python -m support.codes` lists what is missing, and where it is raised."""
    rows = set(explained(PAGE.read_text()))
    assert {code: place for code, place in used(modules()).items() if code not in rows} == {}


def test_every_explained_code_can_be_raised() -> None:
    assert set(explained(PAGE.read_text())) - used(modules()).keys() == set()


def test_the_page_is_sorted_and_says_nothing_twice() -> None:
    rows = explained(PAGE.read_text())
    assert rows == sorted(set(rows))


def test_codes_are_lower_case_words() -> None:
    assert [code for code in used(modules()) if not SHAPE.fullmatch(code)] == []


def test_codes_are_written_where_they_are_raised() -> None:
    assert unreadable(modules()) == []


def test_codes_are_found_in_calls_conditions_and_defaults() -> None:
    text = "raise Denied('no', code='a' if x else 'b')\ndef f(*, code: str = 'c'): ...\nwrap(code='d')"
    assert set(used([parse("limen.keys", text)])) == {"a", "b", "c", "d"}


def test_a_code_that_cannot_be_read_is_seen() -> None:
    assert unreadable([parse("limen.keys", "raise Denied('no', code=f'bad_{x}')")]) != []
    assert unreadable([parse("limen.keys", "def f(code):\n    raise Denied('no', code=code)")]) == []
