"""What a proxy tells an application: values that two programs read alike, and a token of its own kind."""

from __future__ import annotations

import string
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen import forwarded
from limen.clock import Instant
from limen.errors import Denied
from limen.jose import jwk, jws, jwt
from support import tokens

PRINTABLE = (string.digits + string.ascii_letters + string.punctuation + " ").encode()
anything = st.text(st.characters(exclude_categories=["Cs"]))


@given(anything)
def test_a_value_is_printable_ascii_and_comes_back_when_it_is_decoded(value: str) -> None:
    sent = forwarded.text(value)
    assert sent.translate(None, PRINTABLE) == b""
    assert sent == sent.strip(), "blanks around a value are no part of it (RFC 9110 §5.5)"
    assert unquote(sent.decode()) == value.strip(" ")


@given(st.frozensets(anything))
def test_members_come_back_and_none_looks_like_two(values: frozenset[str]) -> None:
    sent = forwarded.members(values)
    assert sent.translate(None, PRINTABLE.replace(b" ", b"")) == b""
    assert [unquote(one) for one in sent.decode().split(",")] == (sorted(values) or [""])


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("ada@example.org", b"ada@example.org"),
        ("Ada Lovelace", b"Ada Lovelace"),
        (" Ada ", b"Ada"),
        ("a+b@x.example", b"a+b@x.example"),
        ("Ægir", b"%C3%86gir"),
        ("100%", b"100%25"),
        ("a\r\nRemote-User: root", b"a%0D%0ARemote-User: root"),
        ("\u2028\0\x7f", b"%E2%80%A8%00%7F"),
    ],
)
def test_plain_values_stay_as_they_are(value: str, sent: bytes) -> None:
    assert forwarded.text(value) == sent


def said(**changes: object) -> forwarded.Forwarded:
    claims = {
        "iss": tokens.ISSUER, "sub": "someone", "aud": "app", "exp": 2_000_000_000, "iat": 1_800_000_000,
        "sid": "s", "auth_time": 1_800_000_000, "amr": ("pwd",), "scope": "a", "strategy": "jwt",
    }  # fmt: skip
    return forwarded.Forwarded(**(claims | changes))  # type: ignore[arg-type]


def test_J42_no_verifier_of_access_tokens_takes_it_even_for_its_own_audience() -> None:
    key = tokens.key()
    token = forwarded.token(said(aud=tokens.AUDIENCE), key)
    with pytest.raises(Denied) as denied:
        tokens.verifier(key).verify(token, now=tokens.NOW)
    assert denied.value.reason == "typ_wrong"
    proven = jws.Verifier({key.kid: key.verify_key}, typ=forwarded.FORWARDED, algorithms=frozenset({key.alg}))
    assert proven.payload(token)
    assert forwarded.FORWARDED != jwt.ACCESS_TOKEN


def test_it_lives_for_a_minute_and_never_longer_than_the_credential() -> None:
    assert forwarded.end(now=Instant(100.0), ends=Instant(1_000.0)) == 160
    assert forwarded.end(now=Instant(100.0), ends=Instant(130.5)) == 130


@pytest.mark.parametrize("alg", [jwk.Algorithm.ES256, jwk.Algorithm.EDDSA])
def test_what_is_not_known_is_left_out(alg: jwk.Algorithm) -> None:
    token = forwarded.token(said(scope=""), tokens.key(alg))
    payload = jws.Verifier(
        {tokens.key(alg).kid: tokens.key(alg).verify_key},
        typ=forwarded.FORWARDED,
        algorithms=frozenset({alg}),
    ).payload(token)
    assert b"email" not in payload
    assert b"scope" not in payload
