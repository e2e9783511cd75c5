"""Decoding for people: lenient in reading, exact in saying what is wrong, and never `Claims`."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.errors import Rejected
from limen.jose import b64, jwt, unverified
from support.tokens import head, key, raw, said, token


def unreadable(text: str) -> str:
    with pytest.raises(Rejected) as error:
        unverified.read(text)
    assert error.value.code == "token_unreadable"
    assert text == "" or text not in f"{error.value} {error.value!r}"
    return error.value.reason


def test_a_good_token_is_shown_as_written_and_has_no_flaw() -> None:
    found = unverified.read(token())
    assert (found.header, found.claims, found.flaws) == (head(), said(), ())
    assert len(found.signature) == 64


def test_J60_what_is_not_verified_is_another_type() -> None:
    found = unverified.read(token())
    assert not isinstance(found, jwt.Claims)
    assert not hasattr(found, "sub")
    assert "0190b7a0" not in repr(found)


@pytest.mark.parametrize(
    ("text", "flaws"),
    [
        (token(raw(said())[:-1] + b',"sub":"x"}'), ("claims_duplicate",)),
        (token(header=raw(head())[:-1] + b',"alg":"none"}'), ("header_duplicate",)),
        (token(header=head(crit=["x"])), ("crit_refused",)),
        (token(header=head(jwk={})), ("jwk_refused",)),
        (token(header=head(alg=...)), ("alg_not_allowed",)),
        (token() + "==", ("signature_malformed",)),
        (token(raw(said()).decode().replace("1800000600", "NaN")), ("payload_malformed",)),
    ],
)
def test_what_keeps_a_token_from_being_taken_is_said(text: str, flaws: tuple[str, ...]) -> None:
    assert unverified.read(text).flaws == flaws


def test_padding_and_the_other_alphabet_are_read_and_said() -> None:
    parts = token(said(sub="~~~???")).replace("-", "+").replace("_", "/").split(".")
    padded = ".".join(part + "=" * (-len(part) % 4) for part in parts)
    found = unverified.read(padded)
    assert found.claims["sub"] == "~~~???"
    assert "payload_malformed" in found.flaws


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "segments_wrong"), ("a.b", "segments_wrong"), ("a.b.c.d.e", "token_encrypted"),
        ("!.e30.", "header_malformed"), ("e30.bm8.", "payload_malformed"), ("W10.e30.", "header_malformed"),
        (f"e30.{b64.encode(b'[' * 100_000)}.", "payload_malformed"),
        ("a" * ((1 << 20) + 1), "token_too_large"),
        ("e30.e30.a", "signature_malformed"), ("é.e30.", "header_malformed"),
        ("\ud800.e30.", "header_malformed"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_says_why(text: str, reason: str) -> None:
    assert unreadable(text) == reason


SEGMENTS = st.lists(st.text("eyJ0In_-.=[]", max_size=12), min_size=3, max_size=3)


@given(st.text(max_size=40) | SEGMENTS.map(".".join))
def test_whatever_is_pasted_is_read_or_rejected(text: str) -> None:
    with contextlib.suppress(Rejected):
        assert isinstance(unverified.read(text), unverified.Unverified)


def test_a_token_of_another_key_is_read_all_the_same() -> None:
    assert unverified.read(token(signing=key(number=7))).header["kid"] == key(number=7).kid
