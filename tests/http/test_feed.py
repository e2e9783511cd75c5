"""The feed over HTTP: who may follow, pages that are barriers, and the stream, chunk by chunk."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from limen.clock import Instant
from limen.errors import Rejected
from limen.feed_page import Cursor, FeedPage, decode
from limen.revocations import Kind, Revocation
from limen.server import feed, tail, wire
from support.http import ISSUER, Served, ask, code, login, served

pytestmark = pytest.mark.anyio
CLIENT = "api"


def serving(**options: Any) -> Any:
    return served(clients=(CLIENT,), **options)


def basic(at: Served, name: str = CLIENT, secret: str | None = None) -> str:
    pair = f"{name}:{at.auth.client_secret(name) if secret is None else secret}"
    return f"Basic {b64encode(pair.encode()).decode()}"


async def page_of(at: Served, **asked: str) -> FeedPage:
    answer = await at.client(authorization=basic(at)).get("/feed/page", params=asked)
    assert answer.status_code == 200, answer.text
    return decode(answer.content)


async def revoked(at: Served, count: int = 1) -> list[Revocation]:
    now = at.clock.now()
    return [
        await at.auth.store.revoke(Revocation(Kind.SESSION, f"s{n}-{now}", now, Instant(now + 900), now, "w"))
        for n in range(count)
    ]


class Stream:
    """A stream as a server sees it: what was sent so far, and a client that may leave or stop to read."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.text = ""
        self.done = False
        self.reads = asyncio.Event()
        self.reads.set()
        self._came = asyncio.Event()
        self._left = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            await self.reads.wait()
            self.text += message.get("body", b"").decode()
            self.done = not message.get("more_body", False)
        self._came.set()

    async def until(self, word: str) -> str:
        """The text so far, once it has this word."""
        async with asyncio.timeout(10):
            while word not in self.text:
                self._came.clear()
                await self._came.wait()
        return self.text

    def leave(self) -> None:
        self._left.set()

    def events(self, name: str) -> list[tuple[str, Any]]:
        """(id, data) of the events of this name."""
        found = []
        for block in self.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if fields.get("event") == name:
                found.append((fields.get("id", ""), json.loads(fields["data"])))
        return found


@asynccontextmanager
async def streaming(
    at: Served, query: str = "", **headers: str
) -> AsyncIterator[tuple[Stream, asyncio.Task[None]]]:
    stream = Stream()
    lines = {"host": "limen.example", "authorization": basic(at), **headers}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "https",
        "path": "/feed", "raw_path": b"/feed", "query_string": query.encode(), "root_path": "",
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in lines.items()],
        "client": ("192.0.2.7", 1), "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
    task = asyncio.ensure_future(at.app(scope, stream.receive, stream.send))
    try:
        yield stream, task
    finally:
        stream.leave()
        async with asyncio.timeout(10):
            await task


# -- who may ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/feed", "/feed/page"])
async def test_R23_nobody_but_a_client_follows(path: str) -> None:
    async with serving() as at:
        token = (await login(at.client()))["access_token"]
        for header in ("", f"Bearer {token}", "Basic x", basic(at, secret="x"), basic(at, "other")):
            lines = [("authorization", header)] if header else []
            answer = await ask(at.app, "GET", path, headers=lines)
            assert (answer.status_code, code(answer)) == (401, "invalid_client")
            assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "query", ["after=x", "after=1.2.3", "after=0123456789abcdef.-1.", "nonce=%C3%A9", "nonce=a&nonce=b"]
)
async def test_what_is_no_cursor_and_no_nonce_is_refused(query: str) -> None:
    async with serving() as at:
        answer = await ask(
            at.app, "GET", "/feed/page", headers=[("authorization", basic(at))], query=query.encode()
        )
        assert (answer.status_code, code(answer)) == (400, "invalid_request")


async def test_the_answer_to_one_client_is_kept_for_nobody() -> None:
    async with serving() as at:
        answer = await at.client(authorization=basic(at)).get("/feed/page")
        assert answer.headers["cache-control"] == "no-store"
        async with streaming(at) as (stream, _):
            await stream.until("snapshot")
            assert stream.headers["cache-control"] == "no-store"
            assert stream.headers["content-type"] == "text/event-stream"
            assert "content-length" not in stream.headers


# -- pages ------------------------------------------------------------------------------------------------


