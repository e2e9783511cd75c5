"""The fields of a record: taken by name, and what nobody took is lost."""

from __future__ import annotations

import pytest

from limen.importing.fields import Fields
from limen.importing.record import Bad, Loss


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), ("t", True), ("TRUE", True), (1, True), ("1", True), (0, False), ("f", False), ("", None)],
)
def test_a_flag_is_said_in_many_ways(value: object, expected: bool | None) -> None:
    assert Fields({"a": value}).flag("a") is expected


@pytest.mark.parametrize("value", ["maybe", 2, "-1", [True], {"a": 1}, 0.5])
def test_what_is_neither_yes_nor_no_is_bad(value: object) -> None:
    with pytest.raises(Bad, match="a is neither yes nor no"):
        Fields({"a": value}).flag("a")


@pytest.mark.parametrize(
    "value",
    ["2020-01-02T03:04:05Z", "2020-01-02 03:04:05+00", "2020-01-02 04:04:05.00+01:00", "2020-01-02 03:04:05",
     "1577934245000", 1577934245000, 1577934245, "1577934245.0"],
)  # fmt: skip
def test_a_moment_is_written_in_many_ways(value: object) -> None:
    assert Fields({"a": value}).moment("a") == 1577934245.0


@pytest.mark.parametrize(
    "value", ["yesterday", "9" * 40, True, [], "2020-13-01", {"x": 1}, float("nan"), 1e300]
)
def test_what_is_no_moment_is_bad(value: object) -> None:
    if value == []:
        assert Fields({"a": value}).moment("a") is None
        return
    with pytest.raises(Bad, match="a is no moment"):
        Fields({"a": value}).moment("a")


@pytest.mark.parametrize("value", ["ja", "maybe", [1], {"x": 1}, "0000-00-00"])
def test_what_is_neither_a_flag_nor_a_moment_proves_nothing(value: object) -> None:
    with pytest.raises(Bad, match=r"^a is neither yes nor no, nor a moment$"):
        Fields({"a": value}).proven("a")


def test_a_creation_that_cannot_be_is_lost_and_not_bad() -> None:
    for value in (-5, "1815-12-10", 9_999_999_999):
        fields = Fields({"a": value})
        assert fields.created("a") is None
        assert fields.losses() == (Loss.CREATED,)


@pytest.mark.parametrize("value", [["a", "b"], "a,b", "a, b", "a b", "a\nb", '["a","b"]', "{a,b}", "a;b"])
def test_words_are_listed_in_many_ways(value: object) -> None:
    assert Fields({"a": value}).words("a") == ("a", "b")


def test_proven_is_a_flag_or_since_when() -> None:
    assert Fields({"a": "t"}).proven("a") is True
    assert Fields({"a": "2020-01-02T03:04:05Z"}).proven("a") == 1577934245.0
    assert Fields({"a": None}).proven("a") is None


def test_what_nobody_took_is_lost_if_it_says_anything() -> None:
    fields = Fields(
        {"a": "1", "b": "x", "c": "", "d": None, "e": {}, "f": False, "g": "y", "h": "f", "i" * 99: 1}
    )
    fields.take("a")
    fields.ignore("g")
    assert fields.losses() == ("b", "i" * 64)


def test_texts_lists_and_objects_are_told_apart() -> None:
    for value in ([1], {"a": 1}, True):
        with pytest.raises(Bad):
            Fields({"a": value}).text("a")
    assert Fields({"a": 7}).text("a") == "7"
    assert Fields({"a": '{"b": 1}'}).object("a") == {"b": 1}
    for value in ("[1]", [1], "{"):
        with pytest.raises(Bad):
            Fields({"a": value}).object("a")


@pytest.mark.parametrize(
    ("value", "roles"),
    [("admin, user", ("admin", "user")), ("not admin", ("not admin",)), (["a,b"], ("a,b",)), (None, ())],
)
def test_blanks_are_no_commas(value: object, roles: tuple[str, ...]) -> None:
    assert Fields({"a": value}).several("a") == roles
