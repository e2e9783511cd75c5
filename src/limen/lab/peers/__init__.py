"""Other libraries doing the same job, each as its own documentation would have it, for `compare --peers`.

A peer is measured where it is installed (`pip install 'limen[peers]'`). Each file makes one application with
one protected route, and credentials of people who have signed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

STORE = "peers"
"""Where reports put them: beside the stores, in a group of their own."""


@dataclass(frozen=True, slots=True)
class Peer:
    """How to make one. `package` is what must be installed."""

    name: str
    package: str
    module: str
    maker: str

    def make(self, count: int) -> tuple[Any, list[str]]:
        """The application, and a header line for each of so many people."""
        maker: Callable[[int], tuple[Any, list[str]]] = getattr(import_module(self.module), self.maker)
        return maker(count)


PEERS: tuple[Peer, ...] = (
    Peer("PyJWT, HS256", "PyJWT", "limen.lab.peers.pyjwt", "symmetric"),
    Peer("PyJWT, ES256", "PyJWT", "limen.lab.peers.pyjwt", "asymmetric"),
    Peer("joserfc, ES256", "joserfc", "limen.lab.peers.joserfc", "asymmetric"),
    Peer("Starlette session", "itsdangerous", "limen.lab.peers.starlette", "signed_cookie"),
)


def installed() -> list[Peer]:
    """Those that can be measured here."""
    return [peer for peer in PEERS if version_of(peer) is not None]


def version_of(peer: Peer) -> str | None:
    try:
        return version(peer.package)
    except PackageNotFoundError:
        return None


def named(name: str) -> Peer:
    return next(peer for peer in PEERS if peer.name == name)
