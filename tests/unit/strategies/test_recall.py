"""The hot path: what was verified is known again, and whatever is in doubt is not."""

from __future__ import annotations

import pytest

from limen.clock import Instant
from limen.ids import AccountID, SessionID
from limen.revocations import Filter, Kind, Page, Revocation
from limen.sessions import StrategyName
from limen.strategies.base import Identity, Verified
from limen.strategies.recall import Recall
from limen.testing import TurnableClock

ADA = AccountID("ada")


class Desk:
    def __init__(self, *, size: int = 8) -> None:
        self.clock, self.filter = TurnableClock(), Filter()
        self.recall = Recall(self.filter, self.clock, size=size, max_staleness=5)
        self.arrive()

    def arrive(self, *events: Revocation) -> None:
        self.filter.follow(Page(events, self.filter.position + len(events), 0), sent=self.clock.monotonic())

    def event(self, kind: Kind, subject: str, *, upto: float = 0.0) -> Revocation:
        now = self.clock.now()
        return Revocation(kind, subject, Instant(now + upto), Instant(now + 900), now, "w", 1)

    def keep(
        self,
        credential: str,
        *,
        lives: float = 60,
        follows: bool = True,
        issued: bool = True,
        changes: int | None = None,
    ) -> Identity:
        now = self.clock.now()
        sid = SessionID(f"session of {credential}")
        who = Identity(ADA, sid, StrategyName.HYBRID, now, ("pwd",), frozenset(), Instant(now + lives))
        ms = int(now * 1000)
        seen = self.filter.changes if changes is None else changes
        verified = Verified(who, Instant(now + lives), follows, ms, ms if issued else None, seen)
        self.recall.remember(credential, verified)
        return who


def test_what_was_kept_is_known_and_nothing_else_is() -> None:
    desk = Desk()
    who = desk.keep("a")
    assert desk.recall.recall("a") is who
    for other in ("b", "", "A", "a ", "\ud800", "a" * 100_000):
        assert desk.recall.recall(other) is None


def test_S06_the_memory_holds_no_credential() -> None:
    desk = Desk()
    desk.keep("a credential of some length")
    keys = [*desk.recall._young.seen, *desk.recall._old.seen]
    assert all(len(key) == 32 for key in keys)
    assert b"a credential" not in b"".join(keys)


def test_an_end_is_exact() -> None:
    desk = Desk()
    who = desk.keep("a", lives=4)
    desk.clock.turn(3.999)
    assert desk.recall.recall("a") is who
    desk.clock.turn(0.001)
    assert desk.recall.recall("a") is None


def test_S36_a_stale_view_knows_nothing_but_what_follows_no_feed() -> None:
    desk = Desk()
    who, jwt = desk.keep("a"), desk.keep("jwt", follows=False)
    desk.clock.turn(5)
    assert desk.recall.recall("a") is who
    desk.clock.turn(0.001)
    assert desk.recall.recall("a") is None
    assert desk.recall.recall("jwt") is jwt
    desk.arrive()
    assert desk.recall.recall("a") is who


@pytest.mark.parametrize(
    ("kind", "subject"),
    [(Kind.SESSION, "session of a"), (Kind.ACCOUNT, ADA), (Kind.ISSUER, ""), (Kind.CLAIMS, ADA)],
)
def test_S22_S38_an_event_that_covers_it_is_the_end_of_it(kind: Kind, subject: str) -> None:
    desk = Desk()
    desk.keep("a")
    other = desk.keep("b") if kind is Kind.SESSION else None
    desk.arrive(desk.event(kind, subject))
    assert desk.recall.recall("a") is None
    assert desk.recall.recall("a") is None
    assert desk.recall.recall("b") is other


@pytest.mark.parametrize("kind", [Kind.SESSION, Kind.ACCOUNT, Kind.CLAIMS, Kind.KEY])
def test_an_event_of_others_changes_nothing(kind: Kind) -> None:
    desk = Desk()
    who = desk.keep("a")
    desk.arrive(desk.event(kind, "somebody else"))
    assert desk.recall.recall("a") is who
    assert desk.recall.recall("a") is who


def test_S38_a_session_is_looked_at_again_after_any_change_of_claims() -> None:
    desk = Desk()
    desk.arrive(desk.event(Kind.CLAIMS, ADA, upto=-30))
    who = desk.keep("a", issued=False)
    assert desk.recall.recall("a") is who
    desk.arrive(desk.event(Kind.CLAIMS, ADA, upto=-30))
    assert desk.recall.recall("a") is None


def test_S21_what_was_not_checked_against_events_that_are_gone_is_not_known() -> None:
    desk = Desk()
    checked, unchecked = desk.keep("a"), desk.keep("b")
    desk.arrive(desk.event(Kind.SESSION, "session of b"), desk.event(Kind.SESSION, "another"))
    assert desk.recall.recall("a") is checked
    desk.filter.prune(now=Instant(desk.clock.now() + 1_000))
    assert desk.recall.recall("a") is checked
    assert desk.recall.recall("b") is None
    assert unchecked.session == "session of b"


def test_a_mono_of_another_machine_is_never_compared() -> None:
    desk = Desk()
    desk.recall = Recall(Filter(), desk.clock, size=8, max_staleness=5)  # nobody has read anything yet
    desk.keep("a")
    assert desk.recall.recall("a") is None