async def test_a_page_says_whose_it_is_and_what_was_asked() -> None:
    async with serving(max_staleness=7) as at:
        one, two = await revoked(at, 2)
        page = await page_of(at, nonce="n-1")
        assert (page.issuer, page.nonce, page.after, page.position) == (ISSUER, "n-1", 0, 2)
        assert [event.revocation().subject for event in page.revocations] == [one.subject, two.subject]
        assert (page.more, page.max_staleness, page.etag) == (False, 7, at.auth.ring.etag)
        assert page.keys == at.auth.ring.published()
        again = await page_of(at, after=str(page.cursor), etag=page.etag)
        assert (again.after, again.position, again.revocations, again.keys) == (2, 2, [], None)


async def test_R20_a_page_is_a_barrier_whichever_process_answers() -> None:
    """What another process has acknowledged is in it, though this one's follower has not looked since."""
    async with serving() as at:
        cursor = (await page_of(at)).cursor
        for _ in range(20):
            (event,) = await revoked(at)
            page = await page_of(at, after=str(cursor))
            assert [one.position for one in page.revocations] == [event.position]
            cursor = page.cursor


async def test_those_who_ask_at_once_share_the_reads_of_the_store() -> None:
    async with serving() as at:
        await page_of(at)
        reads, plain = 0, at.auth.store.read_feed

        async def counted(after: int, *, now: Instant) -> Any:
            nonlocal reads
            reads += 1
            await asyncio.sleep(0)
            return await plain(after, now=now)

        at.auth._tasks[0].cancel()
        at.auth.store.read_feed = counted  # type: ignore[method-assign]
        async with at.client(authorization=basic(at)) as client:
            answers = await asyncio.gather(*(client.get("/feed/page") for _ in range(50)))
        assert {answer.status_code for answer in answers} == {200}
        assert reads <= 3


