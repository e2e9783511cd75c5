"""Four numbers that decide most choices, before anything else."""

from __future__ import annotations

from limen.lab.catalogue import by_key, number, wrong
from limen.lab.page.document import cards
from limen.lab.records import Run
from limen.lab.statistics import median
from limen.lab.summary import lags_of, outages_of, span


def answers(run: Run) -> str:
    """Four numbers that decide most choices, on the first store."""
    return cards(card for card in (_cheapest(run), _reading(run), _dying(run), _surviving(run)) if card)


def _cheapest(run: Run) -> tuple[str, str] | None:
    costs = [
        (found.value, c)
        for c in run.subjects()
        if c.cache and not c.is_peer and (found := by_key("authentication").of(run, c))
    ]
    if not costs:
        return None
    low, high = min(value for value, _ in costs), max(value for value, _ in costs)
    return (
        f"{number(low)}–{number(high)} µs",
        "is what authentication adds to a request, whichever strategy it is, once a credential has been seen",
    )


def _reading(run: Run) -> tuple[str, str] | None:
    cell = next((c for c in run.subjects() if not c.cache), None)
    found = by_key("authentication").of(run, cell) if cell is not None else None
    if cell is None or found is None:
        return None
    return (
        f"{number(found.value)} µs",
        f"is what it adds where each request reads the session from {cell.store}",
    )


def _dying(run: Run) -> tuple[str, str] | None:
    for cell in run.subjects():
        lag = lags_of(run, cell)
        if lag is not None and lag.apart and lag.seconds and cell.strategy == "hybrid":
            return (
                span(median(lag.seconds)),
                f"after a sign-out, another process has heard of it (hybrid on {cell.store}; "
                f"{span(max(lag.seconds))} at most, {span(lag.promised)} promised)",
            )
    return None


def _surviving(run: Run) -> tuple[str, str] | None:
    several = [*outages_of(run, "store"), *outages_of(run, "feed")]
    if not several:
        return None
    total = sum(beat.total for outage in several for beat in outage.beats)
    broken = sum(wrong(outage) for outage in several)
    return (
        f"{broken:.0f} of {number(total)}",
        "requests were let in against a strategy's promise while store or feed were away",
    )
