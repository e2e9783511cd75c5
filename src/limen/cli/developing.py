"""The process in which `limen dev` runs an application: found by its name, and with a mail box beside it."""

from __future__ import annotations

import gc
import hmac
import json
import logging.config
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from pathlib import Path
from socket import socket
from typing import Any

import click
import uvicorn

from limen.auth import Limen
from limen.cli import logs, serving
from limen.cli.answer import Exit
from limen.cli.application import Broken, find
from limen.cli.failures import explained
from limen.cli.mail_box import MailBox
from limen.settings import Settings, mail_server

_DRAIN_SECONDS = 2
"""Streams that are open must not keep a change waiting."""
BROKEN = 64
"""What this process ends with where the application does not start: a change of it may help."""


def exit_of(code: int) -> Exit:
    """What the command ends with, where nothing will change."""
    return Exit.MISCONFIGURED if code == BROKEN else Exit(code)


@dataclass(frozen=True, slots=True)
class Development:
    """One application and how it is served; called in a process of its own, by whoever starts it anew."""

    application: str
    folder: str
    address: str
    factory: bool
    as_json: bool
    level: str
    access_log: bool
    mail_box: str
    """The path of the mail box. Others who work on this machine reach its ports and do not know it."""

    def __call__(self, sockets: list[socket] | None) -> None:
        """Serve, and end with the code of it, or with the process that started this one."""
        serving.leave_on_signals()
        _end_with_parent()
        code = self.serve(sockets or [])
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # what an application left running must not keep a change waiting

    def serve(self, sockets: list[socket]) -> int:
        """Until a signal says stop; an Exit, or BROKEN."""
        logging.config.dictConfig(logs.configuration(self.level, access=self.access_log))
        broken = False
        with explained(as_json=self.as_json) as outcome:
            try:
                inner = find(self.application, self.folder, factory=self.factory)
            except Broken:
                broken = True
                raise
            server = uvicorn.Server(self._configured(_Told(inner, self._tell, self.mail_box)))
            server.run(sockets=sockets)
            if not server.started:
                broken = True
        return BROKEN if broken else int(outcome.code)

    def _configured(self, app: Any) -> uvicorn.Config:
        return uvicorn.Config(
            app, lifespan="on", proxy_headers=False, access_log=self.access_log,
            log_config=logs.configuration(self.level, access=self.access_log),
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )  # fmt: skip

    def _tell(self, told: dict[str, Any]) -> None:
        if self.as_json:
            click.echo(json.dumps({"event": "serving", "address": self.address, **told}))
            return
        for line in _lines(self.address, told):
            click.echo(line, err=True)


class _Told:
    """The application, with the mail box before it; says what there is once it has started."""

    def __init__(self, app: Any, tell: Callable[[dict[str, Any]], None], path: str) -> None:
        self._app, self._tell, self._path = app, tell, path
        self._mail_box: MailBox | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._listening(send))
        elif self._mail_box is not None and scope["type"] == "http" and self._leads_there(scope):
            await self._mail_box(scope, send)
        else:
            await self._app(scope, receive, send)

    def _leads_there(self, scope: Any) -> bool:
        return hmac.compare_digest(scope["path"].encode("utf-8", "replace"), self._path.encode())

    def _listening(self, send: Any) -> Any:
        async def listening(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._tell(await self._known())
            await send(message)

        return listening

    async def _known(self) -> dict[str, Any]:
        """What is to be told of the Limen that the application has started."""
        started = [one for one in gc.get_objects() if type(one) is Limen and one.is_fresh()]
        if not started:
            return {"found": False}
        auth = started[0]
        settings = auth.settings
        told: dict[str, Any] = {"found": True, "strategy": settings.strategy, "issuer": settings.issuer}
        told["database"] = settings.place
        folder = settings.mail.removeprefix(mail_server.CONSOLE)
        if mail_server.is_console(settings.mail) and folder:
            self._mail_box = MailBox(settings, Path(folder))
            told["mail_box"] = f"{settings.issuer}{self._path}"
        link = await auth.admin.set_up_link()
        if link is not None:
            path = f"{settings.pages}/admin/set-up"
            told["set_up"] = link if await _has_page(self._app, settings.issuer, path) else None
        return told


def _lines(address: str, told: dict[str, Any]) -> list[str]:
    """For people."""
    if not told["found"]:
        return [f"limen dev: {address} answers, and no Limen has started in it: hand one to `install`"]
    lines = [f"limen dev: {address} answers ({told['strategy']}, {told['database']})"]
    if told["issuer"].startswith("https:"):
        lines.append(
            f"  its issuer is {told['issuer']}, where no browser is just now: make it by Limen.from_env(…), "
            "which asks the environment first"
        )
    if "mail_box" in told:
        lines.append(f"  letters: here, and on {told['mail_box']}")
    if told.get("set_up"):
        lines += ["  make the first administrator, within an hour and once:", f"    {told['set_up']}"]
    elif "set_up" in told:
        where = "" if told["database"] == Settings().database else f" --database {told['database']}"
        lines.append(
            "  nobody has an account, and there are no pages (pages=True): an administrator is made by "
            f"`limen account add you@example.com --admin{where}`"
        )
    return lines


async def _has_page(app: Any, issuer: str, path: str) -> bool:
    """Whether a page of ours is at this path: nothing else says that a link is no good (410)."""
    host = issuer.partition("://")[2]
    found: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    port = int(host.rpartition(":")[2]) if host.rpartition(":")[2].isdigit() else 80
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "state": {},
        "headers": [(b"host", host.encode())], "client": ("127.0.0.1", 0), "server": ("127.0.0.1", port),
    }  # fmt: skip
    try:
        await app(scope, receive, send)
    except Exception:  # noqa: BLE001 - it is the application's, and a question beside the way
        return False
    return found == [410]


def _end_with_parent() -> None:
    """Let nothing be left behind, however the process ends that started this one."""
    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True, name="limen dev: parent").start()
