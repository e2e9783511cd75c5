"""One lane: one strategy, one store, and two servers that share it, as two processes of a deployment do.

People sign in and out at the issuer, and the API is asked at the other. What the issuer ends the other learns
by the feed alone: in one process, a sign-out would be known before its answer leaves, and the feed could be
cut without anybody noticing. Everything between the wire and the store is the product's own.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.routing import Route, Router

from limen.auth import Limen
from limen.clock import Clock
from limen.errors import LimenError, Rejected
from limen.secret import Secret
from limen.server.playground.log import Log
from limen.server.playground.meter import Metered, Switches
from limen.server.playground.observing import Observed, age
from limen.server.playground.records import ROLES, Counters, LaneState
from limen.server.resource import Endpoint, Resource, refusal, respond
from limen.server.signing import required
from limen.server.site import Site
from limen.server.table import endpoints_of
from limen.server.wire import Answer, Call, Receive, Scope, Send, json_answer
from limen.settings import Settings
from limen.transport import CookieNames

EMAIL, PASSWORD = "ada@example.com", "a line of the playground"
"""They open a scratch account, and nothing else anywhere."""
ACCESS_LIFETIME, IDLE_LIFETIME, ABSOLUTE_LIFETIME = 120.0, 900.0, 3_600.0
"""Short, so that a few minutes of waiting show how each ends."""
_SESSIONS = 10
NAMES = CookieNames(*(f"limen-play-{name}" for name in ("sid", "token", "refresh", "device", "refreshes")))
"""Not those of the server around it: cookies know no ports and, but for their path, no lanes."""
API = "/api"
_SIGNING = ("/auth/login", "/auth/refresh", "/auth/logout")


class Told(Struct, frozen=True):
    """What the protected API answers: whom it takes the caller for, and what that one may do."""

    account: str
    scope: str


def place(lane: str, who: str) -> str:
    """The path below which one client of a lane has its routes, and its cookies."""
    return f"/playground/{lane}/{who}"


class Lane:
    """Two started servers over one metered store, with one account; `serve` is what the wire reaches."""

    def __init__(
        self, name: str, database: str, around: Settings, *, clock: Clock, switches: Switches, log: Log
    ) -> None:
        self.name, self.role, self._log = name, "editor", log
        options: dict[str, Any] = {
            "secret": Secret.generate(),
            "strategy": name,
            "issuer": around.issuer,
            "audience": f"{around.issuer}/playground/{name}",  # a token of a lane is good there alone
            "transports": ("cookie",),
            "access_lifetime": ACCESS_LIFETIME,
            "idle_lifetime": IDLE_LIFETIME,
            "absolute_lifetime": ABSOLUTE_LIFETIME,
            "session_limit": _SESSIONS,
            "default_scopes": ROLES[self.role],
            "hash_threads": 1,
        }
        self._store = Limen(database, **options).store
        self.metered = Metered(self._store, switches)
        wired: Any = self.metered
        self.issuer = Limen(database, store=wired, clock=clock, **options)
        self.api = Limen(database, store=wired, clock=clock, **options)
        self.issuer.cookie_names = self.api.cookie_names = NAMES
        self._site = Site.of(self.issuer, whole=False)
        self.observed = Observed(self, self._router(), log)

    async def start(self) -> None:
        """Open the store, start both servers, and add the one account."""
        await self._store.start()
        await self.issuer.start()
        await self.api.start()
        self._account = await self.issuer.add_account(EMAIL, PASSWORD)

    async def close(self) -> None:
        """Stop both servers and let go of the store."""
        await self.api.close()
        await self.issuer.close()
        await self._store.close()

    async def serve(self, who: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request below `place(name, who)`, as an application does that is mounted there."""
        root = place(self.name, who)
        await self.observed(who, {**scope, "root_path": root}, receive, send)

    async def change_role(self, role: str) -> None:
        """What an operator does at the issuer: set the scopes of the account. Logged, whatever came of it."""
        with self._log.operator(self.name, "role") as note:
            try:
                await self.issuer.set_scopes(self._account, ROLES[role])
            except LimenError as error:
                note.failed(error)
            else:
                self.role = role
                note.says = role

    def state(self) -> LaneState:
        """The lane as it is now."""
        seen = self.observed
        return LaneState(
            name=self.name,
            role=self.role,
            lag=self.api.guarantees.revocation_lag,
            counters=Counters(seen.requests, seen.bytes, seen.accepted, dict(self.metered.operations)),
            age=age(self.api),
            fresh=self.api.is_fresh(),
        )

    def forget(self) -> None:
        """Count anew."""
        self.observed.requests = self.observed.bytes = self.observed.accepted = 0
        self.metered.operations.clear()

    def _router(self) -> Router:
        asked = Endpoint(method="GET", path=API, run=_api, summary="Who is asking.", gives=(Told,))
        routes = [Route(API, Resource(Site.of(self.api, whole=False), [asked]))]
        for endpoint in endpoints_of(self._site):
            if endpoint.path in _SIGNING:
                routes.append(Route(endpoint.path, Resource(self._site, [endpoint])))
        return Router(routes, redirect_slashes=False, default=self._nowhere)

    async def _nowhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = Rejected("there is nothing at this address", code="not_found", status=404)
        await respond(self._site, self._site.call(scope, receive), refusal(error), send)


async def _api(site: Site, call: Call) -> Answer:
    """What is protected."""
    who = await required(site, call)
    return json_answer(Told(who.account, " ".join(sorted(who.scopes))))
