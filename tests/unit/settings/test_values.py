"""From what was written to a value, or to a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.errors import Misconfigured
from limen.secret import Secret
from limen.settings.table import Kind, Setting, written
from limen.settings.values import parse, secret_of


def read(kind: Kind, value: Any, *, text: bool = False) -> Any:
    return parse(Setting("thing", "LIMEN_THING", kind, "", ""), value, place="thing", text=text)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (90, 90),
        (0.5, 0.5),
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        ("1.5h", 5_400),
        ("12h", 43_200),
        ("30d", 2_592_000),
        ("250ms", 0.25),
        (" 15m ", 900),
    ],
)
@pytest.mark.parametrize("text", [True, False])
def test_a_duration_is_seconds_or_has_a_unit(value: object, seconds: float, text: bool) -> None:
    found = read(Kind.DURATION, value, text=text)
    assert found == seconds
    assert isinstance(found, int) == float(seconds).is_integer()


NO_DURATION = ["", "m", "15 m", "15min", "15M", "1h30m", "-5", "-5m", "1e3", "٣", "15m\x00", "1_000", "inf"]


@pytest.mark.parametrize(
    "value",
    [*NO_DURATION, "nan", ".5", "9" * 5_000, True, None, float("nan"), float("inf"), 10**400, ["15m"]],
)
def test_what_is_no_duration_is_refused_with_examples(value: object) -> None:
    with pytest.raises(Misconfigured, match="thing: write a duration: seconds such as 90, or 15m"):
        read(Kind.DURATION, value, text=True)


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("19456", 19_456), (" 7 ", 7), (7, 7)])
def test_a_number_of_text_is_its_digits(value: object, number: int) -> None:
    assert read(Kind.NUMBER, value, text=True) == number


@pytest.mark.parametrize("value", ["7", 7.0, True, None, 10**400, [7]])
def test_a_number_in_code_is_a_number(value: object) -> None:
    with pytest.raises(Misconfigured, match="a whole number"):
        read(Kind.NUMBER, value)


@pytest.mark.parametrize("value", ["", "7.0", "-1", "0x10", "٣", "1_000", "9" * 5_000])
def test_text_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(Misconfigured, match="a whole number"):
        read(Kind.NUMBER, value, text=True)


@pytest.mark.parametrize(
    ("value", "parts"), [("", ()), ("a", ("a",)), ("a, b,,c ", ("a", "b", "c")), (" , ", ())]
)
def test_a_list_of_text_has_commas(value: str, parts: tuple[str, ...]) -> None:
    assert read(Kind.LIST, value, text=True) == parts


@pytest.mark.parametrize("value", [["a", "b"], ("a", "b")])
def test_a_list_in_code_is_a_list(value: object) -> None:
    assert read(Kind.LIST, value) == ("a", "b")


@pytest.mark.parametrize("value", ["cookie", "a,b", {"a"}, [1], None, b"a"])
def test_one_text_in_code_is_no_list(value: object) -> None:
    with pytest.raises(Misconfigured, match="a list of texts"):
        read(Kind.LIST, value)


@pytest.mark.parametrize("value", [1, None, True, b"session", ["session"], {"a": 1}])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(Misconfigured, match="thing: write a text"):
        read(Kind.TEXT, value)


def test_a_secret_is_a_secret_or_its_text() -> None:
    secret = Secret.generate()
    assert read(Kind.SECRET, secret) is secret
    assert read(Kind.SECRET, secret.reveal()).reveal() == secret.reveal()
    with pytest.raises(Misconfigured, match="limen key secret"):
        read(Kind.SECRET, b"raw")


@pytest.mark.parametrize(
    "text",
    [
        "change-me-change-me-change-me-change-me",
        "CHANGEME0123456789abcdefghijklmnopqrstuvwxyz",
        "this-is-an-example-secret-of-forty-characters",
        "your_secret_goes_here_and_is_long_enough_ok",
        "placeholder-placeholder-placeholder-0123456",
        "django-insecure-4q3h8f7s6d5a4s3d2f1g0h9j8k7l6",
        "replace this text with something random 01234",
    ],
)
def test_K15_an_example_that_was_left_in_place_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        secret_of(text)
    assert caught.value.code == "secret_weak"
    assert "limen key secret" in caught.value.message


@given(st.binary(min_size=32, max_size=32).filter(lambda raw: len(set(raw)) > 16))
def test_a_random_secret_is_not_taken_for_an_example(raw: bytes) -> None:
    text = Secret(raw).reveal()
    assert secret_of(text).reveal() == text


@pytest.mark.parametrize("value", ["hunter2hunter2", "a" * 40, "change-me"])
def test_K16_no_error_shows_the_secret(value: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read(Kind.SECRET, value)
    assert value not in str(caught.value) + repr(caught.value)


@given(st.one_of(st.integers(0, 10**9), st.floats(0.1, 10**6).map(lambda x: round(x, 3))))
def test_a_duration_reads_back(seconds: float) -> None:
    assert read(Kind.DURATION, written(seconds, Kind.DURATION), text=True) == pytest.approx(seconds, rel=1e-5)
