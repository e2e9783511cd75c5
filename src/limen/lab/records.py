"""What a run is: everything that was measured, raw, with what is needed to repeat it. Saved as JSON.

Durations are in seconds and sizes in bytes where a name does not say otherwise.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from limen.lab.histogram import Histogram
from limen.lab.peers import STORE, named

FORMAT = 1
"""Of the JSON. A run of another format is refused, not guessed at."""

BARE, SOCKET = "bare", "socket"
"""The same server without authentication, and a socket that answers without any server."""


_ORDER = ("session", "jwt", "hybrid", BARE, SOCKET)


class Cell(Struct, frozen=True, order=True):
    """One thing that is measured: strategy × store × cache, or a reference without any."""

    strategy: str
    store: str = ""
    cache: bool = True

    @property
    def name(self) -> str:
        """How reports call it. Only the session strategy is told apart by its cache: it alone reads."""
        if self.is_reference:
            return {BARE: "no authentication", SOCKET: "socket alone"}[self.strategy]
        kept = "" if self.cache else ", no cache"
        return f"{self.strategy}{kept} · {self.store}"

    @property
    def is_peer(self) -> bool:
        """Whether it is another library, of which requests alone are measured."""
        return self.store == STORE

    @property
    def is_reference(self) -> bool:
        """Whether it is there to be compared with."""
        return self.strategy in (BARE, SOCKET)

    @property
    def beneath(self) -> Cell:
        """The same framework without authentication: of a peer, the one that it stands on."""
        peer = named(self.strategy) if self.is_peer else None
        if peer is None or not (peer.frame or peer.door is None):
            return Cell(BARE)
        return Cell(peer.frame or peer.name, STORE)


class Turn(Struct, frozen=True):
    """One cell's turn of load in one round: `kind` says what was asked for."""

    cell: Cell
    kind: str
    """`requests`, `curve` (requests at another concurrency), `open` (at a rate), `sign-in` or `refresh`."""
    round: int
    concurrency: int
    seconds: float
    requests: int
    failed: int
    """Answers other than 200, and connections that broke."""
    cpu: float
    """Processor seconds of the server's processes."""
    busy: float
    """Share of its time that the busiest load process needed its processor: near 1, it was the limit."""
    sent: int
    received: int
    latency: Histogram
    foreign: float | None = None
    """Share of the processors that others used meanwhile; None where the system does not say."""
    offered: float = 0.0
    """Requests a second of an open loop; 0 in a closed one."""


class Counted(Struct, frozen=True):
    """Operations that reached the store while a number of requests was answered, counted there."""

    cell: Cell
    situation: str
    """`seen` and `unseen` credentials under a fresh feed, `stale`: the feed cut for longer than allowed."""
    requests: int
    reads: int
    writes: int
    operations: dict[str, int]
    cpu: float
    """Processor seconds of the server for all of them, one after the other."""


class Lag(Struct, frozen=True):
    """Revocation lag: from the acknowledgement of a sign-out to the last request that was still accepted, by
    another process where the store has several."""

    cell: Cell
    seconds: list[float]
    """One for each sign-out that was seen to take effect. The resolution is `every`."""
    outlived: int
    """Credentials that were still accepted when watching ended, after `watched`."""
    watched: float
    every: float
    promised: float
    """The strategy's own bound."""
    apart: bool
    """Whether the process that was asked is another one than the one that revoked."""


BEAT = 0.25
"""Seconds that a beat is long."""


class Beat(Struct, frozen=True, array_like=True):
    """What was answered in one slot of an outage's time: `at` seconds after the load began."""

    at: float
    good: int
    """200 for a credential that nobody has revoked, and 401 for one that was."""
    unavailable: int
    """503."""
    late: int
    """200 for a revoked credential, within what the strategy promises."""
    wrong: int
    """200 for a revoked credential, later than the strategy promises."""
    error: int
    """Anything else."""
    slow: int = 0
    """As good, but after more than a second."""

    @property
    def total(self) -> int:
        return self.good + self.slow + self.unavailable + self.late + self.wrong + self.error


class Outage(Struct, frozen=True):
    """The store, or the feed alone, was cut off from one process for a while."""

    cell: Cell
    what: str
    """`store` or `feed`."""
    cut: float
    healed: float
    """Seconds after the load began."""
    beats: list[Beat]
    revoked: int
    """Sign-outs that were acknowledged meanwhile, by another process where the store has several."""
    apart: bool
    recovery: float
    """From the end of the cut to the last answer that was still 503; 0 where there was none."""
    how: str = "cut"
    """`cut`: the network parts, before one process. `stopped`: the store's own server was stopped and
    started."""


class Weight(Struct, frozen=True):
    """Bytes that one more of something takes."""

    cell: Cell
    thing: str
    """`session` (in the store), `credential` (remembered by a process), `revocation` (in the filter)."""
    each: float
    count: int


class Hashing(Struct, frozen=True):
    """Password hashes alone, by the scheme that the settings name."""

    scheme: str
    seconds: list[float]
    """Each, one at a time."""
    pooled_per_second: float
    threads: int


class Machine(Struct, frozen=True):
    """Where it was measured."""

    cores: int
    processor: str
    system: str
    python: str
    memory: int | None


class Options(Struct, frozen=True):
    """What was asked for."""

    strategies: list[str]
    stores: list[str]
    """As reports may show them: without user names and passwords."""
    duration: float = 60.0
    concurrency: int = 32
    rtt: float = 0.0
    workers: int = 1
    writes: float = 0.0
    """Share of requests that sign in, where the others only present a credential."""
    seed: int = 1
    max_staleness: float = 5.0
    outage: float = 10.0
    peers: bool = False
    looks: int = 5
    """Times that store operations are counted: the count is the same each time, its processor time is not."""
    sign_outs: int = 30
    """For the revocation lag of each cell."""
    hashes: int = 15
    """Of each scheme, one after the other; a dear one gets a third."""
    levels: list[int] = field(default_factory=lambda: [1, 4, 16, 64])
    """Of concurrency, for the curve."""


class Run(Struct):
    """One run of `limen lab compare`. Lists grow while it is measured: what is in them is kept, whatever
    comes."""

    id: str
    options: Options
    machine: Machine
    versions: dict[str, str]
    command: str
    format: int = FORMAT
    load_average: float | None = None
    took: float = 0.0
    interrupted: bool = False
    turns: list[Turn] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    lags: list[Lag] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    weights: list[Weight] = field(default_factory=list)
    hashing: list[Hashing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a reader must know: what was left out and why."""

    def cells(self) -> list[Cell]:
        """Every cell that was measured, in the order in which they were asked for, references last."""
        records: list[list[Any]] = [self.turns, self.counted, self.lags, self.outages, self.weights]
        seen = {record.cell for group in records for record in group}
        stores = [url.partition(":")[0] for url in self.options.stores]

        def place(cell: Cell) -> tuple[bool, int, int, bool, str]:
            store = stores.index(cell.store) if cell.store in stores else len(stores)
            known = _ORDER.index(cell.strategy) if cell.strategy in _ORDER else len(_ORDER)
            return cell.is_reference, store, known, not cell.cache, cell.name

        return sorted(seen, key=place)

    def subjects(self) -> list[Cell]:
        """The cells that authenticate."""
        return [cell for cell in self.cells() if not cell.is_reference]
