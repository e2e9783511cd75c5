"""The secret: strong or refused, one key for each purpose, and seen by nobody."""

from __future__ import annotations

import base64
import copy
import hmac
import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.errors import Misconfigured
from limen.secret import MINIMUM_BYTES, Secret

RAW = bytes(range(32))


@pytest.mark.parametrize("size", [0, 1, 16, 31])
def test_J35_K15_a_short_secret_is_refused_with_what_to_do(size: int) -> None:
    with pytest.raises(
        Misconfigured, match=f"has {size} bytes and needs at least 32; make one with"
    ) as caught:
        Secret(RAW[:size])
    assert caught.value.code == "secret_too_short"


@pytest.mark.parametrize(
    "raw",
    [
        b"a" * 32,
        b"ab" * 16,
        b"abcdefgh" * 4,
        b"correct horse staple" * 2,
        bytes(64),
        b"changeme" * 8,
        RAW * 2,
    ],
)
def test_K15_a_secret_that_repeats_itself_is_refused(raw: bytes) -> None:
    with pytest.raises(Misconfigured) as caught:
        Secret(raw)
    assert caught.value.code == "secret_weak"
    assert raw.decode("latin-1") not in str(caught.value)


def test_generated_secrets_are_strong_and_differ() -> None:
    made = {Secret.generate().reveal() for _ in range(100)}
    assert len(made) == 100
    assert all(len(text) == 43 for text in made)


@given(st.binary(min_size=MINIMUM_BYTES, max_size=80))
def test_what_is_revealed_parses_to_the_same_secret(raw: bytes) -> None:
    try:
        secret = Secret(raw)
    except Misconfigured:
        return
    for text in (secret.reveal(), f"  {secret.reveal()}\n", base64.urlsafe_b64encode(raw).decode()):
        assert Secret.parse(text).derive("x") == secret.derive("x")


def test_a_passphrase_is_its_bytes() -> None:
    text = "four score and seven years ago, our fathers…"
    assert Secret.parse(text).derive("x") == Secret(text.encode()).derive("x")


@given(st.text() | st.text(st.characters(categories=["Cs"]), min_size=1, max_size=60))
def test_no_text_is_more_than_misconfigured(text: str) -> None:
    said = ""
    try:
        Secret.parse(text)
    except Misconfigured as error:
        said = str(error)
    assert len(text) < 9 or text not in said


def test_bytes_of_the_environment_that_are_no_utf8_are_those_bytes() -> None:
    """Python hands them over as lone surrogates (PEP 383)."""
    raw = bytes(range(200, 240))
    assert Secret.parse(raw.decode("utf-8", "surrogateescape")).derive("x") == Secret(raw).derive("x")


def test_K12_no_two_purposes_share_a_key() -> None:
    purposes = (
        "session credential tag", "session credential successor", "device credential", "key ring", "throttle",
        "client secret", "session credential ta", "session credential tag ", "",
    )  # fmt: skip
    keys = [Secret(RAW).derive(purpose) for purpose in purposes]
    assert len(set(keys)) == len(purposes)
    for one, other in pairwise(sorted(keys)):
        assert not one.startswith(other[:4])
    assert Secret(RAW).derive("x") != Secret(RAW[::-1]).derive("x")


def test_a_derived_key_is_hkdf_of_rfc_5869() -> None:
    """A change of it would end every session and lose every signing key: pinned by an own computation."""
    prk = hmac.digest(bytes(32), RAW, "sha256")
    expected = hmac.digest(prk, b"limen/1/key ring\x01", "sha256")
    assert Secret(RAW).derive("key ring") == expected
    assert Secret(RAW).derive("key ring", 16) == expected[:16]


def test_K16_it_shows_itself_in_no_form() -> None:
    secret = Secret(RAW)
    shown = f"{secret} {secret!r} {secret!s:>50} {[secret]} {secret.__dir__()}"
    for form in (RAW.hex(), repr(RAW), secret.reveal(), base64.b64encode(RAW).decode()):
        assert form not in shown
    assert not hasattr(secret, "__dict__")


def test_K16_it_is_neither_pickled_nor_copied() -> None:
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            attempt(Secret(RAW))


def test_what_stands_beside_a_secret_opens_and_does_not_seal() -> None:
    one, two, three = (Secret(bytes(range(n, 32 + n))) for n in range(3))
    both = one.beside(two.beside(three))
    assert both.derive("p") == one.derive("p")
    assert both.derive_all("p") == (one.derive("p"), two.derive("p"), three.derive("p"))
    assert [each.reveal() for each in both.every()] == [s.reveal() for s in (one, two, three)]
    assert one.derive_all("p") == (one.derive("p"),)
    assert two.reveal() not in repr(both)
