"""The text that makes the first administrator: sealed, for an hour."""

from __future__ import annotations

import base64

import pytest

from limen.clock import Instant
from limen.secret import Secret
from limen.set_up import SET_UP_LIFETIME, SetUpSealer
from support.stores import NOW, chance

SEALER = SetUpSealer(Secret(bytes(range(32))))


def test_A46_it_is_good_for_an_hour_and_no_longer() -> None:
    text = SEALER.seal(now=NOW, entropy=chance)
    assert SEALER.is_good(text, now=NOW)
    assert SEALER.is_good(text, now=Instant(NOW + SET_UP_LIFETIME - 1))
    assert not SEALER.is_good(text, now=Instant(NOW + SET_UP_LIFETIME))


def test_two_are_never_the_same() -> None:
    assert SEALER.seal(now=NOW, entropy=chance) != SEALER.seal(now=NOW, entropy=chance)


def test_A46_another_secret_or_another_bit_is_nobodys() -> None:
    text = SEALER.seal(now=NOW, entropy=chance)
    assert not SetUpSealer(Secret(bytes(range(1, 33)))).is_good(text, now=NOW)
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for n in range(len(raw)):
        other = bytes([*raw[:n], raw[n] ^ 1, *raw[n + 1 :]])
        assert not SEALER.is_good(base64.urlsafe_b64encode(other).rstrip(b"=").decode(), now=NOW)


@pytest.mark.parametrize("text", ["", "x", "=", "A" * 52, "ä" * 30, "A" * 10_000, "\ud800"])
def test_what_is_no_text_of_ours_is_refused(text: str) -> None:
    assert not SEALER.is_good(text, now=NOW)
