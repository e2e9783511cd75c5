"""A half-finished sign-in travels sealed, for ten minutes, and is a credential of nothing (S29)."""

from __future__ import annotations

import pytest

from limen.clock import Instant
from limen.errors import Denied
from limen.factors import HALF_LIFETIME, HALF_MAX, Half, HalfSealer, Unfinished
from limen.ids import AccountID, SessionID
from limen.secret import Secret
from limen.sessions import Sealer

SECRET = Secret(bytes(range(32)))
NOW = Instant(1_800_000_000.0)
HALF = Half(
    account=AccountID("019b0000-0000-7000-8000-000000000001"),
    cutoff=Instant(12.5),
    begun=NOW,
    amr=("pwd",),
    scopes=("notes:read",),
    replaces=SessionID("019b0000-0000-7000-8000-000000000002"),
)


def test_what_was_sealed_comes_back() -> None:
    sealer = HalfSealer(SECRET)
    assert sealer.open(sealer.seal(HALF), now=NOW) == HALF


def test_S29_its_time_is_ten_minutes() -> None:
    sealer = HalfSealer(SECRET)
    text = sealer.seal(HALF)
    assert sealer.open(text, now=Instant(NOW + HALF_LIFETIME - 0.001)) == HALF
    assert sealer.open(text, now=Instant(NOW + HALF_LIFETIME)) is None


def test_not_a_single_character_may_be_turned() -> None:
    sealer = HalfSealer(SECRET)
    text = sealer.seal(HALF)
    for at, character in enumerate(text):
        turned = text[:at] + ("A" if character != "A" else "B") + text[at + 1 :]
        assert sealer.open(turned, now=NOW) is None


@pytest.mark.parametrize("text", ["", "A", "=", "é", "a.b.c", "A" * (HALF_MAX + 1), "A" * HALF_MAX])
def test_garbage_is_none(text: str) -> None:
    assert HalfSealer(SECRET).open(text, now=NOW) is None


def test_another_secret_makes_another_seal() -> None:
    text = HalfSealer(SECRET).seal(HALF)
    assert HalfSealer(Secret(bytes(range(1, 33)))).open(text, now=NOW) is None


def test_S29_a_half_is_no_session_credential_and_holds_no_password() -> None:
    text = HalfSealer(SECRET).seal(HALF)
    assert Sealer(SECRET).open(text) is None
    assert "password" not in Half.__slots__


def test_who_knows_nothing_of_factors_takes_it_for_a_denial_and_sees_no_half_in_it() -> None:
    error = Unfinished("the-half", ("otp",), NOW)
    assert isinstance(error, Denied)
    assert "the-half" not in f"{error} {error!r}"
