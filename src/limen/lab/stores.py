"""Servers of stores that the lab starts by itself: PostgreSQL and Redis, where their programs are at hand.

Each lies in a folder of its own that goes away with it, and is set up as one that must lose nothing: the lab
stops it for a while and starts it again. PostgreSQL refuses to be root's, so there it is another user's.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from limen.errors import Misconfigured, Unavailable
from limen.lab.http import HOST

PATIENCE = 30.0
"""Seconds in which a server must come up."""
_USER, _DATABASE = "limen", "limen"


class StoreServer:
    """One server. `down` and `up` stop it and start it again, with everything that it had acknowledged."""

    def __init__(self, url: str, command: list[str], is_up: Callable[[], bool], end: signal.Signals) -> None:
        self.url = url
        self._command, self._is_up, self._end = command, is_up, end
        self._process: Process | None = None

    async def up(self) -> None:
        """Start it, and wait until it takes connections."""
        self._process = await asyncio.create_subprocess_exec(
            *_guarded(self._command), stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
        )
        async with asyncio.timeout(PATIENCE):
            while not await asyncio.to_thread(self._is_up):
                if self._process.returncode is not None:
                    raise Unavailable(
                        f"{self._command[0]} ended as soon as it was started", reason="lab_store"
                    )
                await asyncio.sleep(0.05)

    async def down(self) -> None:
        """Stop it as an operator would: connections are cut, what was acknowledged is kept."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(self._end)
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()


def can_start(name: str) -> bool:
    """Whether this names a server that the lab starts by itself."""
    return name in _MADE


def check(name: str) -> None:
    """Misconfigured where its programs are not on this machine, or what speaks to it is not installed."""
    programs, driver, extra = _NEEDED[name]
    for program in programs:
        _program(program)
    if find_spec(driver) is None:
        raise Misconfigured(f"{name} needs its driver: pip install 'limen[{extra}]'", code="misconfigured")


@asynccontextmanager
async def started(name: str) -> AsyncIterator[StoreServer]:
    """`postgresql` or `redis`, running, empty, and gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="limen-"))  # short: the path of a socket has at most 107 characters
    try:
        _give(folder)
        server = await _MADE[name](folder)
        try:
            yield server
        finally:
            await server.down()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _postgres(folder: Path) -> StoreServer:
    data, port = folder / "data", _free_port()
    await _run(
        _program("initdb"), "-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C",
        "--no-instructions",
    )  # fmt: skip
    command = [
        _program("postgres"), "-D", str(data), "-k", str(folder), "-p", str(port),
        "-c", "listen_addresses=", "-c", "max_connections=200",
    ]  # fmt: skip
    where = ("-h", str(folder), "-p", str(port))
    is_up = partial(_takes, socket.AF_UNIX, str(folder / f".s.PGSQL.{port}"))
    url = f"postgresql://{_USER}@/{_DATABASE}?host={folder}&port={port}"
    server = StoreServer(url, command, is_up, signal.SIGINT)  # SIGINT: a fast shutdown
    await server.up()
    await _until_made(_program("createdb"), *where, "-U", _USER, _DATABASE)
    return server


async def _redis(folder: Path) -> StoreServer:
    port = _free_port()
    command = [
        _program("redis-server"), "--port", str(port), "--bind", HOST, "--dir", str(folder), "--save", "",
        "--appendonly", "yes", "--appendfsync", "always",
    ]  # fmt: skip
    server = StoreServer(
        f"redis://{HOST}:{port}/0", command, partial(_takes, socket.AF_INET, (HOST, port)), signal.SIGTERM
    )
    await server.up()
    return server


_MADE = {"postgresql": _postgres, "redis": _redis}
_NEEDED = {
    "postgresql": (("initdb", "postgres", "createdb"), "asyncpg", "postgres"),
    "redis": (("redis-server",), "hiredis", "redis"),
}
"""Programs, the driver, and the extra that brings it."""


def _program(name: str) -> str:
    """Where it is: Debian keeps PostgreSQL's programs off the path, one folder a version."""
    newest_first = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = next((str(place) for place in newest_first if os.access(place, os.X_OK)), shutil.which(name))
    if found is None:
        raise Misconfigured(
            f"there is no {name} on this machine: install it, or give the address of an empty database",
            code="misconfigured",
        )
    return found


def _takes(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


async def _until_made(*command: str) -> None:
    """A server that takes connections may be starting still."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await _run(*command)
            except Unavailable:
                await asyncio.sleep(0.1)


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *_guarded(list(command)), stdout=DEVNULL, stderr=asyncio.subprocess.PIPE, cwd="/"
    )
    _, said = await process.communicate()
    if process.returncode:
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        raise Unavailable(f"{Path(command[0]).name} failed: {' '.join(last)}", reason="lab_store")


def _guarded(command: list[str]) -> list[str]:
    """Nobody's with rights, and to end with the lab however that ends, where the system has a word for it."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return command
    who = _nobody()
    rights = [] if who is None else [f"--reuid={who[0]}", f"--regid={who[1]}", "--clear-groups"]
    return [setpriv, *rights, "--pdeathsig", "INT", *command]


def _give(folder: Path) -> None:
    who = _nobody()
    if who is not None:
        os.chown(folder, *who)


def _nobody() -> tuple[int, int] | None:
    """Who runs servers where root measures; None for everybody else."""
    if os.name != "posix" or os.geteuid() != 0:
        return None
    import pwd

    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return found.pw_uid, found.pw_gid
    return None


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
