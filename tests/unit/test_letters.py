"""Letters: sealed while they wait, and when they are tried again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from limen import ids
from limen.clock import Instant
from limen.letters import LONGEST_PAUSE, Kind, Letter, LetterSealer, next_attempt
from limen.secret import Secret
from support.stores import NOW, chance

SEALER = LetterSealer(Secret(bytes(range(32))))
LETTER = Letter(Kind.RESET, "ada@example.org", {"link": "https://app.example/reset?token=x"}, "de")


def test_a_letter_comes_back_as_it_was_posted_and_shows_nothing_meanwhile() -> None:
    posted = SEALER.post(LETTER, now=NOW, lifetime=60, entropy=chance)
    assert SEALER.open(posted) == LETTER
    assert (posted.due, posted.ends, posted.attempts) == (NOW, NOW + 60, 0)
    assert ids.created_ms(posted.id) == int(NOW * 1000)
    for secret in (b"ada@example.org", b"token", b"reset"):
        assert secret not in posted.sealed
    assert "ada" not in repr(LETTER) + repr(posted)
    assert "token" not in repr(LETTER) + repr(posted)


def test_a_letter_that_somebody_changed_or_moved_is_no_letter() -> None:
    posted = SEALER.post(LETTER, now=NOW, lifetime=60, entropy=chance)
    other = SEALER.post(LETTER, now=NOW, lifetime=60, entropy=chance)
    for at in (0, 12, len(posted.sealed) - 1):
        raw = bytearray(posted.sealed)
        raw[at] ^= 1
        assert SEALER.open(replace(posted, sealed=bytes(raw))) is None
    assert SEALER.open(replace(posted, id=other.id)) is None
    assert SEALER.open(replace(posted, sealed=b"")) is None
    assert LetterSealer(Secret(bytes(range(1, 33)))).open(posted) is None


@pytest.mark.parametrize("chance_", [0.0, 0.5, 1.0])
def test_a_letter_is_tried_again_later_each_time_and_never_in_step(chance_: float) -> None:
    pauses = [next_attempt(n, now=NOW, chance=chance_) - NOW for n in range(1, 30)]
    assert pauses == sorted(pauses)
    assert pauses[0] == pytest.approx(5 * (1 - chance_ / 2))
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE * (1 - chance_ / 2))
    assert next_attempt(10**9, now=Instant(0.0), chance=0) == LONGEST_PAUSE
