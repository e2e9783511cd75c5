"""Real servers for the tests: PostgreSQL and PgBouncer, on free ports, in a folder that goes away with them.

One of each is started when it is first asked for and ends with the run. PostgreSQL refuses to run as root, so
there it is an unprivileged user's. `make test` installs what is missing where it can (scripts/servers).
"""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from functools import cache
from pathlib import Path

import pytest

_counter = itertools.count()
_ROOT = os.geteuid() == 0
USER = "limen"
DATABASE = "limen"


class Server:
    """A process of the operating system, ended by its id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def spawn(self, *command: str) -> None:
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(_as_nobody(*command), stdout=log, stderr=log, cwd=self.folder)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
            process.wait(20)

    def wait(self, *, timeout: float = 20) -> None:
        """Until it takes connections on its socket."""
        pause = threading.Event()
        for _ in range(int(timeout / 0.02)):
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError((self.folder / "log").read_text())
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self.folder / f".s.PGSQL.{self.port}")) == 0:
                    return
            pause.wait(0.02)
        raise AssertionError("the server does not come up")


class Postgres(Server):
    """A cluster of its own. `durable=False` never waits for the disk: fast, and useless after a crash."""

    def __init__(self, folder: Path, *, durable: bool = False, **settings: str) -> None:
        super().__init__(folder)
        self.data = folder / "data"
        quick = {} if durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        self._settings = {"max_connections": "200", "autovacuum": "off", **quick, **settings}

    @classmethod
    def made(cls, folder: Path, *, durable: bool = False, **settings: str) -> Postgres:
        """Initialised, running, and with an empty database."""
        server = cls(folder, durable=durable, **settings)
        _run(
            program("initdb"), "-D", str(server.data), "-U", USER, "-A", "trust", "-E", "UTF8",
            "--locale=C", "--no-sync", "--no-instructions",
        )  # fmt: skip
        server.start()
        server.sql("postgres", f"CREATE DATABASE {DATABASE}")
        return server

    def start(self) -> None:
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self.spawn(
            program("postgres"), "-D", str(self.data), "-k", str(self.folder), "-p", str(self.port),
            "-c", "listen_addresses=127.0.0.1", *options,
        )  # fmt: skip
        self.wait()
        self._until_ready()

    def standby(self, folder: Path) -> Postgres:
        """A standby of this cluster that follows it, running."""
        other = Postgres(folder)
        other._settings = self._settings
        _run(
            program("pg_basebackup"), "-h", str(self.folder), "-p", str(self.port), "-U", USER,
            "-D", str(other.data), "-R", "-c", "fast", "--no-sync",
        )  # fmt: skip
        other.start()
        return other

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast; SIGQUIT: as after a crash."""
        self.end(how)

    def url(self, *, schema: str | None = None, **options: object) -> str:
        return url(self.folder, self.port, schema=schema, **options)

    def tcp(self, *, port: int | None = None, **options: object) -> str:
        """The same over TCP, perhaps through something that listens on another port."""
        query = "".join(f"&{name}={value}" for name, value in options.items())
        return f"postgresql://{USER}@127.0.0.1:{port or self.port}/{DATABASE}?sslmode=disable{query}"

    def sql(self, database: str, *statements: str) -> str:
        """Run statements with psql; what they answer."""
        command = [program("psql"), "-h", str(self.folder), "-p", str(self.port), "-U", USER, "-d", database]
        for statement in statements:
            command += ["-c", statement]
        return _run(*command, "-AtqX", "-v", "ON_ERROR_STOP=1")

    def _until_ready(self) -> None:
        ready = (program("pg_isready"), "-h", str(self.folder), "-p", str(self.port), "-q")
        pause = threading.Event()
        for _ in range(500):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            pause.wait(0.02)
        raise AssertionError((self.folder / "log").read_text())


class PgBouncer(Server):
    """A pooler in transaction mode before a cluster, with fewer server connections than clients."""

    @classmethod
    def made(cls, folder: Path, postgres: Postgres, *, connections: int = 4) -> PgBouncer:
        server = cls(folder)
        (folder / "users").write_text(f'"{USER}" ""\n')
        (folder / "ini").write_text(
            f"[databases]\n* = host={postgres.folder} port={postgres.port} user={USER}\n"
            f"[pgbouncer]\npool_mode = transaction\ndefault_pool_size = {connections}\n"
            "max_client_conn = 500\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {server.port}\nunix_socket_dir = {folder}\n"
            f"auth_type = any\nauth_file = {folder}/users\nserver_reset_query = DISCARD ALL\n"
        )
        _give(folder)
        server.spawn(program("pgbouncer"), str(folder / "ini"))
        server.wait()
        return server

    def stop(self) -> None:
        self.end(signal.SIGTERM)

    def url(self, *, schema: str | None = None, **options: object) -> str:
        return url(self.folder, self.port, schema=schema, **options)


def url(folder: Path, port: int, *, schema: str | None, **options: object) -> str:
    named = {**options, **({} if schema is None else {"schema": schema})}
    query = "".join(f"&{name}={value}" for name, value in named.items())
    return f"postgresql://{USER}@/{DATABASE}?host={folder}&port={port}{query}"


@cache
def postgres() -> Postgres:
    """The cluster that most tests share. Skips the test where there is no PostgreSQL."""
    need("initdb", "PostgreSQL", "postgresql")
    server = Postgres.made(place())
    atexit.register(server.stop)
    return server


@cache
def pgbouncer() -> PgBouncer:
    """The pooler before it. Skips the test where there is none."""
    before = postgres()
    need("pgbouncer", "PgBouncer", "pgbouncer")
    server = PgBouncer.made(place(), before)
    atexit.register(server.stop)
    return server


def new_schema() -> str:
    """The name of a schema that no other test has: the store makes it."""
    return f"t{os.getpid()}_{next(_counter)}"


def need(name: str, what: str, package: str) -> None:
    """Skip, and say how not to, unless this program is here."""
    if found(name) is None:
        pytest.skip(f"{what} is not installed: `apt-get install {package}` runs these tests")


@cache
def found(name: str) -> str | None:
    newest_first = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    places = (*map(str, newest_first), shutil.which(name), f"/usr/sbin/{name}")
    return next((place for place in places if place and os.access(place, os.X_OK)), None)


def program(name: str) -> str:
    place = found(name)
    assert place is not None, f"{name} is not installed"
    return place


def place() -> Path:
    """A new folder of the unprivileged user, gone at the end. Its path is short: it holds sockets."""
    folder = Path(tempfile.mkdtemp(prefix="limen"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _give(folder)
    return folder


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _nobody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _give(folder: Path) -> None:
    if _ROOT:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _nobody().pw_uid, _nobody().pw_gid)


def _as_nobody(*command: str) -> list[str]:
    """The command as an unprivileged user's, and to end with this process however that ends."""
    user = _nobody()
    who = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"] if _ROOT else []
    return [program("setpriv"), *who, "--pdeathsig", "INT", *command] if found("setpriv") else [*command]


def _run(*command: str) -> str:
    done = subprocess.run(
        _as_nobody(*command), capture_output=True, text=True, timeout=60, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
