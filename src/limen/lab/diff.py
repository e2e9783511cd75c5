"""Two runs side by side, and which of their differences are real."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from limen.lab.catalogue import FIGURES, Figure
from limen.lab.records import Cell, Run
from limen.lab.statistics import FEWEST, RESAMPLES, Interval, percentile

BETWEEN = 0.05
"""What two runs of the very same thing differ by even so: a process is laid out in memory anew each time.
A difference must be larger than this, whatever the rounds of each run say."""

LEVEL = 0.997
"""Of the interval of a change. Runs are compared in more than a hundred figures at once: at 95 % chance alone
would make some of them look real each time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of one cell in both runs."""

    cell: Cell
    figure: Figure
    before: Interval
    after: Interval
    change: Interval | None
    """after ÷ before; None where before is 0, or the figure was counted."""
    real: bool

    @property
    def better(self) -> bool:
        """Whether the change is one that people want."""
        return (self.after.value > self.before.value) == self.figure.more_is_better


def diff(before: Run, after: Run) -> list[Difference]:
    """Every figure that both runs have, in the order of the catalogue."""
    cells = [cell for cell in before.cells() if cell in set(after.cells())]
    found = []
    for figure in FIGURES:
        for cell in cells:
            one = _difference(figure, cell, before, after)
            if one is not None:
                found.append(one)
    return found


def comparable(before: Run, after: Run) -> list[str]:
    """What differs between the two besides what was measured, each as a sentence."""
    found = []
    if before.machine != after.machine:
        found.append("The machines are not the same: compare shares and ratios, not absolute figures.")
    for name in ("concurrency", "workers", "rtt", "writes", "max_staleness", "outage"):
        one, other = getattr(before.options, name), getattr(after.options, name)
        if one != other:
            found.append(f"{name} was {one:g} and then {other:g}.")
    changed = [
        f"{name} {before.versions.get(name, 'absent')} → {after.versions.get(name, 'absent')}"
        for name in sorted(before.versions.keys() | after.versions.keys())
        if before.versions.get(name) != after.versions.get(name)
    ]
    return [*found, f"Other versions: {', '.join(changed)}."] if changed else found


def _difference(figure: Figure, cell: Cell, before: Run, after: Run) -> Difference | None:
    one, other = figure.of(before, cell), figure.of(after, cell)
    if one is None or other is None:
        return None
    if figure.exact:
        return Difference(cell, figure, one, other, None, _is_apart(one.value, other.value))
    change = ratio(
        figure.samples(before, cell), figure.samples(after, cell), figure=figure, seed=before.options.seed
    )
    real = change is not None and (change.low > 1 + BETWEEN or change.high < 1 - BETWEEN)
    return Difference(cell, figure, one, other, change, real)


def _is_apart(one: float, other: float) -> bool:
    """Counted figures differ when they differ by more than a share of either."""
    return abs(one - other) > BETWEEN * max(abs(one), abs(other))


def ratio(before: Sequence[float], after: Sequence[float], *, figure: Figure, seed: int) -> Interval | None:
    """after ÷ before with its interval: both are resampled, for neither is known better than the other.

    None where before is not above 0: there is no ratio to nothing.
    """
    of = figure.statistic
    base = of(before)
    if base <= 0:
        return None
    value = of(after) / base
    if min(len(before), len(after)) < FEWEST:
        edges = [b / a for a in (min(before), max(before)) if a > 0 for b in (min(after), max(after))]
        return Interval(min(edges), value, max(edges)) if edges else None
    draw = random.Random(seed)  # noqa: S311 - resampling, not a secret
    drawn = []
    for _ in range(RESAMPLES):
        below = of(draw.choices(before, k=len(before)))
        if below > 0:
            drawn.append(of(draw.choices(after, k=len(after))) / below)
    tail = (1 - LEVEL) / 2
    return Interval(min(percentile(drawn, tail), value), value, max(percentile(drawn, 1 - tail), value))
