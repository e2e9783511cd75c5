"""A29, A31, A32, A38: hashes are made by one scheme, and whatever was ever stored is verified or refused."""

from __future__ import annotations

import unicodedata
from typing import Literal

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limen.errors import LimenError, Misconfigured, Rejected
from limen.insecure import WeakHashing
from limen.passwords import (
    Bcrypt,
    Format,
    Hasher,
    Limits,
    Matched,
    Mismatched,
    UnusableHash,
    from_firebase,
)
from limen.passwords.argon2 import Argon2Hash
from limen.passwords.bcrypt import BcryptParameters

WEAK = Hasher(WeakHashing())
PASSWORD = "correct horse battery staple"
LONG = "x" * 80


@given(st.text(min_size=1, max_size=40))
@settings(max_examples=50)
def test_A28_what_was_hashed_matches_and_nothing_else_does(text: str) -> None:
    try:
        stored = WEAK.hash(text)
    except Rejected:
        return
    assert WEAK.verify(stored, text) == Matched(outdated=False)
    for other in (text + " ", " " + text, text + "x", text.swapcase()):
        if other != text:
            assert WEAK.verify(stored, other) == Mismatched()


def test_A28_a_hash_of_what_was_typed_in_no_normal_form_is_verified_and_called_outdated() -> None:
    typed = unicodedata.normalize("NFD", "mật khẩu đẹp lắm")
    stored = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(typed)
    assert WEAK.verify(stored, typed) == Matched(outdated=True)
    assert WEAK.verify(stored, typed + "x") == Mismatched()
    assert WEAK.verify(stored, unicodedata.normalize("NFC", typed)) == Mismatched()
    assert WEAK.verify(WEAK.hash(typed), typed) == Matched(outdated=False)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_A02_a_wrong_password_costs_the_same_whoever_made_the_hash_and_where_there_is_none(
    form: Literal["NFC", "NFD"], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[bytes] = []
    matches = Argon2Hash.matches
    monkeypatch.setattr(Argon2Hash, "matches", lambda self, s: done.append(s) or matches(self, s))
    wrong = unicodedata.normalize(form, "mật khẩu đẹp lắm")
    theirs = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    counts = []
    for stored in (WEAK.hash(PASSWORD), theirs, WEAK.dummy):
        done.clear()
        assert WEAK.verify(stored, wrong) == Mismatched()
        counts.append(len(done))
    assert counts == [1 if form == "NFC" else 2] * 3


def test_two_hashes_of_one_password_differ_and_say_nothing_of_it() -> None:
    one, other = WEAK.hash(PASSWORD), WEAK.hash(PASSWORD)
    assert one != other
    assert PASSWORD not in one
    assert len(one) < 128


@pytest.mark.parametrize("length", [64, 71, 72, 73, 128, 1_024])
def test_A29_our_bcrypt_reads_every_byte(length: int) -> None:
    hasher = Hasher(BcryptParameters(cost=4))
    stored = hasher.hash("x" * length)
    assert hasher.verify(stored, "x" * length) == Matched(outdated=False)
    for other in ("x" * (length - 1), "x" * (length - 1) + "y"):
        assert hasher.verify(stored, other) == Mismatched()


def test_A31_what_another_scheme_made_is_verified_and_called_outdated() -> None:
    bcrypt = Hasher(BcryptParameters(cost=4))
    assert WEAK.verify(bcrypt.hash(LONG), LONG) == Matched(outdated=True)
    assert bcrypt.verify(WEAK.hash(LONG), LONG) == Matched(outdated=True)
    assert WEAK.needs_upgrade(bcrypt.hash(LONG))
    assert not WEAK.needs_upgrade(WEAK.hash(LONG))
    assert Hasher(WeakHashing(time_cost=2)).needs_upgrade(WEAK.hash(LONG))


@pytest.mark.parametrize(
    "stored",
    [
        "", "!", "!abc", "x", PASSWORD, "$1$salt$hash", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ",
        "$2b$12$short",
        "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHRzYWx0$" + "A" * 43,
        "$argon2id$v=19$m=8,t=4294967295,p=1$c2FsdHNhbHRzYWx0$" + "A" * 43,
        "$argon2id$v=19$m=1000000000,t=1,p=4294967295$c2FsdHNhbHRzYWx0$" + "A" * 43,
        "$argon2id$v=19$m=99999999999,t=1,p=1$c2FsdHNhbHRzYWx0$" + "A" * 43,
        "$2b$31$" + "a" * 53, "$2b$99$" + "a" * 53, "pbkdf2_sha256$9999999999$salt$" + "A" * 43 + "=",
        "scrypt:1073741824:8:1$salt$" + "0" * 128, "scrypt:16384:8:1073741824$salt$" + "0" * 128,
        "$scrypt$ln=63,r=8,p=1$c2FsdA$" + "A" * 43, "scrypt$3$salt$8$1$" + "A" * 86 + "==", "md5$salt$hash",
        "$argon2id$" + "x" * 2_000, "ａｒｇｏｎ２",
        "$firebase-scrypt$ln=30,r=8$c2FsdA$$" + "A" * 43 + "$" + "A" * 43,
    ],
)  # fmt: skip
def test_A32_A38_what_is_no_hash_or_costs_too_much_is_refused_before_hashing(stored: str) -> None:
    for attempt in (WEAK.needs_upgrade, WEAK.describe, lambda s: WEAK.verify(s, PASSWORD)):
        with pytest.raises(UnusableHash) as caught:
            attempt(stored)
        assert len(stored) < 8 or stored not in str(caught.value)


LIKE_ONE = st.from_regex(r"\$(argon2id|2b|scrypt|pbkdf2|bcrypt-sha256)\$[ -~]{0,80}", fullmatch=True)


@given(st.text(max_size=120) | LIKE_ONE)
def test_A32_no_text_is_more_than_unusable(stored: str) -> None:
    with pytest.raises(UnusableHash):
        WEAK.describe(stored)


def test_A38_an_empty_password_is_never_hashed_nor_verified() -> None:
    for attempt in (WEAK.hash, lambda p: WEAK.verify(WEAK.hash(PASSWORD), p)):
        with pytest.raises(Rejected):
            attempt("")


def test_A02_the_dummy_costs_what_a_hash_costs_and_matches_nothing() -> None:
    assert WEAK.describe(WEAK.dummy).parameters == WEAK.describe(WEAK.hash(PASSWORD)).parameters
    assert WEAK.verify(WEAK.dummy, PASSWORD) == Mismatched()
    assert Hasher(WeakHashing()).dummy != WEAK.dummy


def test_a_scheme_that_its_own_limits_refuse_is_misconfigured() -> None:
    with pytest.raises(Misconfigured, match="asks for too much"):
        Hasher(Bcrypt(cost=16))
    with pytest.raises(Misconfigured):
        Hasher(WeakHashing(memory_kib=1_000_000))


def test_a_format_that_is_not_accepted_is_unusable() -> None:
    bcrypt = Hasher(BcryptParameters(cost=4)).hash(PASSWORD)
    narrow = Hasher(WeakHashing(), accept=())
    with pytest.raises(UnusableHash, match="not accepted here"):
        narrow.verify(bcrypt, PASSWORD)
    wider = Hasher(WeakHashing(), accept=[Format.BCRYPT_SHA256])
    assert wider.verify(bcrypt, PASSWORD) == Matched(outdated=True)


def test_A31_a_hash_out_of_firebase_with_the_published_parameters() -> None:
    """The example of Firebase's own scrypt tool: password `user1password`."""
    stored = from_firebase(
        "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
        "42xEC+ixf3L2lw==",
        signer_key="jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
        salt_separator="Bw==",
        rounds=8,
        mem_cost=14,
    )
    assert WEAK.verify(stored, "user1password") == Matched(outdated=True)
    assert WEAK.verify(stored, "user1passwore") == Mismatched()


def test_limits_are_the_operators() -> None:
    strict = Hasher(WeakHashing(), limits=Limits(memory_kib=8, work_kib=8))
    with pytest.raises(UnusableHash, match="refused before hashing"):
        strict.verify(Hasher(WeakHashing(memory_kib=16)).hash(PASSWORD), PASSWORD)
    assert not issubclass(UnusableHash, LimenError)
