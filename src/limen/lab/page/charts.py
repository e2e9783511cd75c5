"""The charts of a run's page. Each is drawn twice, for wide and for narrow screens; the page shows one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from limen.lab import figures
from limen.lab.catalogue import by_key, number
from limen.lab.page.drawing import Drawing, Frame, Scale, framed
from limen.lab.peers import PEERS
from limen.lab.records import BARE, BEAT, SOCKET, Beat, Cell, Outage, Run
from limen.lab.statistics import median
from limen.lab.summary import label, lags_of, outages_of

WIDE, HALF, NARROW = 720.0, 540.0, 340.0


@dataclass(frozen=True, slots=True)
class Mark:
    """How a cell looks, the same in every chart: hue by strategy, dashes without the cache."""

    kind: str
    name: str


def mark(cell: Cell) -> Mark:
    if cell.is_peer:
        return Mark(_of_peer(cell), cell.strategy)
    return Mark(f"s-{cell.strategy}{'' if cell.cache else ' uncached'}", label(cell))


def _of_peer(cell: Cell) -> str:
    """Hue by library, dashes by variant; frameworks alone in the reference's hue, apart by dashes."""
    alone = [peer.name for peer in PEERS if peer.door is None]
    if cell.strategy in alone:
        return f"s-bare dash{alone.index(cell.strategy)}"
    families = list(dict.fromkeys(peer.name.partition(",")[0] for peer in PEERS if peer.door))
    family = cell.strategy.partition(",")[0]
    variants = [peer.name for peer in PEERS if peer.name.partition(",")[0] == family]
    if cell.strategy not in variants:
        return "s-peer0"  # of an earlier release
    return f"s-peer{families.index(family)} dash{variants.index(cell.strategy)}"


def both(
    title: str,
    height: float,
    draw: Callable[[Drawing], None],
    *,
    narrow: float | None = None,
    wide: float = HALF,
) -> str:
    """The chart in both widths."""
    found = []
    for width, kind in ((wide, "wide"), (NARROW, "narrow")):
        drawing = Drawing(width, height if kind == "wide" else narrow or height, title)
        draw(drawing)
        found.append(drawing.svg(kind))
    return "".join(found)


def cells_of(run: Run, store: str, *, references: bool = False) -> list[Cell]:
    """A store's cells, with the references where they belong into the picture."""
    return [c for c in run.cells() if c.store == store or (references and c.strategy == BARE)]


def cost_bars(run: Run, *, peers: bool = False) -> str:
    """Processor time of a request, stacked: sockets, framework, authentication. Peers have a scale of their
    own, for some take twenty times as long."""
    cells = [c for c in run.cells() if c.is_peer == peers and figures.cost(run, c) is not None]
    longest = max((_value(figures.cost(run, c)) for c in cells), default=1.0) * 1e6

    def draw(drawing: Drawing) -> None:
        narrow = drawing.width < 500
        left, row = (12.0, 40.0) if narrow else (_room(cells), 30.0)
        scale = (drawing.width - left - 66) / longest
        for place, cell in enumerate(cells):
            top = place * row + (16 if narrow else 4)
            drawing.text(
                (left, top - 4) if narrow else (left - 10, top + 15),
                cell.name,
                "label",
                "start" if narrow else "end",
            )
            x = left
            for kind, micros in _parts(run, cell):
                drawing.rect(x, top, micros * scale, 20, kind, f"{number(micros)} µs")
                x += micros * scale
            drawing.text((x + 6, top + 15), f"{number(_value(figures.cost(run, cell)) * 1e6)} µs", "value")

    rows = len(cells)
    return both("Processor time per request", rows * 30 + 8, draw, narrow=rows * 40 + 8, wide=WIDE)


def _parts(run: Run, cell: Cell) -> list[tuple[str, float]]:
    network = _value(figures.cost(run, Cell(SOCKET))) * 1e6
    framework = max(_value(figures.cost(run, cell.beneath)) * 1e6 - network, 0.0)
    if cell.strategy == SOCKET:
        return [("part-network", network)]
    if cell in (Cell(BARE), cell.beneath):
        return [("part-network", network), ("part-framework", framework)]
    found = by_key("authentication").of(run, cell)
    return [
        ("part-network", network),
        ("part-framework", framework),
        ("part-authentication", max(found.value, 0.0) if found else 0.0),
    ]


