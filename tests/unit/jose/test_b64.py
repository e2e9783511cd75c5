"""Base64url: one text for each value, against a plain definition."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from limen.jose import b64

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def plainly(text: bytes) -> bytes | None:
    """The bytes of `text` by the definition; None if it is not what encoding them gives."""
    if set(text) - set(ALPHABET) or len(text) % 4 == 1:
        return None
    raw = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    return raw if base64.urlsafe_b64encode(raw).rstrip(b"=") == text else None


def read(text: bytes) -> bytes | None:
    try:
        return b64.decode(text)
    except ValueError:
        return None


@given(st.binary(max_size=200))
@example(b"")
@example(bytes(range(256)))
def test_bytes_go_out_and_come_back(raw: bytes) -> None:
    text = b64.encode(raw)
    assert text == base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert b64.decode(text) == b64.decode(text.encode()) == raw
    assert b64.encode_bytes(raw) == text.encode()


@given(st.binary(max_size=12) | st.text(ALPHABET.decode() + '+/= \n"\\*', max_size=12).map(str.encode))
def test_J16_J17_J18_a_text_is_read_exactly_if_it_is_the_one(text: bytes) -> None:
    assert read(text) == plainly(text)


@pytest.mark.parametrize(
    "shape", [b"%c", b"A%c", b"AA%c", b"AAA%c", b"%cAAA", b"A%cAA", b"A-%cA", b"AA%cAA", b"_%c"]
)
def test_J18_every_byte_at_every_place(shape: bytes) -> None:
    wrong = [c for c in range(256) if read(shape % c) != plainly(shape % c)]
    assert wrong == []


def test_J17_every_last_character() -> None:
    for length in range(1, 9):
        for last in ALPHABET:
            text = b"A" * (length - 1) + bytes([last])
            assert read(text) == plainly(text)


@pytest.mark.parametrize("text", ["é", "AAé", "AA\u0661", "\ud800"])
def test_J18_text_beyond_ascii_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        b64.decode(text)
