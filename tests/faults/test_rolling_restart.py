"""K19: three nodes are restarted one by one while secret and keys are replaced, and nobody notices."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from limen.secret import Secret
from support.servers import free_port
from support.serving import Serving
from support.shell import COMMAND, surroundings
from support.world import EMAIL, PASSWORD

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
OLD, NEW = Secret(bytes(range(32))).reveal(), Secret(bytes(range(1, 33))).reveal()
ISSUER = "http://127.0.0.1:8000"


class Deployment:
    """Nodes over one file behind a balancer that takes a node out before it is restarted."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._common = {
            "LIMEN_DATABASE": f"sqlite:///{folder}/limen.db", "LIMEN_ISSUER": ISSUER,
            "LIMEN_STRATEGY": "hybrid", "LIMEN_JWKS_MAX_AGE": "0", "LIMEN_CLIENTS": "api",
            "LIMEN_SESSION_LIMIT": "0",
        }  # fmt: skip
        self.nodes: list[Serving | None] = [None, None, None]
        self.secrets: dict[str, str] = {}

    def start(self, number: int) -> None:
        node = Serving(self._folder, "--port", str(free_port()), **self._common, **self.secrets)
        self.nodes[number] = self._stack.enter_context(node)

    def stop(self, number: int) -> Serving:
        node, self.nodes[number] = self.nodes[number], None
        assert node is not None
        return node

    def command(self, *arguments: str, stdin: str = "") -> Any:
        done = subprocess.run(
            [*COMMAND, *arguments, "--json"], cwd=self._folder, text=True, input=stdin, capture_output=True,
            env=surroundings(**self._common, **self.secrets), timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @property
    def addresses(self) -> list[str]:
        return [node.address for node in self.nodes if node is not None]


class Person:
    """Somebody who signs in, calls and refreshes, each time at whichever node the balancer picks."""

    def __init__(self, at: Deployment, http: httpx2.AsyncClient) -> None:
        self._at, self._http = at, http
        self._turn = 0
        self.refresh = self.token = ""
        self.calls = 0

    async def ask(self, method: str, path: str, **how: Any) -> httpx2.Response:
        self._turn += 1
        places = self._at.addresses
        answer = await self._http.request(method, places[self._turn % len(places)] + path, **how)
        self.calls += 1
        assert answer.status_code == 200, (method, path, answer.status_code, answer.text)
        return answer

    async def sign_in(self) -> None:
        said = await self.ask(
            "POST", "/auth/login", json={"email": EMAIL, "password": PASSWORD, "transport": "bearer"}
        )
        self.token, self.refresh = said.json()["access_token"], said.json()["refresh_token"]

    async def renew(self) -> None:
        """Two tabs at once, at two nodes: both get a credential, and it is the same one under the seal."""
        body = {"refresh_token": self.refresh}
        both = await asyncio.gather(*(self.ask("POST", "/auth/refresh", json=body) for _ in range(2)))
        self.token, self.refresh = both[0].json()["access_token"], both[1].json()["refresh_token"]

    async def go_on(self) -> None:
        for _ in range(3):  # every node must know the token
            await self.ask("GET", "/auth/session", headers={"authorization": f"Bearer {self.token}"})
        await self.renew()


async def test_K19_secret_and_keys_are_replaced_in_two_rolling_restarts_of_three_nodes(
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        at = Deployment(tmp_path, stack)
        at.secrets = {"LIMEN_SECRET": OLD}
        at.command("account", "add", EMAIL, "--password-stdin", stdin=PASSWORD)
        client = at.command("key", "client", "api")["client_secret"]
        for number in range(3):
            at.start(number)
        async with httpx2.AsyncClient(timeout=20) as http:
            faithful, fresh = Person(at, http), Person(at, http)
            await faithful.sign_in()
            sleeper = Person(at, http)
            await sleeper.sign_in()
            ready = asyncio.Event()

            async def traffic() -> None:
                while not ready.is_set():
                    await faithful.go_on()
                    await fresh.sign_in()

            load = asyncio.create_task(traffic())
            passes = ({"LIMEN_SECRET": OLD, "LIMEN_SECRET_PREVIOUS": NEW},
                      {"LIMEN_SECRET": NEW, "LIMEN_SECRET_PREVIOUS": OLD})  # fmt: skip
            for at.secrets in passes:
                for number in range(3):
                    node = at.stop(number)
                    await asyncio.sleep(0.3)  # what it was asked before it was taken out is answered
                    await asyncio.to_thread(node.stop, signal.SIGTERM)
                    await asyncio.to_thread(at.start, number)
                    if number == 1:
                        await asyncio.to_thread(at.command, "key", "rotate")
                    assert not load.done(), load.exception()
            ready.set()
            await load
            assert faithful.calls > 30
            await sleeper.go_on()  # whoever slept through all of it is signed in still
            basic = httpx2.BasicAuth("api", client)
            shown = await faithful.ask("POST", "/oauth/introspect", data={"token": sleeper.token}, auth=basic)
            assert shown.json()["active"] is True
            assert at.command("key", "client", "api")["client_secret"] != client