def latencies(run: Run, store: str) -> str:
    """The share of requests answered within a time."""
    curves = [(mark(c), figures.distribution(run, c).curve()) for c in cells_of(run, store, references=True)]
    curves = [(m, points) for m, points in curves if points]
    low = min((p[0][0] for _, p in curves), default=1e-4) * 1e3
    high = max((_within(p, 0.999) for _, p in curves), default=1e-2) * 1e3

    def draw(drawing: Drawing) -> None:
        frame = framed(
            drawing,
            (max(low, high / 300), high),
            (0, 100),
            names=("milliseconds", "% answered within"),
            tick=(plain, _whole),
            log=(True, False),
        )
        for m, points in curves:
            drawing.path(
                [frame.at(s * 1e3, share * 100) for s, share in points if share <= 0.9995], f"line {m.kind}"
            )

    return both(f"Latency on {store}", 270, draw)


def throughput(run: Run, store: str) -> str:
    """Requests per second at each concurrency."""
    curves = []
    for cell in cells_of(run, store, references=True):
        rates: dict[int, list[float]] = {}
        for turn in figures.turns(run, cell, "curve"):
            rates.setdefault(turn.concurrency, []).append(turn.requests / turn.seconds)
        points = {level: median(found) for level, found in rates.items()}
        rate = figures.rate(run, cell)
        if rate is not None:
            points[run.options.concurrency] = rate.value
        curves.append((mark(cell), sorted(points.items())))
    levels = sorted({level for _, points in curves for level, _ in points}) or [1]
    top = max((rate for _, points in curves for _, rate in points), default=1.0)

    def draw(drawing: Drawing) -> None:
        frame = framed(
            drawing,
            (levels[0], max(levels[-1], 2)),
            (0, top * 1.05),
            names=("requests at once", "requests a second"),
            tick=(plain, thousands),
            log=(True, False),
        )
        for m, points in curves:
            drawing.path([frame.at(level, rate) for level, rate in points], f"line {m.kind}")
            for level, rate in points:
                drawing.dot(
                    frame.at(level, rate), f"dot {m.kind}", f"{m.name}, {level} at once: {number(rate)}/s"
                )

    return both(f"Throughput on {store}", 270, draw)


def lag_curve(run: Run, store: str) -> str:
    """The share of sign-outs that had taken effect after a time."""
    found = [lag for cell in cells_of(run, store) if (lag := lags_of(run, cell)) is not None]
    longest = max((max(lag.seconds, default=0.0) for lag in found), default=0.0) * 1e3
    high = max(longest * 1.25, 10.0)

    def draw(drawing: Drawing) -> None:
        frame = framed(
            drawing,
            (0, high),
            (0, 100),
            names=("milliseconds after the sign-out", "% in effect"),
            tick=(plain, _whole),
        )
        for lag in found:
            times = sorted(seconds * 1e3 for seconds in lag.seconds)
            total = len(times) + lag.outlived
            points = [frame.at(0, 0)]
            points += [frame.at(t, 100 * (n + 1) / total) for n, t in enumerate(times)]
            points.append((frame.x.end, points[-1][1]))
            drawing.path(points, f"line {mark(lag.cell).kind}", steps=True)

    return both(f"Revocation lag on {store}", 250, draw)


def outage_strips(run: Run, what: str) -> str:
    """One strip for each cell: what its requests got, over time."""
    found = outages_of(run, what)
    end = min((o.beats[-1].at for o in found if o.beats), default=1.0)

    def draw(drawing: Drawing) -> None:
        narrow = drawing.width < 500
        left, row, first = (12.0, 44.0, 18.0) if narrow else (_room([o.cell for o in found]), 34.0, 4.0)
        right = drawing.width - 14
        bottom = first + row * len(found) - (row - 24)
        frame = Frame(drawing, Scale(0.0, end, left, right), Scale(0.0, 1.0, bottom, first))
        for place, outage in enumerate(found):
            top = first + place * row
            drawing.text(
                (left, top - 4) if narrow else (left - 10, top + 16),
                outage.cell.name,
                "label",
                "start" if narrow else "end",
            )
            _beats(frame, outage, top)
            for moment in (outage.cut, outage.healed):
                drawing.line((frame.x(moment), top - 1), (frame.x(moment), top + 25), "moment")
        if found:
            for moment, words in ((found[0].cut, f"{what} away"), (found[0].healed, "back")):
                drawing.text((frame.x(moment) + 3, bottom + 30), words, "value")
        for second in range(0, int(end) + 1, 5 if narrow else 2):
            drawing.text((frame.x(second), bottom + 16), f"{second} s", "tick", "middle")

    rows = len(found)
    return both(f"The {what} away", rows * 34 + 38, draw, narrow=rows * 44 + 50, wide=WIDE)


