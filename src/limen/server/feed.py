"""The feed for verifiers on other machines: pages that are barriers, and a stream that only makes haste.

A page (`GET /feed/page`) is read from the store after the request came, so whichever process answers it says
everything that was acknowledged before it was asked. Nothing that comes by the stream (`GET /feed`) makes a
view any fresher (docs/decisions/0013).
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, AsyncIterator
from functools import lru_cache

from limen.clock import Seconds
from limen.errors import Rejected, Unavailable
from limen.feed_page import NONCE, Cursor, Event, FeedPage, encode
from limen.server.bodies import read_query
from limen.server.services import known_client
from limen.server.site import Site
from limen.server.tail import Tail
from limen.server.wire import Answer, Call, Streamed

STREAMS_MAX = 500
"""Of one process: half of the connections that it takes."""
_BEAT: Seconds = 5.0
_LONGEST: Seconds = 30.0
"""A stream ends after about this long and its client resumes it: a server that drains is not kept from it,
followers spread over the processes anew, and a client that was removed is gone."""


async def feed_page(site: Site, call: Call) -> Answer:
    """What is after a cursor, and the whole feed without one. It is a barrier unless it says `more`."""
    client = known_client(site, call)
    asked = read_query(call)
    nonce = asked.get("nonce", "")
    if nonce and not NONCE.match(nonce):
        raise Rejected("a nonce is 1 to 64 of A-Z a-z 0-9 _ -", code="invalid_request")
    page = await site.tail.page(_cursor(asked.get("after")), nonce=nonce, etag=asked.get("etag", ""))
    site.followers.asked(client, call.source, page.position)
    return Answer(200, encode(page), ((b"content-type", b"application/json"),))


async def feed(site: Site, call: Call) -> Answer:
    """Server-sent events: the pages after a cursor, then each revocation as it comes, with its cursor."""
    client = known_client(site, call)
    seen = call.header(b"last-event-id")
    cursor = _cursor(read_query(call).get("after") if seen is None else seen.decode("latin-1"))
    if site.streams.count >= STREAMS_MAX:
        raise Unavailable("this process has as many followers as it takes", retry_after=2, code="feed_full")
    first = await site.tail.page(cursor)
    headers = ((b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no"))
    return Streamed(
        200,
        b"",
        headers,
        lambda: _counted(site, call, client, _events(site.tail, cursor, first)),
        call.receive,
    )


async def _counted(
    site: Site, call: Call, client: str, events: AsyncIterator[bytes]
) -> AsyncGenerator[bytes, None]:
    site.streams.count += 1
    try:
        with site.followers.streaming(client, call.source):
            async for event in events:
                yield event
    finally:
        site.streams.count -= 1


async def _events(tail: Tail, cursor: Cursor | None, page: FeedPage) -> AsyncIterator[bytes]:
    """The snapshot if one is due, what the cursor missed, and then what comes."""
    until = tail.monotonic() + _LONGEST * random.uniform(0.8, 1.2)  # noqa: S311 - spread, not a secret
    begun = cursor is not None and page.after == cursor.position
    yield b"retry: 500\n\n" + (_whole if not begun else _each)(page)
    while page.more:
        page = await tail.known(page.cursor)
        yield (_whole if not begun else _each)(page)
    etag, at = page.etag, page.cursor
    while tail.monotonic() < until:
        await tail.news(_BEAT)
        page = await tail.known(at, etag=etag)
        if page.after != at.position:
            return  # its place is not in memory any more: it comes again and gets a page
        said = _each(page)
        if page.keys is not None:
            said += _event("ring", encode({"ring": page.ring, "etag": page.etag}), None)
        etag, at = page.etag, page.cursor
        yield said or b": beat\n\n"


def _whole(page: FeedPage) -> bytes:
    return _event("snapshot", encode(page), str(page.cursor))


def _each(page: FeedPage) -> bytes:
    return b"".join(_one(page.epoch, event) for event in page.revocations)


@lru_cache(4_096)
def _one(epoch: str, event: Event) -> bytes:
    """Written once for all who follow."""
    return _event("revocation", encode(event), str(Cursor(epoch, event.position, event.tag)))


def _event(name: str, data: bytes, cursor: str | None) -> bytes:
    named = b"" if cursor is None else b"id: %b\n" % cursor.encode()
    return b"event: %b\n%bdata: %b\n\n" % (name.encode(), named, data)


def _cursor(text: str | None) -> Cursor | None:
    """The cursor, or None for none, which means the whole feed."""
    if not text:
        return None
    cursor = Cursor.parse(text)
    if cursor is None:
        raise Rejected("this is no cursor of ours", code="invalid_request")
    return cursor
