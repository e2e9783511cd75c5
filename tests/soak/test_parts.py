"""What the soak stands on: a clock that turns where it should, and answers read for what they are."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from soak.asking import _outcome, session_of
from soak.history import Outcome
from soak.turned import TurnedClock, turn
from support.world import account_with, world


def test_a_turned_clock_is_ahead_at_once_and_its_monotonic_side_never(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    turn(path, 0.0)
    clock = TurnedClock(path)
    assert abs(clock.now() - time.time()) < 5
    before = clock.monotonic()
    for seconds in (3_600.0, -3_600.0, 0.0):
        turn(path, seconds)
        assert abs(clock.now() - time.time() - seconds) < 5
    assert 0 <= clock.monotonic() - before < 5


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (200, "200", Outcome.OK),
        (202, "202", Outcome.OK),
        (401, "credential_revoked", Outcome.DENIED),
        (409, "password_changed", Outcome.UNKNOWN),
        (429, "too_many_attempts", Outcome.DENIED),
        (500, "internal_error", Outcome.BROKEN),
        (503, "unconfirmed", Outcome.UNKNOWN),
        (502, "502", Outcome.BROKEN),
    ],
)
def test_only_a_refusal_says_that_nothing_was_done(status: int, code: str, outcome: Outcome) -> None:
    assert _outcome(status, code) == (outcome, "" if outcome is Outcome.OK else code)


@pytest.mark.anyio
@pytest.mark.parametrize("strategy", ["session", "hybrid", "jwt"])
async def test_a_credential_tells_its_session(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, _):
        await account_with(auth)
        grant = (await auth.sign_in("ada@example.org", "correct horse battery staple")).grant
        assert session_of(grant.credential) == grant.session