@pytest.mark.parametrize("kept", [2, 10_000])
async def test_R17_whatever_the_place_nothing_after_it_is_missing(
    kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From memory, from the store, and across the two."""
    monkeypatch.setattr(tail, "_KEPT", kept)
    monkeypatch.setattr(tail, "PAGE_EVENTS", 3)
    async with serving() as at:
        epoch = (await page_of(at)).epoch
        events = [(await revoked(at))[0] for _ in range(10)]
        await at.auth.catch_up()
        for start in range(11):
            cursor, found = Cursor(epoch, start), list[int]()
            while True:
                page = await page_of(at, after=str(cursor))
                assert page.after == cursor.position
                found += [event.position for event in page.revocations]
                cursor = page.cursor
                if not page.more:
                    break
            assert found == [event.position for event in events[start:]]
            assert cursor.position == 10


async def test_what_was_over_before_it_could_be_read_is_told() -> None:
    async with serving() as at:
        await page_of(at)
        await revoked(at)
        cursor = (await page_of(at)).cursor
        now = at.clock.now()
        at.auth._tasks[0].cancel()
        brief = Revocation(Kind.SESSION, "brief", now, Instant(now + 1), now, "w")
        await at.auth.store.revoke(brief)
        at.clock.turn(2)
        page = await page_of(at, after=str(cursor))
        assert (page.revocations, page.position, page.forgotten) == ([], 2, brief.until)
        assert (await page_of(at, after=str(page.cursor))).forgotten == 0


@pytest.mark.parametrize("place", ["0123456789abcdef.1.", "{epoch}.99.", "{epoch}.2.00000000"])
async def test_R17_a_place_that_is_not_of_this_feed_begins_anew(place: str) -> None:
    async with serving() as at:
        await revoked(at, 3)
        epoch = (await page_of(at)).epoch
        page = await page_of(at, after=place.format(epoch=epoch))
        assert (page.after, len(page.revocations)) == (0, 3)


async def test_without_a_store_there_is_no_page() -> None:
    async with serving() as at:
        cursor = (await page_of(at)).cursor
        await at.auth.store.close()
        for path in ("/feed", f"/feed/page?after={cursor}"):
            answer = await at.client(authorization=basic(at)).get(path)
            assert (answer.status_code, code(answer)) == (503, "unavailable")


# -- the stream -------------------------------------------------------------------------------------------


async def test_a_stream_begins_with_a_snapshot_and_goes_on_with_events() -> None:
    async with serving() as at:
        before = await revoked(at, 2)
        async with streaming(at) as (stream, _):
            await stream.until("event: snapshot")
            ((place, said),) = stream.events("snapshot")
            assert [one[2] for one in said["revocations"]] == [one.subject for one in before]
            assert place == f"{said['epoch']}.2.{said['tag']}"
            for n in range(3, 6):
                await revoked(at)
                await at.auth.catch_up()
                await stream.until(f"{said['epoch']}.{n}.")
        found = stream.events("revocation")
        assert [data[0] for _, data in found] == [3, 4, 5]
        assert all(Cursor.parse(place) for place, _ in found)


@pytest.mark.parametrize("by", ["header", "query"])
async def test_a_stream_is_resumed_where_it_was(by: str) -> None:
    async with serving() as at:
        await revoked(at, 3)
        page = await page_of(at)
        place = str(Cursor(page.epoch, 1))
        how = {"last_event_id": place} if by == "header" else {}
        async with streaming(at, f"after={place}" if by == "query" else "", **how) as (stream, _):
            await stream.until(f"{page.epoch}.3.")
            assert [data[0] for _, data in stream.events("revocation")] == [2, 3]
            assert stream.events("snapshot") == []


async def test_R17_a_stream_from_an_unknown_place_begins_with_a_snapshot() -> None:
    async with serving() as at:
        await revoked(at, 3)
        async with streaming(at, last_event_id="0123456789abcdef.2.") as (stream, _):
            await stream.until("event: snapshot")
            assert len(stream.events("snapshot")[0][1]["revocations"]) == 3


async def test_new_keys_are_announced() -> None:
    async with serving() as at, streaming(at) as (stream, _):
        await stream.until("event: snapshot")
        await at.auth.compromise_key(at.auth.ring.active.kid)
        await at.auth.catch_up()
        await stream.until("event: ring")
        ((_, said),) = stream.events("ring")
        assert said["etag"] == at.auth.ring.etag
        assert [data[1] for _, data in stream.events("revocation")] == ["key"]


async def test_a_silent_stream_beats_and_one_that_is_old_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_BEAT", 0.001)
    async with serving() as at, streaming(at) as (stream, task):
        await stream.until(": beat")
        assert not task.done()
        at.clock.turn(40)
        async with asyncio.timeout(10):
            await task
        assert stream.done


async def test_a_client_that_leaves_is_forgotten() -> None:
    async with serving() as at:
        site = at.app._site
        async with streaming(at) as (stream, task):
            await stream.until("event: snapshot")
            assert site.streams.count == 1
            stream.leave()
            async with asyncio.timeout(10):
                await task
        assert site.streams.count == 0
        assert not stream.done


async def test_a_reader_that_does_not_read_is_dropped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(wire, "STREAM_PATIENCE", 0.05)
    async with serving() as at, streaming(at) as (stream, task):
        await stream.until("event: snapshot")
        stream.reads.clear()
        await revoked(at)
        await at.auth.catch_up()
        async with asyncio.timeout(10):
            await task
        assert not stream.done
        assert "does not keep up" in caplog.text
        assert at.app._site.streams.count == 0


async def test_streams_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "STREAMS_MAX", 1)
    async with serving() as at, streaming(at) as (stream, _):
        await stream.until("event: snapshot")
        answer = await at.client(authorization=basic(at)).get("/feed")
        assert (answer.status_code, code(answer)) == (503, "feed_full")
        assert (await at.client(authorization=basic(at)).get("/feed/page")).status_code == 200


async def test_head_has_no_stream() -> None:
    async with serving() as at:
        answer = await ask(at.app, "HEAD", "/feed", headers=[("authorization", basic(at))])
        assert (answer.status_code, answer.content) == (200, b"")


# -- what else verifiers ask ------------------------------------------------------------------------------


async def test_K21_the_keys_may_be_kept_for_as_long_as_a_new_one_waits_and_be_read_by_any_page() -> None:
    async with serving(jwks_max_age=120, origins=("https://app.example",)) as at:
        for origin in ("https://any.example", "https://app.example"):
            answer = await at.client(origin=origin).get("/.well-known/jwks.json")
            assert answer.headers["cache-control"] == "public, max-age=120"
            assert answer.headers["content-type"] == "application/jwk-set+json"
            assert answer.headers["etag"] == at.auth.ring.etag
            assert answer.headers.get_list("access-control-allow-origin") == ["*"]
            assert "access-control-allow-credentials" not in answer.headers
        with pytest.raises(Rejected, match="not published for long enough"):
            await at.auth.rotate_keys()
        at.clock.turn(120)
        await at.auth.rotate_keys()
        answer = await at.client(origin="https://any.example").get("/feed/page")
        assert "access-control-allow-origin" not in answer.headers


async def test_introspection_is_a_barrier_too() -> None:
    async with serving(max_staleness=300, strategy="hybrid") as at:
        token = (await login(at.client()))["access_token"]
        who = await at.auth.authenticate(token)
        now = at.clock.now()
        await at.auth.store.revoke_session(
            who.session, account=None, now=now, until=Instant(now + 900), why="w"
        )
        client = at.client(authorization=basic(at))
        answer = await client.post("/oauth/introspect", data={"token": token})
        assert answer.json() == {"active": False}