@pytest.mark.parametrize("size", [0, 1])
def test_a_memory_of_nothing_keeps_nothing(size: int) -> None:
    desk = Desk(size=size)
    desk.keep("a")
    assert (desk.recall.recall("a"), len(desk.recall)) == (None, 0)


@pytest.mark.parametrize("size", [2, 8, 100])
def test_memory_is_bounded_and_what_is_used_stays(size: int) -> None:
    desk = Desk(size=size)
    who = desk.keep("used")
    for n in range(10 * size):
        desk.keep(f"c{n}")
        assert len(desk.recall) <= size
        assert desk.recall.recall("used") is who


def test_K02_forgetting_forgets_all() -> None:
    desk = Desk()
    desk.keep("a")
    desk.recall.forget()
    assert (desk.recall.recall("a"), len(desk.recall)) == (None, 0)


def test_S21_a_wall_clock_that_is_set_is_seen_when_the_view_is_next_renewed() -> None:
    desk = Desk()
    desk.keep("a", lives=60)
    desk.keep("jwt", lives=60, follows=False)
    desk.clock.jump(3_600)
    assert desk.recall.recall("jwt") is None
    desk.arrive()
    assert desk.recall.recall("a") is None
    desk.clock.jump(-3_600)
    assert desk.recall.recall("a") is None
    desk.keep("b", lives=60)
    desk.arrive()
    assert desk.recall.recall("b") is None  # its end was reckoned by the clock of before
    who = desk.keep("b", lives=60)
    desk.arrive()
    assert desk.recall.recall("b") is who


def test_S21_a_wall_clock_that_is_set_keeps_nothing_beyond_max_staleness() -> None:
    desk = Desk()
    desk.keep("a", lives=60)
    desk.clock.jump(3_600)
    desk.clock.turn(5.001)
    assert desk.recall.recall("a") is None


def test_a_wall_clock_that_is_slewed_costs_nothing() -> None:
    desk = Desk()
    who = desk.keep("a")
    for _ in range(10):
        desk.clock.jump(0.02)
        desk.arrive()
    assert desk.recall.recall("a") is who


def test_S21_events_that_never_came_leave_nothing_known() -> None:
    desk = Desk()
    desk.keep("a")
    desk.filter.follow(Page((), 9, 0, forgotten=desk.clock.now()), sent=desk.clock.monotonic())
    assert desk.recall.recall("a") is None


def test_S24_what_came_while_it_was_verified_is_asked_about() -> None:
    desk = Desk()
    before = desk.filter.changes
    desk.arrive(desk.event(Kind.SESSION, "session of a"), desk.event(Kind.SESSION, "another"))
    desk.keep("a", changes=before)
    who = desk.keep("b", changes=before)
    assert desk.recall.recall("a") is None
    assert desk.recall.recall("b") is who
    desk.filter.prune(now=Instant(desk.clock.now() + 1_000))
    desk.keep("c", changes=before)  # nobody can tell any more
    assert desk.recall.recall("c") is None


@pytest.mark.parametrize("times", [1, 5])
def test_an_event_takes_out_every_token_of_its_session_in_both_generations(times: int) -> None:
    desk = Desk(size=8)
    for n in range(times):
        desk.keep(f"c{n}")
    desk.arrive(desk.event(Kind.ACCOUNT, ADA))
    assert len(desk.recall) == 0
    assert desk.recall._young.about.keys() | desk.recall._old.about.keys() == {
        f"session of c{n}" for n in range(times)
    }


def test_keys_that_go_while_a_thread_verifies_leave_nothing_behind() -> None:
    desk = Desk()

    def verify(credential: str, now: Instant) -> Verified:
        found = verified_at(desk, now)
        desk.recall.forget()  # the loop takes another ring
        return found

    assert desk.recall.recall_or(verify, "a") is not None
    assert len(desk.recall) == 0
    assert desk.recall.recall_or(lambda _, now: verified_at(desk, now), "a") is not None
    assert len(desk.recall) == 1


def test_S36_an_event_that_comes_while_a_thread_verifies_keeps_it_out() -> None:
    desk = Desk()

    def verify(credential: str, now: Instant) -> Verified:
        found = verified_at(desk, now)
        desk.arrive(desk.event(Kind.SESSION, found.identity.session))
        return found

    desk.recall.recall_or(verify, "a")
    assert len(desk.recall) == 0


def test_S36_what_a_thread_found_in_a_view_too_old_is_verified_though_the_view_is_renewed_just_then() -> None:
    desk = Desk()
    who = desk.keep("a", lives=600)
    desk.clock.turn(60)
    asked: list[str] = []

    def renewed_just_then() -> float:
        desk.recall._monotonic = desk.clock.monotonic
        desk.arrive(desk.event(Kind.SESSION, who.session))
        return desk.clock.monotonic()

    desk.recall._monotonic = renewed_just_then  # type: ignore[assignment]

    def verify(credential: str, now: Instant) -> None:
        asked.append(credential)

    assert desk.recall.recall_or(verify, "a") is None
    assert asked == ["a"]


def verified_at(desk: Desk, now: Instant) -> Verified:
    sid = SessionID("session of a thread")
    who = Identity(ADA, sid, StrategyName.HYBRID, now, ("pwd",), frozenset(), Instant(now + 60))
    ms = int(now * 1000)
    return Verified(who, Instant(now + 60), True, ms, ms, desk.filter.changes)
