"""The three lanes, made when somebody first comes, with their log, their clock and their switches."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Iterator
from typing import Literal

from limen import cookies, transport
from limen.clock import Seconds
from limen.errors import Denied, LimenError, Rejected
from limen.server.playground.lane import ACCESS_LIFETIME, EMAIL, NAMES, PASSWORD, Lane, place
from limen.server.playground.log import Log
from limen.server.playground.meter import Switches
from limen.server.playground.records import CLIENTS, STRATEGIES, Role, State, Switch
from limen.server.playground.shifted import ShiftedClock
from limen.server.resource import broken, refusal, respond
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header, Receive, Scope, Send

LANES = "/playground/{lane}/{who}/{rest:path}"
"""The route below which the lanes lie."""
MINUTE: Seconds = 60.0
STEAL = "/auth/refresh/steal"
"""Below the path of the refresh cookie, so that the browser sends that one along as well."""
_TAKEN = (NAMES.sid, NAMES.token, NAMES.refresh, NAMES.refreshes)
_REFRESH = "/auth/refresh"


class Playground:
    """Three lanes of a server in development. `close` it with the server; it may never have been started."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.clock = ShiftedClock()
        self.switches = Switches()
        self.log = Log(self.clock)
        self.lanes: dict[str, Lane] = {}
        self._process = secrets.token_hex(4)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Make the lanes and start them. Twice is once, for callers who come at once too."""
        async with self._starting:
            if not self.lanes:
                self.lanes = await self._made()

    async def close(self) -> None:
        """Stop the lanes; nothing of them remains."""
        lanes, self.lanes = self.lanes, {}
        await self._closed(lanes)

    async def _closed(self, lanes: dict[str, Lane]) -> None:
        for lane in lanes.values():
            await lane.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The routes of the lanes: `/playground/{lane}/{who}/…`."""
        call = self._site.call(scope, receive)
        lane, who = call.path_parameter("lane"), call.path_parameter("who")
        if lane not in STRATEGIES or who not in CLIENTS:
            await respond(self._site, call, refusal(_nothing()), send)
            return
        try:
            await self.start()
            if f"/{call.path_parameter('rest')}" != STEAL:
                await self.lanes[lane].serve(who, scope, receive, send)
                return
            answer = self._steal(self.lanes[lane], who, call)
        except LimenError as error:
            answer = refusal(error)
        except Exception as error:  # noqa: BLE001 - as for every other route: an id for the client, the rest for the log
            answer = broken(error, "the playground")
        await respond(self._site, call, answer, send)

    def state(self, after: int) -> State:
        """Everything as it is now, and the log after `after`."""
        entries, missed = self.log.after(after)
        keeps: Literal["sqlite", "memory"] = "memory" if self._folder is None else "sqlite"
        any_lane = next(iter(self.lanes.values())).issuer.settings
        return State(
            process=self._process, now=self.log.now(), turned=self.clock.turned, store=self.switches.store,
            feed=self.switches.feed, keeps=keeps, email=EMAIL, password=PASSWORD,
            max_staleness=any_lane.max_staleness, access_lifetime=ACCESS_LIFETIME, leeway=any_lane.leeway,
            lanes=[lane.state() for lane in self.lanes.values()], entries=entries, missed=missed,
        )  # fmt: skip

    def switch(self, asked: Switch) -> None:
        """Cut the store or the feed off, or join it again."""
        setattr(self.switches, asked.what, asked.cut)
        self.log.mark(asked.what, "cut" if asked.cut else "joined")

    def wait(self) -> None:
        """Let a minute have passed."""
        self.clock.turn(MINUTE)
        self.log.mark("wait", f"{MINUTE:g}")

    async def change_role(self, asked: Role) -> None:
        """In every lane; where it fails, the log says so."""
        for lane in self.lanes.values():
            await lane.change_role(asked.role)

    async def begin_again(self) -> list[Header]:
        """Join what was cut, give the role back, count from nothing; the headers that empty every jar."""
        self.switches.store = self.switches.feed = False
        for lane in self.lanes.values():
            if lane.role != "editor":
                await lane.change_role("editor")
            lane.forget()
        self.log.clear()
        self.log.mark("again")
        return list(_emptied())

    def _steal(self, lane: Lane, who: str, call: Call) -> Answer:
        """Copy every credential of the browser's jar into the thief's, from header to header: no script sees
        it. So a thief comes by it who reads a disk, a memory or a log."""
        if call.scope["method"] != "POST":
            raise Rejected("this is no method of this address", code="method_not_allowed", status=405)
        transport.check_forgery("POST", call.headers, self._site.auth.origins)
        taken = list(_copied(lane.name, call)) if who == "browser" else []
        if not taken:
            raise Denied("there is nothing to steal: sign in first", code="credential_missing")
        self.log.mark("steal", lane=lane.name)
        return Answer(204, b"", tuple(taken))

    async def _made(self) -> dict[str, Lane]:
        lanes: dict[str, Lane] = {}
        try:
            for name in STRATEGIES:
                lane = Lane(
                    name, self._database(name), self._site.auth.settings, clock=self.clock,
                    switches=self.switches, log=self.log,
                )  # fmt: skip
                lanes[name] = lane
                await lane.start()
                lane.forget()
        except BaseException:
            await self._closed(lanes)
            raise
        return lanes

    def _database(self, name: str) -> str:
        """A scratch file, or memory where there is no place for one."""
        if self._folder is None:
            try:
                self._folder = tempfile.TemporaryDirectory(prefix="limen-playground-")
            except OSError:
                return "memory://"
        return f"sqlite:///{self._folder.name}/{name}.db"


def _copied(lane: str, call: Call) -> Iterator[Header]:
    for name in _TAKEN:
        value = transport.find_cookie(call.headers, name)
        if value is not None:
            path = place(lane, "thief") + (_REFRESH if name == NAMES.refresh else "")
            written = cookies.set_cookie(name, value, max_age=3_600, path=path, secure=False)
            yield b"set-cookie", written


def _emptied() -> Iterator[Header]:
    for lane in STRATEGIES:
        for who in CLIENTS:
            for name in (*_TAKEN, NAMES.device):
                path = place(lane, who) + (_REFRESH if name == NAMES.refresh else "")
                yield b"set-cookie", cookies.clear_cookie(name, path=path, secure=False)


def _nothing() -> Rejected:
    return Rejected("there is nothing at this address", code="not_found", status=404)
