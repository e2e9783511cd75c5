"""Which strategy, and why: from a few answers, a workload, and what was measured.

Rules first: what a need rules out is out, however cheap it is. Of what is left the simplest is best, unless
another saves more than `WORTH`.
"""

from __future__ import annotations

from math import inf

from msgspec import Struct

from limen.clock import Seconds
from limen.lab.catalogue import number
from limen.lab.plan import Estimate, plan
from limen.lab.records import Run
from limen.lab.summary import span
from limen.lab.workload import Costs, Prices, Workload, cells_to_plan, costs_of

WORTH = 4.0
"""Cores that a more complicated strategy must save before it is recommended for its cost."""
_ORDER = ("session", "session, no cache", "hybrid", "jwt")
"""Simplest to live with first. Pure JWT is last: it is simple to write and hard to live with."""


class Needs(Struct, frozen=True, kw_only=True):
    """What must hold, whatever it costs."""

    sign_out_within: Seconds = 60.0
    """A sign-out must be true everywhere after this."""
    others_verify: bool = False
    """Services that cannot reach our store check credentials by themselves."""
    survive_outage: bool = False
    """Who is signed in must get in while the store is away, for longer than `max_staleness`."""
    stolen_dies_within: Seconds = inf
    """A stolen credential that nobody notices must end by itself after this."""
    browsers: bool = True
    """Pages in browsers are among the clients: their credentials belong into cookies."""


class Option(Struct, frozen=True):
    """One strategy's place: what speaks for it, and what rules it out, if anything does."""

    estimate: Estimate
    reasons: list[str]
    against: list[str]

    @property
    def fits(self) -> bool:
        return not self.against


class Advice(Struct, frozen=True):
    """A ranking, the settings of the first, and what would change its mind."""

    options: list[Option]
    settings: dict[str, object]
    would_change: list[str]
    headline: str


def advise(run: Run, work: Workload, needs: Needs, prices: Prices, *, store: str | None = None) -> Advice:
    """The recommendation for these needs, with the numbers of this run."""
    costs = [costs_of(run, cell) for cell in cells_to_plan(run, store)]
    options = [_option(one, work, needs, prices) for one in costs]
    ranked = sorted(options, key=lambda option: (not option.fits, _rank(option, options)))
    best = ranked[0]
    return Advice(
        ranked, _settings(best, work, needs), _would_change(best, work, needs), _headline(best, ranked)
    )


def _option(costs: Costs, work: Workload, needs: Needs, prices: Prices) -> Option:
    found = plan(costs, work, prices)
    return Option(found, _reasons(found, costs, work), _against(found, costs, work, needs))


def _against(found: Estimate, costs: Costs, work: Workload, needs: Needs) -> list[str]:
    """What the needs rule out."""
    strategy, said = costs.cell.strategy, []
    if found.revoked_worst > needs.sign_out_within:
        said.append(
            f"a sign-out may take {span(found.revoked_worst)}, and {span(needs.sign_out_within)} was asked "
            "for"
        )
    if needs.others_verify and strategy == "session":
        said.append("services that cannot reach the store cannot check an opaque credential")
    if needs.survive_outage and strategy != "jwt":
        said.append(f"once its view is older than {span(work.max_staleness)} it asks the store or refuses")
    if found.stolen > needs.stolen_dies_within:
        said.append("a stolen credential is good for as long as somebody uses it" if found.stolen == inf else
                    f"a stolen credential is good for {span(found.stolen)}")  # fmt: skip
    return said


def _reasons(found: Estimate, costs: Costs, work: Workload) -> list[str]:
    """The numbers that speak for or against it, measured and planned."""
    said = [
        f"{number(costs.seen * 1e6)} µs of processor a request, {number(found.cores)} cores at "
        f"{number(work.rate)} requests a second",
        f"{number(found.reads)} store reads and {number(found.writes)} writes a second",
        _sign_out(found),
        f"an outage of the store of {span(work.outage)} refuses {number(found.refused)} requests",
    ]
    if found.added >= 0.0005:
        said.append(
            f"asking the store adds {span(found.added)} to a request, on the average over the regions"
        )
    if costs.cell.strategy == "jwt":
        said.append(f"people sign in again every {span(work.jwt_lifetime)}: it has nothing to refresh")
    return said


