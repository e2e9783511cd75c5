"""What the playground tells its page: each request as it travelled, what it took, and the sums of all."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Strategy = Literal["session", "jwt", "hybrid"]
STRATEGIES: tuple[Strategy, ...] = ("session", "jwt", "hybrid")
CLIENTS = ("browser", "second", "thief")
ROLES: dict[str, tuple[str, ...]] = {"editor": ("read", "write"), "reader": ("read",)}
OPERATOR = "operator"
"""Who changes a role: nobody's browser."""


class Cookie(Struct, frozen=True):
    """A cookie on its way. `shown` is its beginning, never all of it; `said` are attributes of an answer."""

    name: str
    bytes: int
    shown: str = ""
    said: str = ""


class Travelled(Struct, frozen=True):
    """A request, or an answer, as HTTP/1.1 writes it: bytes of first line, of each header, of the body."""

    bytes: int = 0
    line: int = 0
    headers: list[tuple[str, int]] = []
    cookies: list[Cookie] = []
    body: int = 0


class Asked(Struct, frozen=True):
    """Operations of one name that a request asked of the store, together."""

    name: str
    kind: Literal["read", "feed", "write"]
    count: int
    micros: float
    failed: int = 0


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the log: a request, what an operator did, or a mark where a switch was turned.

    `at` and `ended` are seconds of the playground's clock; `age` is how old the view of the feed was at `at`.
    """

    number: int
    lane: str
    who: str
    what: str
    at: float
    ended: float
    status: int = 0
    code: str = ""
    says: str = ""
    sent: Travelled | None = None
    answered: Travelled | None = None
    asked: list[Asked] = []
    reads: int = 0
    age: float | None = None
    fresh: bool = False
    cache: Literal["", "hit", "miss"] = ""
    micros: float = 0.0
    server: Literal["", "issuer", "api"] = ""


class Counters(Struct, frozen=True):
    """The server's own sums of one lane since it began, or began again: what the page adds up must agree."""

    requests: int
    bytes: int
    accepted: int
    operations: dict[str, int]
    """Everything asked of the store, by its servers' own housekeeping too."""


class LaneState(Struct, frozen=True):
    """One lane as it is now."""

    name: str
    role: str
    lag: float
    counters: Counters
    age: float | None
    """Of the view of the feed, at the server with the API."""
    fresh: bool


class State(Struct, frozen=True):
    """The whole playground, and the log after a number. `missed`: some of what was asked for is gone."""

    process: str
    now: float
    turned: float
    store: bool
    feed: bool
    keeps: Literal["sqlite", "memory"]
    email: str
    password: str
    max_staleness: float
    access_lifetime: float
    leeway: float
    lanes: list[LaneState]
    entries: list[Entry]
    missed: bool


class Switch(Struct, frozen=True, forbid_unknown_fields=True):
    """Cut what is named off, or join it again."""

    what: Literal["store", "feed"]
    cut: bool


class Role(Struct, frozen=True, forbid_unknown_fields=True):
    """What the account may do from now on, in every lane."""

    role: Literal["editor", "reader"]
