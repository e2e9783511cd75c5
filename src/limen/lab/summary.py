"""A run in a table, in sentences, and as data: what the terminal shows and `--json` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from limen.lab import figures
from limen.lab.catalogue import FIGURES, by_key, late, number, refused, slow, wrong
from limen.lab.peers import STORE
from limen.lab.records import Cell, Lag, Outage, Run
from limen.lab.statistics import median

COLUMNS = (
    ("authentication", "auth µs/request"),
    ("per-core", "requests/core·s"),
    ("p50", "p50 ms"),
    ("p99", "p99 ms"),
    ("reads-seen", "store reads"),
    ("lag-p99", "lag p99 ms"),
    ("store-refused", "refused % (store away)"),
    ("sign-in", "sign-ins/s*"),
)
"""Of the table: figure, heading. The other figures are in the page and the JSON."""


def columns(run: Run) -> list[str]:
    """The table's names."""
    return ["cell", *(heading for _, heading in COLUMNS)]


def rows(run: Run) -> list[list[str]]:
    """One for each cell."""
    return [[cell.name, *(_shown(run, cell, key) for key, _ in COLUMNS)] for cell in run.cells()]


def data(run: Run) -> dict[str, Any]:
    """Every figure with its interval, by cell and key."""
    found: dict[str, dict[str, list[float]]] = {}
    for cell in run.cells():
        for figure in FIGURES:
            value = figure.of(run, cell)
            if value is not None:
                found.setdefault(cell.name, {})[figure.key] = [value.low, value.value, value.high]
    return {
        "run": run.id,
        "interrupted": run.interrupted,
        "command": run.command,
        "units": {figure.key: figure.unit for figure in FIGURES},
        "figures": found,
        "findings": findings(run),
        "notes": run.notes,
    }


def findings(run: Run) -> list[str]:
    """What follows from the run, in sentences with its numbers."""
    makers: Iterable[Callable[[Run], list[str]]] = (_costs, _lags, _outages, _hashing)
    return [sentence for maker in makers for sentence in maker(run)]


def span(seconds: float) -> str:
    """A duration as people say it: `12 ms`, `4.2 s`, `15 min`."""
    if seconds < 0.0005:
        return f"{number(seconds * 1e6)} µs" if seconds else "0"
    if seconds < 1:
        return f"{number(seconds * 1e3)} ms"
    if seconds < 120:
        return f"{number(seconds)} s"
    return f"{number(round(seconds / 60, 1))} min"


def lags_of(run: Run, cell: Cell) -> Lag | None:
    return next((lag for lag in run.lags if lag.cell == cell), None)


def outages_of(run: Run, what: str) -> list[Outage]:
    """In the order of the cells."""
    found = {outage.cell: outage for outage in run.outages if outage.what == what}
    return [found[cell] for cell in run.cells() if cell in found]


def label(cell: Cell) -> str:
    """A cell within its store: `session, no cache`."""
    return cell.name.partition(" · ")[0]


def stores(run: Run) -> list[str]:
    """The stores that were measured, in order."""
    return list(dict.fromkeys(cell.store for cell in run.subjects()))


def _shown(run: Run, cell: Cell, key: str) -> str:
    lag = lags_of(run, cell)
    if key == "lag-p99" and lag is not None and lag.outlived:
        return "till expiry"
    return by_key(key).text(run, cell)


def _costs(run: Run) -> list[str]:
    found = []
    for store in stores(run):
        parts = []
        for cell in run.subjects():
            cost = by_key("authentication").of(run, cell) if cell.store == store else None
            if cost is not None:
                parts.append(f"{number(cost.value)} µs with {label(cell)}")
        if parts and store == STORE:
            found.append(f"Other libraries take it up by {_and(parts)}.")
        elif parts:
            found.append(f"On {store}, authentication takes a request’s processor time up by {_and(parts)}.")
    one = next((split for cell in run.subjects() if (split := figures.split(run, cell))), None)
    if one is not None:
        found.append(
            f"The framework costs it {number(one.framework.value * 1e6)} µs besides, and the sockets "
            f"{number(one.network.value * 1e6)} µs."
        )
    return found


def _lags(run: Run) -> list[str]:
    found = []
    for cell in run.subjects():
        lag = lags_of(run, cell)
        if lag is None or not lag.apart:
            continue
        if lag.outlived:
            found.append(
                f"{cell.name}: signed out, the credential was still accepted when watching ended; it ends "
                "with "
                f"the token, up to {span(lag.promised)} later."
            )
        elif lag.seconds and not max(lag.seconds):
            found.append(f"{cell.name}: another process let nobody in once the sign-out was acknowledged.")
        elif lag.seconds:
            found.append(
                f"{cell.name}: another process accepted it for {span(median(lag.seconds))} after the "
                f"sign-out, {span(max(lag.seconds))} at most; promised: {span(lag.promised)}."
            )
    return found


def _outages(run: Run) -> list[str]:
    found = []
    for what in ("store", "feed"):
        several = outages_of(run, what)
        if not several:
            continue
        length = span(several[0].healed - several[0].cut)
        parts = [f"{outage.cell.name} {refused(outage):.0%}{_kept_waiting(outage)}" for outage in several]
        broken = sum(wrong(outage) for outage in several)
        within = sum(late(outage) for outage in several)
        found.append(
            f"With the {what} away for {length}, refused: {_and(parts)}. Revoked credentials were let in "
            f"{number(within)} times within what their strategies promise, {number(broken)} times against it."
        )
    return found


def _kept_waiting(outage: Outage) -> str:
    share = slow(outage)
    return f" (and {share:.0%} kept waiting)" if share >= 0.005 else ""


def _hashing(run: Run) -> list[str]:
    return [
        f"A hash ({one.scheme}) takes {span(median(one.seconds))}; {one.threads} threads make "
        f"{number(one.pooled_per_second)} a second, and so many sign-ins there are at most."
        for one in run.hashing
    ]


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