def _sign_out(found: Estimate) -> str:
    if not found.revoked_worst:
        return "a sign-out is true everywhere at once"
    return (
        f"a sign-out is true everywhere after {span(found.revoked_typical)}, at the latest after "
        f"{span(found.revoked_worst)}"
    )


def _duration(seconds: Seconds) -> str:
    """As limen.toml takes it: `7d`, `15m`, `0.5s`."""
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("m", 60.0)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


def _rank(option: Option, options: list[Option]) -> tuple[int, float, int]:
    """Simplest first, where nothing simpler costs `WORTH` cores more than the cheapest that fits too."""
    place = _ORDER.index(option.estimate.name.partition(" · ")[0])
    fitting = [other.estimate.cores for other in options if other.fits] or [option.estimate.cores]
    dear = option.estimate.cores - min(fitting) > WORTH
    slow = option.estimate.added > 0.01
    return int(dear or slow), option.estimate.cores if dear else 0.0, place


def _settings(best: Option, work: Workload, needs: Needs) -> dict[str, object]:
    """For limen.toml."""
    name = best.estimate.name.partition(" · ")[0]
    strategy = name.partition(",")[0]
    found: dict[str, object] = {
        "strategy": strategy,
        "transports": ["cookie"] if needs.browsers and not needs.others_verify else ["cookie", "bearer"],
        "max_staleness": _duration(min(work.max_staleness, max(needs.sign_out_within, 0.1))),
    }
    if strategy == "hybrid":
        found["access_lifetime"] = _duration(min(work.access_lifetime, needs.stolen_dies_within))
    if strategy == "jwt":
        found["access_lifetime"] = _duration(min(work.jwt_lifetime, needs.sign_out_within))
    if strategy == "session":
        found["idle_lifetime"] = _duration(work.idle_lifetime)
        if name.endswith("no cache"):
            found["cache_size"] = 0
    return found


def _would_change(best: Option, work: Workload, needs: Needs) -> list[str]:
    """Which other answers would lead elsewhere."""
    strategy, said = best.estimate.name.partition(" · ")[0], []
    if strategy.startswith("session"):
        if not needs.others_verify:
            said.append("services that cannot reach the store, but check credentials: hybrid")
        said.append(
            f"more than about {number(_turning(best, work))} requests a second, or processes far from the "
            "store: "
            "hybrid"
        )
    if strategy == "hybrid":
        said.append("one service beside one store, and nobody else who checks: plain sessions are simpler")
        said.append("credentials that must not live a moment longer: session without its cache")
    if strategy == "jwt":
        said.append("a sign-out that must be true within minutes: hybrid")
    if strategy == "session, no cache":
        said.append(f"a sign-out that may take up to {span(work.max_staleness)}: session with its cache")
    return said


def _turning(best: Option, work: Workload) -> float:
    """The rate at which this strategy takes WORTH cores more than it does now."""
    each = best.estimate.cores / work.rate
    return (best.estimate.cores + WORTH) / each if each else inf


def _headline(best: Option, ranked: list[Option]) -> str:
    if not best.fits:
        return "Nothing holds all that was asked for: the least that must be given up is said below."
    name = best.estimate.name.partition(" · ")[0]
    if name == "session":
        others = [o.estimate.cores for o in ranked if o.fits and o is not best]
        saved = best.estimate.cores - min(others) if others else 0.0
        rest = f": the rest would save {number(saved)} cores" if saved > 0.01 else ""
        return f"Plain sessions are enough for you{rest}."
    return f"Take {name}."
