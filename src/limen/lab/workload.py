"""What has to be served, what things cost, and what was measured: what a plan is made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from msgspec import Struct

from limen.clock import Seconds
from limen.errors import Rejected
from limen.lab.catalogue import by_key
from limen.lab.records import Cell, Run
from limen.lab.statistics import median

DAY: Seconds = 86_400.0


class Workload(Struct, frozen=True, kw_only=True):
    """A service, in the numbers that its operators know. Rates are of the busy hour."""

    accounts: int = 1_000_000
    active: int = 50_000
    """People at it at the same time."""
    rate: float = 5_000.0
    """Requests a second that carry a credential, all services together."""
    sessions: float = 1.5
    """Live sessions of an account."""
    sign_ins: float = 300_000.0
    """A day."""
    revocations: float = 20_000.0
    """A day: sign-outs, ended sessions, changed passwords."""
    processes: int = 8
    """That verify credentials: services × processes of each."""
    regions: int = 1
    rtt: Seconds = 0.0005
    """Between a process and the store, within a region."""
    region_rtt: Seconds = 0.08
    """Between regions. The store is in one of them."""
    access_lifetime: Seconds = 900.0
    """Of the hybrid's tokens, which are refreshed."""
    jwt_lifetime: Seconds = 28_800.0
    """Of the jwt strategy's, which are not: for so long somebody stays signed in."""
    idle_lifetime: Seconds = 7 * DAY
    max_staleness: Seconds = 5.0
    outage: Seconds = 10.0
    """How long the store is away, once."""
    storm: float = 0.1
    """Share of the active people who are all signed out at once, one day."""
    peak: float = 3.0
    """How many times its mean over the day the rate of sign-ins reaches."""
    utilisation: float = 0.6
    """Of processors, at which waiting is still short."""

    def checked(self) -> Self:
        """Itself; Rejected where a number cannot be."""
        for name in (
            "accounts",
            "active",
            "rate",
            "processes",
            "regions",
            "access_lifetime",
            "jwt_lifetime",
            "peak",
        ):
            if getattr(self, name) <= 0:
                raise Rejected(f"{name} must be more than 0", code="workload_invalid", status=422)
        if not 0 <= self.storm <= 1:
            raise Rejected("storm is a share: between 0 and 1", code="workload_invalid", status=422)
        if not 0 < self.utilisation < 1:
            raise Rejected("utilisation lies between 0 and 1", code="workload_invalid", status=422)
        return self

    @property
    def each(self) -> float:
        """Requests a second of one active person."""
        return self.rate / self.active

    @property
    def stormed(self) -> int:
        """People of a storm."""
        return round(self.active * self.storm)

    @property
    def hashers(self) -> int:
        """Threads that hash passwords: one in each process, as if each had a core."""
        return self.processes

    @property
    def far(self) -> float:
        """Share of the processes that are in another region than the store."""
        return 1 - 1 / self.regions

    @property
    def read_time(self) -> Seconds:
        """What one store read adds to a request, on the average over the regions."""
        return self.rtt + self.far * self.region_rtt


class Prices(Struct, frozen=True, kw_only=True):
    """Money, in whatever currency. The defaults are round numbers of large clouds' prices; set your own."""

    core_month: float = 25.0
    memory_gb_month: float = 3.5
    disk_gb_month: float = 0.1
    traffic_gb: float = 0.01
    """Between machines of one provider."""
    store_million: float = 0.05
    """A million operations of a store."""


class Costs(Struct, frozen=True, kw_only=True):
    """What one strategy costs on the measured machine. Seconds and bytes."""

    cell: Cell
    seen: Seconds
    """Processor time of authentication for a credential seen before."""
    first: Seconds
    """More, for one seen for the first time."""
    sign_in: Seconds
    refresh: Seconds
    hash: Seconds
    session: float
    credential: float
    revocation: float
    sent: float
    """Bytes of a request more than one without a credential has."""
    lag: Seconds
    """Typical."""


def costs_of(run: Run, cell: Cell) -> Costs:
    """Measured costs of a cell; Rejected where the run has not measured what a plan needs."""

    def needed(key: str) -> float:
        figure = by_key(key)
        found = figure.of(run, cell)
        if found is None:
            raise Rejected(
                f"the run {run.id} has no {figure.title} for {cell.name}: let one run to its end",
                code="run_incomplete",
                status=422,
            )
        return max(found.value / figure.scale, 0.0)

    def optional(key: str) -> float:
        found = by_key(key).of(run, cell)
        return 0.0 if found is None else max(found.value / by_key(key).scale, 0.0)

    return Costs(
        cell=cell,
        seen=needed("authentication"),
        first=needed("first-look") if cell.cache else 0.0,
        sign_in=needed("sign-in-cost"),
        refresh=optional("refresh-cost"),
        hash=median(run.hashing[0].seconds) if run.hashing else 0.03,
        session=optional("session"),
        credential=optional("credential"),
        revocation=optional("revocation"),
        sent=max(needed("sent") - _BARE_REQUEST, 0.0),
        lag=optional("lag"),
    )


def cells_to_plan(run: Run, store: str | None = None) -> Sequence[Cell]:
    """The cells of one store, the first that was measured if none is named."""
    stores = [cell.store for cell in run.subjects()]
    if not stores or (store is not None and store not in stores):
        raise Rejected(
            f"the run {run.id} has not measured {store or 'any store'}", code="run_incomplete", status=422
        )
    wanted = store or stores[0]
    return [cell for cell in run.subjects() if cell.store == wanted]


_BARE_REQUEST = 70.0
"""Bytes of the lab's request without its `Authorization` line."""
