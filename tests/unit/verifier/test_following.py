"""Following the feed from afar: R17, R18, R19. What does not follow on what is known is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from limen.clock import Instant
from limen.errors import Unavailable
from limen.feed_page import PAGE_EVENTS, Event
from limen.revocations import Filter, Kind, Revocation
from limen.server import tail
from limen.testing import TurnableClock
from limen.verifier.following import RHYTHM, RemoteFollower
from limen.verifier.issuer import Issuer, _Lines
from support.http import Served, login, served
from support.remote import ASK, CLIENT, PAGE, Between, changed, code_of, made, verified

pytestmark = pytest.mark.anyio


def serving(**options: Any) -> Any:
    return served(clients=(CLIENT,), strategy="hybrid", **options)


async def token_of(at: Served) -> str:
    return str((await login(at.client()))["access_token"])


async def ended(at: Served, token: str) -> None:
    await at.auth.sign_out(await at.auth.authenticate(token))


async def noise(at: Served, count: int, *, lasting: float = 900) -> None:
    """Other people's revocations."""
    now = at.clock.now()
    for n in range(count):
        subject = f"0190b7a0-0000-7000-8000-{n:012x}"
        await at.auth.store.revoke(Revocation(Kind.SESSION, subject, now, Instant(now + lasting), now, "w"))


async def test_R17_who_starts_late_knows_what_came_before() -> None:
    async with serving() as at:
        doomed, honest = await token_of(at), await token_of(at)
        await ended(at, doomed)
        await noise(at, 50)
        async with verified(at) as (verifier, _):
            assert await code_of(verifier, doomed) == "credential_revoked"
            assert await code_of(verifier, honest) == "ok"
            assert verifier.filter.position == 51


async def test_R17_many_events_come_in_pages_and_none_is_left_out() -> None:
    async with serving() as at:
        doomed = [await token_of(at) for _ in range(3)]
        await ended(at, doomed[0])
        await noise(at, PAGE_EVENTS)
        await ended(at, doomed[1])
        await noise(at, PAGE_EVENTS + 7)
        await ended(at, doomed[2])
        async with verified(at) as (verifier, between):
            assert between.asked[PAGE] == 3
            assert [await code_of(verifier, token) for token in doomed] == ["credential_revoked"] * 3
            assert verifier.is_fresh()


async def test_R17_a_view_is_as_old_as_the_question_that_the_last_page_answered() -> None:
    async with serving() as at:
        between = Between(at.app)

        def late(body: bytes) -> bytes:
            at.clock.turn(2)
            return body

        between.alter[PAGE] = late
        async with made(at, between) as verifier:
            assert verifier.clock.monotonic() - verifier.filter.fresh_at == 2


async def test_R17_who_was_away_for_an_hour_knows_that_it_does_not_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its place is not in the issuer's memory any more, and events came and went meanwhile."""
    monkeypatch.setattr(tail, "_KEPT", 10)
    async with serving(access_lifetime=7_200, idle_lifetime=86_400) as at, verified(at) as (verifier, _):
        doomed, honest = await token_of(at), await token_of(at)
        for token in (doomed, honest):
            assert await code_of(verifier, token) == "ok"
        await ended(at, doomed)
        await noise(at, 100)
        at.clock.turn(3_600)
        await at.auth.maintain()
        assert await code_of(verifier, doomed) == "credential_revoked", "the issuer was asked"
        await verifier.catch_up()
        assert await code_of(verifier, doomed) == "credential_revoked"
        assert await code_of(verifier, honest) == "ok"


async def test_R17_R25_events_that_an_issuer_took_for_over_are_asked_about() -> None:
    """Its clock ran ahead by an hour for a moment, and in that moment it left the event out of a page."""
    async with serving() as at:
        clock = TurnableClock(at.clock.now())
        async with verified(at, clock=clock) as (verifier, between):
            doomed = await token_of(at)
            assert await code_of(verifier, doomed) == "ok"
            await ended(at, doomed)
            at.clock.jump(3_600)
            await verifier.catch_up()
            at.clock.jump(-3_600)
            await verifier.catch_up()
            assert verifier.is_fresh()
            assert await code_of(verifier, doomed) == "credential_revoked"
            assert between.asked[ASK] == 1


