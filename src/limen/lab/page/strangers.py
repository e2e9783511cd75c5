"""What strangers wait for who come at a steady rate, and what the simulation says that they should."""

from __future__ import annotations

from limen.lab import figures, simulation
from limen.lab.catalogue import number
from limen.lab.page import charts
from limen.lab.page.document import plain_table
from limen.lab.page.drawing import Drawing, framed
from limen.lab.page.tables import figure, section
from limen.lab.records import Cell, Run, Turn
from limen.lab.statistics import median

NOT_BESIDE = (
    "The simulation is not set beside these turns: it takes one process a cell, and turns at each "
    "rate in which "
    "others left the machine alone."
)


def strangers(run: Run) -> str:
    """Nothing where no turn was at a rate, as in runs of earlier versions."""
    cells = [cell for cell in run.subjects() if figures.turns(run, cell, "open")]
    if not cells:
        return ""
    return section(
        "What strangers wait for",
        "Above, each request was sent when the one before was answered. Here they come at a steady rate, at "
        "random, whether or not the others are answered: the nearer the rate is to what the server can do, "
        "the more of them wait for each other.",
        charts.legend(cells)
        + figure(
            _chart(run, cells),
            run,
            f"Median and 99 % of the latency at each rate, on {cells[0].store}: medians of a few turns. The "
            "fainter line is the 99 %.",
        )
        + _simulated(run, cells),
    )


def _levels(run: Run, cell: Cell) -> list[tuple[float, list[Turn]]]:
    found: dict[float, list[Turn]] = {}
    for turn in figures.turns(run, cell, "open"):
        found.setdefault(turn.offered, []).append(turn)
    return sorted(found.items())


def _chart(run: Run, cells: list[Cell]) -> str:
    curves = [(charts.mark(cell), _levels(run, cell)) for cell in cells]
    fastest = max(rate for _, levels in curves for rate, _ in levels)
    slowest = max(_within(turns, 0.99) for _, levels in curves for _, turns in levels)
    quickest = min(_within(turns, 0.5) for _, levels in curves for _, turns in levels)

    def draw(drawing: Drawing) -> None:
        frame = framed(
            drawing, (0, fastest * 1.05), (quickest * 0.8, max(slowest, quickest * 2)),
            names=("requests a second", "milliseconds"),
            tick=(charts.thousands, charts.plain), log=(False, True),
        )  # fmt: skip
        for m, levels in curves:
            for share, kind in ((0.5, "line"), (0.99, "line faint")):
                points = [frame.at(rate, _within(turns, share)) for rate, turns in levels]
                drawing.path(points, f"{kind} {m.kind}")
            for rate, turns in levels:
                tip = f"{m.name}, {number(rate)}/s: {number(_within(turns, 0.5))} ms"
                drawing.dot(frame.at(rate, _within(turns, 0.5)), f"dot {m.kind}", tip)

    return charts.both("Latency against the rate of requests", 270, draw)


def _within(turns: list[Turn], share: float) -> float:
    return max(median([turn.latency.quantile(share) for turn in turns]) * 1e3, 1e-3)


def _simulated(run: Run, cells: list[Cell]) -> str:
    if not simulation.is_here():
        return f"<p>{simulation.ABSENT}</p>"
    from limen.lab.simulation.reality import confirm

    rows = [
        [
            f"{cell.name}, {one.share:.0%}",
            one.name,
            number(one.simulated),
            number(one.measured),
            f"{one.apart:.0%}",
        ]
        for cell in cells
        for one in confirm(run, cell, seed=run.options.seed)
    ]
    if not rows:
        return f"<p>{NOT_BESIDE}</p>"
    head = ("at a share of what it can do", "", "simulated", "measured", "apart")
    return plain_table(f"The simulation beside run {run.id}; seconds, shares of one processor", head, rows)
