"""A Limen served by a process of its own, an application, and the gateways between clients and both."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from limen.auth import Limen
from limen.cli import run
from limen.errors import Rejected
from limen.insecure import WeakHashing
from limen.jose import b64, jwk
from limen.secret import Secret
from limen.settings.table import describe, written
from limen.testing import TurnableClock
from support import echo
from support.gateways import KINDS, Gateway
from support.servers import free_port
from support.serving import Serving
from support.shell import surroundings
from support.world import EMAIL, PASSWORD, SECRET, STRATEGIES

T = TypeVar("T")
CLIENT, AUDIENCE = "gateway", "application"
SCOPES = ("notes:read", "notes:write")
_MONTHS = 86_400 * 40


class Behind:
    """Everything, started when it is first asked for; leave the `with` to end it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="limen"))
        self.folder.chmod(0o755)
        self.limen_port = free_port()
        self.host = f"127.0.0.1:{self.limen_port}"
        self.issuer = f"http://{self.host}"
        self.page = f"{self.issuer}/sign-in"
        self.upstream = echo.Echo()
        self._serving: Serving | None = None
        self._gateways: dict[str, Gateway] = {}
        self._settings: dict[str, Any] = {
            "database": f"sqlite:///{self.folder}/limen.db",
            "issuer": self.issuer,
            "accept": STRATEGIES,
            "trusted_proxies": ("127.0.0.1",),
            "forward_audience": AUDIENCE,
            "forward_headers": (
                "user",
                "email",
                "groups",
                "scopes",
            ),  # no name: what is not said is not there
            "clients": (CLIENT,),
            "jwks_max_age": 1,
            "sign_in_page": self.page,
        }

    def __enter__(self) -> Self:
        self.upstream.__enter__()
        self.do(lambda auth: auth.add_account(EMAIL, PASSWORD, scopes=SCOPES))
        self.account = self.do(lambda auth: auth.find_account(EMAIL)).id
        self.good = {strategy: self.signed_in(strategy) for strategy in STRATEGIES}
        self.expired = {strategy: self.signed_in(strategy, ago=_MONTHS) for strategy in STRATEGIES}
        self.export()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for gateway in self._gateways.values():
            gateway.stop()
        self.stop()
        self.upstream.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- Limen -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        arguments = ("--port", str(self.limen_port), "--log-level", "error")
        self._serving = Serving(self.folder, *arguments, **self._environment()).ready()

    def stop(self) -> None:
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.stop()

    def do(self, what: Callable[[Limen], Awaitable[T]], *, ago: float = 0, **options: Any) -> T:
        """Something done by a second process, as it were, on the same database."""

        async def inside() -> T:
            async with Limen(
                **{**self._settings, **options}, secret=Secret(SECRET), scheme=WeakHashing(),
                clock=TurnableClock(time.time() - ago),
            ) as auth:  # fmt: skip
                return await what(auth)

        return asyncio.run(inside())

    def signed_in(self, strategy: str, *, ago: float = 0) -> str:
        """A credential of a sign-in so many seconds ago."""

        async def sign_in(auth: Limen) -> str:
            return (await auth.sign_in(EMAIL, PASSWORD)).grant.credential

        return self.do(sign_in, ago=ago, strategy=strategy)

    def sign_out(self, credential: str) -> None:
        async def revoke(auth: Limen) -> None:
            await auth.sign_out(await auth.authenticate(credential))

        self.do(revoke)

    def rotate(self) -> None:
        """As soon as the next key was published for long enough."""

        def try_it() -> bool:
            try:
                self.do(lambda auth: auth.rotate_keys())
            except Rejected:
                return False
            return True

        assert within(5, try_it)

    def export(self) -> None:
        """`limen key export`, for HAProxy."""
        self._limen("key", "export", str(self.folder / "keys"))

    def signed(self, **changes: Any) -> str:
        """A token with the claims of a good one, some changed, signed by the key that signs."""
        head, payload, _ = (b64.decode(part) for part in f"{self.good['jwt']}.".split(".")[:3])
        header = json.loads(head) | changes.pop("header", {})
        claims = json.loads(payload) | changes
        key = self.do(_active)
        written = ".".join(b64.encode(json.dumps(one).encode()) for one in (header, claims))
        return f"{written}.{b64.encode(key.sign(written.encode()))}"

    def foreign(self) -> str:
        """A token signed by a key of the same name that is not ours."""
        head, payload, _ = self.good["jwt"].split(".")
        written = f"{head}.{payload}"
        key = jwk.generate(jwk.Algorithm.ES256)
        return f"{written}.{b64.encode(key.sign(written.encode()))}"

    # -- gateways --------------------------------------------------------------------------------------------

    def gateway(self, name: str) -> Gateway:
        if name not in self._gateways:
            secret = self.do(_client_secret)
            made = Gateway(name, KINDS[name], self._snippet, LIMEN_CLIENT_SECRET=secret)
            self._gateways[name] = made
            assert within(15, lambda: self._is_up(made)), made.log
        return self._gateways[name]

    def start_all(self) -> None:
        """Every gateway that is installed."""
        for name, kind in KINDS.items():
            if kind.finds() is not None:
                self.gateway(name)

    def _is_up(self, gateway: Gateway) -> bool:
        bearer = [("Authorization", f"Bearer {self.good['hybrid']}")]
        return echo.ask(gateway.port, "GET", "/", bearer, host=self.host).status == 200

    def _snippet(self, program: str, port: int) -> str:
        options = {
            "upstream": f"http://127.0.0.1:{self.upstream.port}", "limen": self.issuer,
            "listen": f"127.0.0.1:{port}", "keys": str(self.folder / "keys"), "client": CLIENT,
        }  # fmt: skip
        return self.printed(program, options)

    def printed(self, program: str, options: Mapping[str, str], **settings: str) -> str:
        """What `limen proxy snippet` prints."""
        given = [part for name, value in options.items() for part in (f"--{name}", value)]
        said = self._limen("proxy", "snippet", program, *given, "--json", **settings)
        return str(json.loads(said)["text"])

    def _environment(self, **settings: str) -> dict[str, str]:
        table, chosen = describe(), self._settings | settings
        said = {table[name].variable: written(value, table[name].kind) for name, value in chosen.items()}
        return {**said, "LIMEN_SECRET": Secret(SECRET).reveal()}

    def _limen(self, *arguments: str, **settings: str) -> str:
        before, out = dict(os.environ), io.StringIO()
        try:
            os.environ.clear()
            os.environ.update(surroundings(**self._environment(**settings)))
            with contextlib.redirect_stdout(out):
                assert run(arguments) == 0
        finally:
            os.environ.clear()
            os.environ.update(before)
        return out.getvalue()


async def _active(auth: Limen) -> jwk.SigningKey:
    return auth.ring.active


async def _client_secret(auth: Limen) -> str:
    return auth.client_secret(CLIENT)


def within(seconds: float, true: Callable[[], bool]) -> bool:
    """Whether something becomes true in time."""
    pause = threading.Event()
    until = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < until:
        pause.wait(0.02)
    return found
