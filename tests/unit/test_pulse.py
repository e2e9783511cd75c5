"""How busy the feed is."""

from __future__ import annotations

from limen.clock import Instant
from limen.counts import Counts
from limen.pulse import KEPT, Pulse
from limen.revocations import Kind, Page, Revocation
from limen.testing import TurnableClock

NOON = 1_800_000_000.0


def page(*events: tuple[int, float]) -> Page:
    made = [
        Revocation(Kind.SESSION, "s", Instant(at), Instant(at + 900), Instant(at), "x", n) for n, at in events
    ]
    return Page(tuple(made), max((n for n, _ in events), default=0), 1, Instant(0.0))


def test_each_event_is_counted_once_in_its_own_minute() -> None:
    pulse = Pulse()
    pulse.take(page((1, NOON), (2, NOON + 59), (3, NOON + 60)))
    pulse.take(page((2, NOON + 59), (3, NOON + 60), (4, NOON + 61)))
    pulse.take(page())
    counted = pulse.minutes(now=Instant(NOON + 119))
    assert len(counted) == KEPT
    assert counted[-3:] == [0, 2, 2]


def test_what_is_long_past_or_yet_to_come_is_not_shown_and_never_much() -> None:
    pulse = Pulse()
    pulse.take(page(*((n, NOON + 60 * n) for n in range(1, 1_000))))
    assert sum(pulse.minutes(now=Instant(NOON + 60 * 999))) == KEPT
    assert sum(pulse.minutes(now=Instant(NOON))) == 0
    assert len(pulse._by_minute) <= 2 * KEPT


def test_what_the_feed_held_before_is_history_and_what_comes_is_counted_with_its_lag() -> None:
    clock = TurnableClock(NOON + 60)
    counts = Counts(clock.monotonic)
    pulse = Pulse(clock.now, counts)
    pulse.take(page((1, NOON)))
    assert not counts.revocations
    pulse.take(page((1, NOON), (2, NOON + 59.5), (3, NOON + 70)))
    assert counts.revocations == {"session": 2}
    assert counts.lag.count == 2
    assert counts.lag.seconds == 0.5  # what is of the future, by another's clock, is not early
