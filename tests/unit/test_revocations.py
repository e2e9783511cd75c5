"""The filter: what it covers, in whatever order it learned it, and how fresh it is."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen import ids
from limen.clock import Instant, Mono
from limen.ids import AccountID, SessionID
from limen.revocations import Filter, Kind, Page, Revocation, claims_cut, cut, newest
from support.stores import NOW, chance

ADA, EVE = AccountID("ada"), AccountID("eve")
UNTIL = Instant(NOW + 900)


def event(
    kind: Kind, subject: str, *, upto: float = NOW, until: float = UNTIL, position: int = 1
) -> Revocation:
    return Revocation(kind, subject, Instant(upto), Instant(until), NOW, "w", position)


def covering(
    known: Filter, *, sid: str = "s", account: str = ADA, at: float = NOW, kid: str | None = None
) -> Kind | None:
    return known.covering(sid=SessionID(sid), account=AccountID(account), sid_ms=int(at * 1000), kid=kid)


def knowing(*events: Revocation) -> Filter:
    known = Filter()
    for one in events:
        known.add(one)
    return known


def test_each_kind_covers_its_own_and_nothing_else() -> None:
    assert covering(knowing(event(Kind.SESSION, "s"))) is Kind.SESSION
    assert covering(knowing(event(Kind.SESSION, "t"))) is None
    assert covering(knowing(event(Kind.ACCOUNT, ADA))) is Kind.ACCOUNT
    assert covering(knowing(event(Kind.ACCOUNT, EVE))) is None
    assert covering(knowing(event(Kind.KEY, "k")), kid="k") is Kind.KEY
    assert covering(knowing(event(Kind.KEY, "k"))) is None
    assert covering(knowing(event(Kind.ISSUER, ""))) is Kind.ISSUER
    assert covering(knowing(event(Kind.CLAIMS, ADA))) is None


@pytest.mark.parametrize("kind", [Kind.ACCOUNT, Kind.ISSUER])
def test_S24_a_cut_covers_its_own_millisecond_and_not_the_next(kind: Kind) -> None:
    known = knowing(event(kind, ADA, upto=NOW + 0.0015))
    assert covering(known, at=NOW + 0.001) is kind
    assert covering(known, at=NOW + 0.0019) is kind
    assert covering(known, at=NOW + 0.002) is None


def test_S38_claims_cover_tokens_up_to_their_millisecond() -> None:
    known = knowing(event(Kind.CLAIMS, ADA, upto=NOW))
    ms = int(NOW * 1000)
    assert known.has_stale_claims(account=ADA, issued_ms=ms)
    assert not known.has_stale_claims(account=ADA, issued_ms=ms + 1)
    assert not known.has_stale_claims(account=EVE, issued_ms=ms)


UUID = "0190b7a0-0000-7000-8000-000000000001"
NAMES = ("ada", "eve", UUID, UUID[:-1] + "2")
MOMENTS = tuple(int(NOW * 1000) + n for n in (0, 1_000, 2_000, 4_999, 5_001))
EVENTS = st.lists(
    st.builds(
        Revocation,
        st.sampled_from(Kind),
        st.sampled_from(["ada", "eve", UUID]),
        st.integers(0, 5).map(lambda n: Instant(NOW + n)),
        st.integers(10, 15).map(lambda n: Instant(NOW + n)),
        st.just(NOW),
        st.just("w"),
        st.integers(1, 9),
    ),
    max_size=12,
)


@given(EVENTS, st.randoms(use_true_random=False))
def test_R18_events_in_any_order_and_any_number_of_times_are_the_same(
    events: list[Revocation], shuffled: random.Random
) -> None:
    known, again = knowing(*events), events + events
    shuffled.shuffle(again)
    other = knowing(*again)
    assert answers(known) == answers(other) == answers(naive(events))
    assert len(known) == len(other)


class Naive:
    """The events themselves, asked one by one: what the filter must answer, and how it must never err."""

    def __init__(self, events: list[Revocation]) -> None:
        self._events = events

    def covering(self, *, sid: SessionID, account: AccountID, sid_ms: int, kid: str | None) -> Kind | None:
        def has(kind: Kind, subject: str | None, upto_ms: int | None = None) -> bool:
            return any(
                one.kind is kind
                and subject in (one.subject, "any")
                and (upto_ms is None or upto_ms <= int(one.upto * 1000))
                for one in self._events
            )

        if has(Kind.SESSION, sid):
            return Kind.SESSION
        if has(Kind.ACCOUNT, account, sid_ms):
            return Kind.ACCOUNT
        if has(Kind.ISSUER, "any", sid_ms):
            return Kind.ISSUER
        return Kind.KEY if has(Kind.KEY, kid) else None

    def has_stale_claims(self, *, account: AccountID, issued_ms: int | None) -> bool:
        return any(
            one.kind is Kind.CLAIMS
            and one.subject == account
            and (issued_ms is None or issued_ms <= int(one.upto * 1000))
            for one in self._events
        )


def naive(events: list[Revocation]) -> Naive:
    return Naive(events)


def answers(known: Filter | Naive) -> list[object]:
    """What is said of every session, account, moment and key that there is."""
    covered: list[object] = [
        known.covering(sid=SessionID(sid), account=AccountID(account), sid_ms=ms, kid=kid)
        for sid in NAMES
        for account in NAMES
        for ms in MOMENTS
        for kid in NAMES
    ]
    return covered + [
        known.has_stale_claims(account=AccountID(account), issued_ms=ms)
        for account in NAMES
        for ms in (*MOMENTS, None)
    ]


@given(EVENTS, st.integers(0, 3))
def test_R19_a_filter_that_is_full_is_never_wrong(events: list[Revocation], exact: int) -> None:
    """What it says is so; where it says nothing of an event that there is, it says that it doubts."""
    known, model = Filter(exact=exact), naive(events)
    for one in events:
        known.add(one)
    for sid in NAMES:
        for account in NAMES:
            for ms in MOMENTS:
                asked = {"sid": SessionID(sid), "account": AccountID(account), "sid_ms": ms, "kid": "eve"}
                said, true = known.covering(**asked), model.covering(**asked)  # type: ignore[arg-type]
                doubts = known.doubts(sid=SessionID(sid), account=AccountID(account))
                assert said == true or doubts, "an event is passed over"
                assert said is None or true is not None, "nobody was revoked and somebody is refused"
                stale = {"account": AccountID(account), "issued_ms": ms}
                said_stale, is_stale = known.has_stale_claims(**stale), model.has_stale_claims(**stale)  # type: ignore[arg-type]
                assert said_stale == is_stale or (doubts and not said_stale)
    known.prune(now=Instant(NOW + 99))
    assert len(known) == 0
    assert not known.doubts(sid=SessionID("ada"), account=AccountID("eve"))


@given(EVENTS, st.integers(9, 16))
def test_what_is_pruned_had_nothing_alive_to_cover(events: list[Revocation], later: int) -> None:
    known = knowing(*events)
    size, gone = len(known), known.prune(now=Instant(NOW + later))
    assert len(known) == size - gone
    for one in events:
        if NOW + later < one.until and one.kind is Kind.SESSION:
            assert covering(known, sid=one.subject, account="nobody", at=NOW + 99) is Kind.SESSION
        if NOW + later < one.until and one.kind is Kind.ACCOUNT:
            found = covering(known, account=one.subject, at=one.upto)
            assert found is not None
    latest = max((e.until for e in events), default=NOW)
    known.prune(now=latest)
    assert len(known) == 0


def test_an_earlier_or_shorter_event_takes_nothing_away() -> None:
    known = knowing(
        event(Kind.ACCOUNT, ADA, upto=NOW + 5, until=NOW + 900),
        event(Kind.ACCOUNT, ADA, upto=NOW, until=NOW + 10),
        event(Kind.SESSION, "s", until=NOW + 900),
        event(Kind.SESSION, "s", until=NOW + 10),
        event(Kind.KEY, "k", until=NOW + 900),
        event(Kind.KEY, "k", until=NOW + 10),
    )
    known.prune(now=Instant(NOW + 100))
    assert covering(known, sid="t", at=NOW + 5) is Kind.ACCOUNT
    assert covering(known, account=EVE) is Kind.SESSION
    assert covering(known, sid="t", account=EVE, kid="k") is Kind.KEY


def test_a_new_filter_is_never_fresh_and_an_old_page_makes_none_younger() -> None:
    known, page = Filter(), Page((), 0, 0)
    assert not known.is_fresh(mono=Mono(0.0), max_staleness=1e9)
    known.follow(page, sent=Mono(100.0))
    assert known.is_fresh(mono=Mono(105.0), max_staleness=5)
    assert not known.is_fresh(mono=Mono(105.001), max_staleness=5)
    known.follow(page, sent=Mono(50.0))
    assert known.is_fresh(mono=Mono(105.0), max_staleness=5)


def test_a_page_is_taken_in_whole_and_every_event_is_a_change() -> None:
    known = Filter()
    known.follow(Page((event(Kind.SESSION, "s"), event(Kind.KEY, "k")), 7, 3), sent=Mono(1.0))
    assert (known.position, known.ring, known.changes, len(known)) == (7, 3, 2, 2)
    known.follow(Page((), 5, 4), sent=Mono(2.0))
    assert (known.position, known.ring, known.changes) == (7, 4, 2)


@given(st.floats(0, 4e9), st.integers(0, 4_000_000_000_000))
def test_S21_a_cut_covers_the_newest_session_whatever_the_clock_says(now: float, newest_ms: int) -> None:
    upto = cut(Instant(now), newest_ms)
    assert int(upto * 1000) >= newest_ms
    assert upto >= now
    assert cut(Instant(now), None) == now


@given(st.floats(1, 4e9), st.floats(1, 4e9))
def test_S24_an_id_made_after_a_cut_is_not_covered_by_it(now: float, cutoff: float) -> None:
    """As `Opener.open` makes it: later than the account's cut, even if that lies ahead."""
    sid = ids.uuid7(Instant(max(now, cutoff + 0.002)), chance)
    assert ids.created_ms(sid) > int(cutoff * 1000)