def _room(cells: Sequence[Cell]) -> float:
    """For the longest name beside a row."""
    return max([190.0, *(7.4 * len(cell.name) for cell in cells)])


def _beats(frame: Frame, outage: Outage, top: float) -> None:
    """Its time from left to right. What was the same for a while is one piece."""
    beats = outage.beats
    place = 0
    while place < len(beats) and beats[place].at < frame.x.high:
        last = place
        while last + 1 < len(beats) and _only(beats[last + 1]) == _only(beats[place]) is not None:
            last += 1
        _piece(frame, outage, beats[place], min(beats[last].at + BEAT, frame.x.high), top)
        place = last + 1


def _only(beat: Beat) -> str | None:
    """What all its requests got, if they all got the same."""
    found = [kind for kind in _WORDS if getattr(beat, kind)]
    return found[0] if len(found) == 1 else None


def _piece(frame: Frame, outage: Outage, beat: Beat, end: float, top: float) -> None:
    """The shares of a beat's requests, stacked, the worst lowest."""
    counts = [(kind, getattr(beat, kind)) for kind in reversed(_WORDS)]
    total = sum(count for _, count in counts)
    x, y = frame.x(beat.at), top + 24
    for kind, count in counts:
        if count:
            height = 24 * count / total
            y -= height
            tip = f"{outage.cell.name}, {beat.at:.2f} to {end:.2f} s: {count / total:.0%} {_WORDS[kind]}"
            frame.drawing.rect(x, y, frame.x(end) - x + 0.2, height, f"beat-{kind}", tip)


_WORDS = {
    "good": "answered as they should be",
    "slow": "answered so after more than a second",
    "unavailable": "refused with 503",
    "late": "revoked, and let in within the promise",
    "error": "answered in another way",
    "wrong": "revoked, and let in against the promise",
}


def cores_needed(run: Run, store: str) -> str:
    """Cores against request rate, for authentication alone."""
    costs = [
        (mark(c), found.value / 1e6)
        for c in cells_of(run, store)
        if (found := by_key("authentication").of(run, c)) is not None and found.value > 0
    ]
    low, high = 1e3, 1e6
    most = max((high * cost for _, cost in costs), default=1.0)
    least = min((low * cost for _, cost in costs), default=0.001)

    def draw(drawing: Drawing) -> None:
        frame = framed(
            drawing,
            (low, high),
            (least, most),
            names=("requests a second", "cores for authentication"),
            tick=(thousands, plain),
            log=(True, True),
            left=52,
        )
        for m, cost in costs:
            drawing.path([frame.at(rate, rate * cost) for rate in (low, high)], f"line {m.kind}")

    return both(f"Cores for authentication on {store}", 270, draw)


def legend(cells: Sequence[Cell]) -> str:
    """Names beside their looks; a picture of each, so that dashes show too."""
    entries = []
    for m in dict.fromkeys(mark(cell) for cell in cells):
        line = (
            f'<svg width="30" height="10" aria-hidden="true"><path class="line {m.kind}" d="M1 5H29"/></svg>'
        )
        entries.append(f"<li>{line}{m.name}</li>")
    return f'<ul class="legend">{"".join(entries)}</ul>'


def swatches(entries: Sequence[tuple[str, str]]) -> str:
    """Names beside filled squares."""
    items = "".join(
        f'<li><svg width="12" height="12" aria-hidden="true"><rect class="{kind}" width="12" '
        'height="12"/></svg>'
        f"{words}</li>"
        for kind, words in entries
    )
    return f'<ul class="legend">{items}</ul>'


def _value(found: object) -> float:
    return float(getattr(found, "value", 0.0))


def _within(points: Sequence[tuple[float, float]], share: float) -> float:
    return next((seconds for seconds, reached in points if reached >= share), points[-1][0])


def plain(value: float) -> str:
    return f"{value:g}"


def _whole(value: float) -> str:
    return f"{value:.0f}"


def thousands(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if value >= 1e3 else f"{value:g}"