async def test_R17_a_place_in_another_database_begins_anew(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as old, serving() as new:
        between = Between(old.app)
        async with made(old, between) as verifier:
            await noise(old, 7)
            await verifier.catch_up()
            between._inner = Between(new.app)._inner
            doomed = await token_of(new)
            await verifier.catch_up()
            assert await code_of(verifier, doomed) == "ok"
            await noise(new, 20)
            await ended(new, doomed)
            await verifier.catch_up()
            assert await code_of(verifier, doomed) == "credential_revoked"
            assert verifier.filter.position == 21
        assert "its database is another one" in caplog.text


async def test_R17_a_restored_database_is_found_out_by_the_event_and_not_by_the_number() -> None:
    """The same epoch and the same position, and another event there than the one that was seen."""
    async with serving() as at, verified(at) as (verifier, _):
        await noise(at, 5)
        await verifier.catch_up()
        known = verifier._follower._cursor
        assert known is not None
        assert known.tag
        doomed = await token_of(at)
        await ended(at, doomed)  # position 6
        await noise(at, 3)
        verifier._follower._cursor = type(known)(known.epoch, 8, "00000000")  # as if 8 had been another's
        await verifier.catch_up()
        assert await code_of(verifier, doomed) == "credential_revoked"


# -- R18: whoever sits between ----------------------------------------------------------------------------

TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "reordered": changed(revocations=lambda events: events[::-1]),
    "cut in the middle": lambda body: body[: len(body) // 2],
    "cut at the end": lambda body: body[:-1],
    "events left out at the front": changed(after=lambda after: after + 1),
    "its first event left out": changed(after=lambda after: after + 1, revocations=lambda events: events[1:]),
    "of another issuer": changed(issuer="https://other.example"),
    "of another question": changed(nonce="AAAA"),
    "without a nonce": changed(nonce=""),
    "a position that goes back": changed(position=0),
    "an event from before": changed(revocations=lambda e: [[0, *e[0][1:]]]),
    "an event twice": changed(revocations=lambda e: [e[0], *e]),
    "an unknown kind": changed(revocations=lambda e: [[e[0][0], "pardon", *e[0][2:]]]),
    "an event without an end": changed(revocations=lambda e: [e[0][:4]]),
    "keys that are not said": changed(etag='"another"', keys=None),
    "no object": lambda body: b"[]",
    "html": lambda body: b"<html>",
    "nothing": lambda body: b"",
    "deep": lambda body: b"[" * 100_000,
    "large": lambda body: body[:-1] + b" " * (5 << 20) + b"}",
}


@pytest.mark.parametrize("name", TAMPERED)
async def test_R18_a_page_that_was_tampered_with_is_refused_and_nothing_is_forgotten(name: str) -> None:
    async with serving() as at, verified(at) as (verifier, between):
        known, doomed, honest = [await token_of(at) for _ in range(3)]
        await ended(at, known)
        await verifier.catch_up()
        for token in (doomed, honest):
            assert await code_of(verifier, token) == "ok"
        place, fresh_at = verifier._follower._cursor, verifier.filter.fresh_at
        await noise(at, 1)
        await ended(at, doomed)
        between.alter[PAGE] = TAMPERED[name]
        at.clock.turn(1)
        with pytest.raises(Unavailable):
            await verifier.catch_up()
        assert (verifier._follower._cursor, verifier.filter.fresh_at) == (place, fresh_at)
        assert await code_of(verifier, known) == "credential_revoked", "the last good state is kept"
        assert await code_of(verifier, honest) == "ok"
        at.clock.turn(5)
        assert await code_of(verifier, doomed) == "credential_revoked", "stale, so the issuer is asked"
        between.mend()
        await verifier.catch_up()
        assert await code_of(verifier, doomed) == "credential_revoked"


async def test_R18_an_answer_of_before_is_not_taken_again() -> None:
    async with serving() as at, verified(at) as (verifier, between):
        doomed = await token_of(at)
        assert await code_of(verifier, doomed) == "ok"
        recorded: list[bytes] = []

        def record(body: bytes) -> bytes:
            recorded.append(body)
            return body

        between.alter[PAGE] = record
        await verifier.catch_up()
        await ended(at, doomed)
        between.alter[PAGE] = lambda body: recorded[0]
        at.clock.turn(6)
        with pytest.raises(Unavailable):
            await verifier.catch_up()
        assert not verifier.is_fresh()


async def test_R18_another_issuer_is_an_alarm(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as at, verified(at) as (verifier, between):
        between.alter[PAGE] = changed(issuer="https://other.example")
        with pytest.raises(Unavailable):
            await verifier.catch_up()
        assert [r.levelname for r in caplog.records if "another issuer" in r.message] == ["CRITICAL"]


async def test_R18_what_the_stream_says_makes_nothing_fresh_and_moves_no_place() -> None:
    """In any order, twice, or with some left out: the pages bring all of it."""
    async with serving() as at, verified(at) as (verifier, _):
        first, second = await token_of(at), await token_of(at)
        who = await at.auth.authenticate(second)
        place, fresh_at = verifier._follower._cursor, verifier.filter.fresh_at
        until = at.clock.now() + 900
        event = Event(99, Kind.SESSION, who.session, at.clock.now(), until).revocation()
        for _ in range(2):
            verifier._follower._hear(event)
        assert await code_of(verifier, second) == "credential_revoked"
        assert (verifier._follower._cursor, verifier.filter.fresh_at) == (place, fresh_at)
        await ended(at, first)
        await verifier.catch_up()
        assert await code_of(verifier, first) == "credential_revoked"


async def test_R19_a_flood_is_taken_in_page_by_page_and_others_have_their_turn() -> None:
    async with serving() as at:
        await noise(at, 20_000)
        async with verified(at) as (verifier, between):
            assert len(verifier.filter) == 20_000
            assert between.asked[PAGE] == 4
            await noise(at, 20_000)
            turns = 0

            async def other() -> None:
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0)

            beside = asyncio.ensure_future(other())
            await verifier.catch_up()
            beside.cancel()
            assert turns > 4


# -- rhythm -----------------------------------------------------------------------------------------------


def follower(max_staleness: float = 5.0) -> RemoteFollower:
    unused: Any = None
    return RemoteFollower(unused, unused, Filter(), TurnableClock(), max_staleness, lambda: None)


def test_two_pages_fit_into_max_staleness_and_so_does_a_failure_between_them() -> None:
    rhythm = [follower()._pause(0) for _ in range(2_000)]
    assert 5 * RHYTHM * 0.8 <= min(rhythm) < max(rhythm) <= 5 * RHYTHM
    assert max(rhythm) + 2.0 < 5, "a page, a page that took its whole patience, and still fresh"


def test_a_thousand_verifiers_do_not_come_back_at_once() -> None:
    """After an outage of ten tries: in no tenth of a second do more than 12 % come with a page."""
    moments = [follower()._pause(10) for _ in range(1_000)]
    assert max(moments) <= 2.0
    tenths = [sum(n / 10 <= m < (n + 1) / 10 for m in moments) for n in range(21)]
    assert max(tenths) < 120


def test_a_failure_is_tried_again_sooner_than_the_rhythm_at_first() -> None:
    assert max(follower()._pause(1) for _ in range(1_000)) <= 0.2
    assert max(follower(0.2)._pause(10) for _ in range(1_000)) <= 0.2


def test_the_stream_is_read_as_lines_however_they_are_cut() -> None:
    text = b"retry: 500\n\nevent: revocation\nid: x\ndata: [1]\n\n: beat\n\nevent: ring\ndata: {}\n\n"
    for size in (1, 2, 7, len(text)):
        lines, found = _Lines(), []
        for at in range(0, len(text), size):
            found += list(lines.events(text[at : at + size]))
        assert found == [("revocation", b"[1]"), ("ring", b"{}")]
    with pytest.raises(Unavailable):
        list(_Lines().events(b"x" * (5 << 20)))


def test_no_secret_is_shown() -> None:
    issuer = Issuer(
        "https://i.example", "https://i.example", prefix="", client=("api", "hush-hush"), patience=1,
        tls=None, transport=None,
    )  # fmt: skip
    assert "hush-hush" not in repr(vars(issuer))