@given(st.floats(1, 4e9), st.floats(1, 4e9))
def test_S38_a_second_change_covers_the_tokens_after_the_first(upto: float, last: float) -> None:
    changed = claims_cut(Instant(upto), Instant(last))
    token = ids.created_ms(ids.uuid7(Instant(max(upto, last + 0.002)), chance))
    assert token <= int(changed * 1000) or upto > last + 0.002


def test_the_newest_position() -> None:
    assert newest([], default=4) == 4
    assert newest([event(Kind.KEY, "k", position=n) for n in (2, 9, 3)], default=4) == 9


def test_R19_events_are_forgotten_when_they_cover_nothing_any_more() -> None:
    known = Filter(exact=50_000)
    for n in range(100_000):
        known.add(event(Kind.SESSION, f"{n:036}", position=n))
    assert len(known) == 100_000
    assert known.prune(now=UNTIL) == 100_000
    assert len(known) == 0


def test_R19_a_filter_of_many_entries_stays_small() -> None:
    """Bytes by the allocator's own count, sessions and accounts together."""
    sids = [ids.uuid7(NOW) for _ in range(60_000)]
    tracemalloc.start()
    known = Filter()
    for n, sid in enumerate(sids):
        known.add(Revocation(Kind.ACCOUNT if n % 3 else Kind.SESSION, sid, NOW, UNTIL, NOW, "w", n))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / len(known) <= 100


def test_whoever_listens_hears_each_event_and_each_page() -> None:
    known, heard, read = Filter(), list[Revocation](), list[Page]()
    known.hearing.append(heard.append)
    known.reading.append(read.append)
    one, two = event(Kind.SESSION, "s"), event(Kind.KEY, "k")
    known.add(one)
    known.follow(page := Page((one, two), 7, 3), sent=Mono(1.0))
    assert heard == [one, one, two]
    assert read == [page]


def test_what_leaves_is_in_doubt_before_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread that finds it gone asks next whether something went, and must not hear no."""
    known = knowing(event(Kind.SESSION, "s", until=NOW + 10))
    forget, told = Filter._forget, []

    def just_before(at: Filter, until: Instant) -> None:
        told.append((covering(at), at.has_forgotten(Instant(NOW + 10)), at.has_forgotten(Instant(NOW + 11))))
        forget(at, until)

    monkeypatch.setattr(Filter, "_forget", just_before)
    assert known.prune(now=Instant(NOW + 10)) == 1
    assert told == [(None, True, False)]
    assert known.has_forgotten(Instant(NOW + 10))
    assert known.leaving == 0
