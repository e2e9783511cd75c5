"""A28, A30, A33: what the text of a password is, before anything is done with it."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.errors import Rejected
from limen.passwords import MAX_BYTES, normalise


def code(text: str) -> str | None:
    try:
        normalise(text)
    except Rejected as error:
        refusal = error
    else:
        return None
    assert (refusal.http_status, refusal.field) == (422, "password")
    return refusal.code


@given(st.text(min_size=1, max_size=200))
def test_A28_it_is_nfc_once_and_nothing_is_trimmed_or_cut(text: str) -> None:
    if code(text) is not None:
        return
    normal = normalise(text)
    assert normal == unicodedata.normalize("NFC", text) == normalise(normal)
    assert normalise(unicodedata.normalize("NFD", text)) == normal


@pytest.mark.parametrize("text", [" lead", "trail ", "\ttab\n", "🔑" * 16, "\u200d", "a\u0301", "=" * 1_024])
def test_A28_blanks_emoji_and_controls_are_a_part_of_it(text: str) -> None:
    assert len(normalise(text)) == len(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "password_empty"), ("\0", "password_malformed"), ("abc\0def", "password_malformed"),
        ("\ud800", "password_malformed"), ("a" * 1_024, None), ("a" * 1_025, "password_too_long"),
        ("é" * 512, None), ("é" * 513, "password_too_long"), ("e\u0301" * 512, None),
        ("e\u0301" * 513, "password_too_long"),
    ],
)  # fmt: skip
def test_A30_A33_what_cannot_be_a_password(text: str, expected: str | None) -> None:
    assert code(text) == expected


@pytest.mark.parametrize("fill", ["a", "é", "\u0301", "ﷺ", "🔑", "\0", "\ud800"])
def test_A33_a_hundred_megabytes_are_refused_before_they_are_looked_at(fill: str) -> None:
    text = fill * 25_000_000
    started = time.perf_counter()
    assert code(text) == "password_too_long"
    assert time.perf_counter() - started < 0.1


def test_the_bound_before_nfc_refuses_nothing_that_fits_after_it() -> None:
    for c in ("a\u0301", "ㅎ", "\u1112\u1161\u11ab", "Å", "\u0344"):
        sizes = {n: len(unicodedata.normalize("NFC", c * n).encode()) for n in range(1, 1_100)}
        assert code(c * max(n for n, size in sizes.items() if size <= MAX_BYTES)) is None
