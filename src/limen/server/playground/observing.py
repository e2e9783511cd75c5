"""Watching a lane: what travelled, what the store was asked, how fresh the feed was, and how long it took."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from time import perf_counter
from typing import Any, Literal, Protocol

from limen.auth import Limen
from limen.server.playground import travelled
from limen.server.playground.log import Log, reads, together
from limen.server.playground.meter import tally
from limen.server.playground.records import Entry, Travelled
from limen.server.wire import Header, Message, Receive, Scope, Send
from limen.transport import CookieNames, glance

_SAYS_MAX = 512
_EVERYWHERE = b"; Path=/;"


class Watched(Protocol):
    """What is looked at."""

    name: str
    issuer: Limen
    api: Limen


class Observed:
    """The application of a lane, with somebody looking on. The application notices nothing of it."""

    def __init__(self, lane: Watched, app: Any, log: Log) -> None:
        self._lane, self._app, self._log = lane, app, log
        self.requests = self.bytes = self.accepted = 0

    async def __call__(self, who: str, scope: Scope, receive: Receive, send: Send) -> None:
        what = scope["path"].rpartition("/")[2]
        server: Literal["api", "issuer"] = "api" if what == "api" else "issuer"
        auth = self._lane.api if server == "api" else self._lane.issuer
        wire = _Wire(scope, receive, send)
        view, fresh, at = age(auth), auth.is_fresh(), self._log.now()
        cache = _remembered(auth, scope) if server == "api" else ""
        with tally() as asked:
            began = perf_counter()
            await self._app(scope, wire.receive, wire.send)
            micros = (perf_counter() - began) * 1e6
        sent, answered = wire.weigh(auth.cookie_names)
        self.requests += 1
        self.bytes += sent.bytes + answered.bytes
        self.accepted += server == "api" and wire.status == 200
        told = together(asked)
        self._log.add(
            Entry(
                number=0,
                lane=self._lane.name,
                who=who,
                what=what,
                at=at,
                ended=self._log.now(),
                status=wire.status,
                code=wire.code(),
                says=wire.says(),
                sent=sent,
                answered=answered,
                asked=told,
                reads=reads(told),
                age=view,
                fresh=fresh,
                cache=cache,
                micros=round(micros, 1),
                server=server,
            )
        )


def age(auth: Limen) -> float | None:
    """How old a server's view of the feed is, in seconds; None if it has none yet."""
    found = auth.clock.monotonic() - auth.filter.fresh_at
    return round(found, 6) if math.isfinite(found) else None


class _Wire:
    """Both ends of one request: counts what goes through, and gives cookies of the whole host the path of
    the client whose they are, since one browser plays several here."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._here = f"; Path={scope['root_path']};".encode()
        self.status, self._headers = 0, list[Header]()
        self._taken = self._given = 0
        self._said = b""

    async def receive(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self._headers = message["status"], self._moved(message["headers"])
            message = {**message, "headers": self._headers}
        else:
            body = message.get("body", b"")
            self._given += len(body)
            self._said = (self._said + body)[:_SAYS_MAX]
        await self._send(message)

    def weigh(self, names: CookieNames) -> tuple[Travelled, Travelled]:
        """The request, and the answer."""
        ours = (names.sid, names.token, names.refresh, names.refreshes, names.device)
        sent = travelled.request(self._scope, self._taken, ours)
        return sent, travelled.answer(self.status, self._headers, self._given)

    def says(self) -> str:
        """The body of the answer. No credential is ever in it: the lanes have cookies and nothing else."""
        return self._said.decode("utf-8", "replace")

    def code(self) -> str:
        """The code of a problem document, else nothing."""
        if self.status < 400:
            return ""
        try:
            return str(json.loads(self._said).get("code", ""))
        except (ValueError, AttributeError):
            return ""

    def _moved(self, headers: Iterable[Header]) -> list[Header]:
        return [(k, v.replace(_EVERYWHERE, self._here) if k == b"set-cookie" else v) for k, v in headers]


def _remembered(auth: Limen, scope: Scope) -> Literal["", "hit", "miss"]:
    """Whether this process can answer from memory. Looked up once more than the request itself will."""
    found = glance(scope["headers"], auth.cookie_names, auth.transports)
    if found is None or not found[0]:
        return ""
    return "miss" if auth.recall_raw(found[0]) is None else "hit"
