"""A server to be measured: `python -m limen.lab.subject`, told by stdin what it is.

Real HTTP on a socket that the lab has bound, in a process of its own. Four kinds, which differ in one thing
each: a socket that answers, a server with an application, the same with Limen before it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
from pathlib import Path
from time import process_time
from typing import Any

import uvicorn
from msgspec import Struct, convert
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from limen import Limen
from limen.clock import SystemClock
from limen.errors import LimenError, Rejected
from limen.insecure import WeakHashing
from limen.integrations.asgi import LimenMiddleware
from limen.lab import lines
from limen.lab.delay import Pauses
from limen.lab.metering import Metered
from limen.lab.peers import Place, named
from limen.lab.peers import make as make_peer
from limen.lab.people import PASSWORD, email
from limen.lab.records import BARE, SOCKET
from limen.secret import Secret

BODY = b'{"hello":"world"}'
_RAW = (
    b"HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\nserver: lab\r\n"
    b"content-type: application/json\r\ncontent-length: 17\r\n\r\n" + BODY
)


class Subject(Struct, frozen=True):
    """What a server is. `fd` is a listening socket that was handed down."""

    strategy: str
    fd: int
    issuer: str
    database: str = "memory://"
    sessions: str = ""
    """Where sessions are kept beside the accounts in `database`."""
    cache: bool = True
    peer: bool = False
    """`strategy` is the name of another library."""
    rtt: float = 0.0
    max_staleness: float = 5.0
    delay: float = 0.0
    """Planted: each request waits so long."""
    again: int = 0
    """Planted: further reads of each session."""
    late: float = 0.0
    """Planted: the feed tells everything so much later."""


def secret() -> Secret:
    """The same for every run: a database of the lab can be used again, and one of a deployment, whose keys
    another secret wraps, cannot be opened by mistake."""
    return Secret(hashlib.sha256(b"limen lab: no secret at all").digest())


def make(asked: Subject) -> tuple[Limen, Metered]:
    """Limen before a meter, as the lab runs it."""
    options: dict[str, Any] = {
        "secret": secret(),
        "strategy": asked.strategy,
        "issuer": asked.issuer,
        "max_staleness": asked.max_staleness,
        "session_limit": 0,
        "session_store": asked.sessions,
    }
    if not asked.cache:
        options["cache_size"] = 0
    store = Limen(asked.database, **options).store
    clock = SystemClock()
    metered = Metered(
        store, clock, pause=Pauses(clock).wait, rtt=asked.rtt, again=asked.again, late=asked.late
    )
    wired: Any = metered
    return Limen(asked.database, store=wired, scheme=WeakHashing(), **options), metered


class _Server:
    """One process's server, and what it does when told."""

    def __init__(self, asked: Subject) -> None:
        self._asked = asked
        self._auth: Limen | None = None
        self._metered: Metered | None = None

    async def run(self) -> None:
        bound = socket.socket(fileno=self._asked.fd)
        if self._asked.strategy == SOCKET:
            await self._echo(bound)
            return
        application = await self._application()
        if self._auth is not None:
            await self._auth.start()  # before uvicorn, which would only say that there was a failure
        config = uvicorn.Config(
            application, log_level="critical", access_log=False, proxy_headers=False, server_header=False,
            lifespan="auto" if self._asked.peer else "on",  # Django has none, and says so by failing
            http="httptools", loop="none", timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        if serving.done():
            raise SystemExit("the server did not start")
        lines.say({"ready": True, "lag": self._auth.guarantees.revocation_lag if self._auth else 0.0})
        await lines.obey(self._do)
        server.should_exit = True
        await serving

    async def _echo(self, bound: socket.socket) -> None:
        server = await asyncio.get_running_loop().create_server(_Echo, sock=bound)
        lines.say({"ready": True})
        await lines.obey(self._do)
        server.close()

    async def _application(self) -> Any:
        site: Any = Starlette(routes=[Route("/", _hello, methods=["GET"])])
        if self._asked.delay:
            site = _slow(site, self._asked.delay)
        if self._asked.strategy == BARE:
            return site
        if self._asked.peer:
            return await _peer(self._asked)
        self._auth, self._metered = make(self._asked)
        return LimenMiddleware(site, self._auth)

    async def _do(self, told: lines.Told) -> Any:
        match told["do"]:
            case "read":
                return {
                    "cpu": process_time(),
                    "operations": dict(self._metered.operations) if self._metered else {},
                }
            case "cut" if self._metered is not None:
                self._metered.cut = frozenset(told["what"])
            case "accounts" if self._auth is not None:
                for number in range(told["count"]):
                    await add(self._auth, email(number))
        return {}


async def add(auth: Limen, address: str) -> None:
    try:
        await auth.add_account(address, PASSWORD)
    except Rejected as error:
        if error.code != "account_exists":  # an address of an earlier run in the same database
            raise


async def _peer(asked: Subject) -> Any:
    peer = named(asked.strategy)
    if peer is None:
        raise SystemExit(f"there is no peer {asked.strategy}")
    database = Path(asked.database.removeprefix("sqlite:///"))
    return await make_peer(peer, Place(database, asked.sessions, asked.issuer))


async def _hello(_: Request) -> Response:
    return Response(BODY, media_type="application/json")


def _slow(app: Any, seconds: float) -> Any:
    async def delayed(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(seconds)
        await app(scope, receive, send)

    return delayed


class _Echo(asyncio.Protocol):
    """Answers whatever ends like a request without a body: what sockets and event loop cost by themselves."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(_RAW)


def main() -> None:
    import uvloop

    logging.getLogger("limen").setLevel(logging.CRITICAL)  # an outage is meant, and its answers are counted
    try:
        uvloop.run(_Server(convert(lines.read_first(), Subject)).run())
    except LimenError as error:
        raise SystemExit(error.message) from None


if __name__ == "__main__":
    main()
