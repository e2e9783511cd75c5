"""A plan as one page: what each strategy needs, at this rate and at others, and whether formulas can be
believed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isinf

import msgspec
from msgspec import Struct, structs

from limen.lab import simulation
from limen.lab.catalogue import number
from limen.lab.estimates import ROWS, long
from limen.lab.page import charts
from limen.lab.page.document import captioned, cards, document, header, plain_table, term_list
from limen.lab.page.drawing import Drawing, framed
from limen.lab.page.tables import section
from limen.lab.plan import Estimate, plan
from limen.lab.records import Cell, Run
from limen.lab.workload import Costs, Prices, Workload

_FACTORS = tuple(10 ** (step / 4) for step in range(-4, 5))
"""Rates around the one that was asked for, a decade either way: people grow with requests."""


class Beside(Struct, frozen=True):
    """One number that was found in two ways."""

    where: str
    name: str
    one: float
    other: float
    apart: float


class Planned(Struct, frozen=True):
    """A plan with what it was made of. `checked` is empty where there was no simulation."""

    run: Run
    work: Workload
    prices: Prices
    costs: Sequence[Costs]
    estimates: Sequence[Estimate]
    checked: Sequence[Beside]
    """Formula and simulation."""
    confirmed: Sequence[Beside]
    """Simulation and measurement, of the run itself."""


def plan_page(planned: Planned) -> str:
    """The whole document."""
    work, run = planned.work, planned.run
    body = (
        header(
            f"Limen lab · plan by run {run.id}",
            f"What {number(work.rate)} requests a second take",
            f"{work.active:,} people at it, {work.accounts:,} accounts, {work.processes} processes "
            "that verify, "
            f"in {work.regions} {'regions' if work.regions > 1 else 'region'}. Costs as measured on "
            f"{run.machine.cores} cores of {run.machine.processor}; rates are of the busy hour.",
        )
        + cards(_answers(planned.estimates))
        + by_rate(planned.run, planned.costs, planned.work, planned.prices)
        + _exposure(planned)
        + section(
            "Every number", "One formula each, in <code>src/limen/lab/plan.py</code>.", _numbers(planned)
        )
        + _checked(planned)
        + _made_of(planned)
    )
    return document(f"Limen lab, plan by run {run.id}", body)


def by_rate(run: Run, costs: Sequence[Costs], work: Workload, prices: Prices) -> str:
    """Cores and money against the rate of requests."""
    grown = [_grown(work, factor) for factor in _FACTORS]
    found = {one.cell: [(w.rate, plan(one, w, prices)) for w in grown] for one in costs}
    lines = {cell: [(r, e.cores + e.hashing_cores) for r, e in several] for cell, several in found.items()}
    money = {cell: [(r, e.money) for r, e in several] for cell, several in found.items()}
    words = f"Costs of run {run.id}. People, sign-ins and revocations grow with the rate; processes do not."
    inner = captioned(
        _lines(lines, "cores", "Cores against the rate of requests"), f"Hashes included. {words}"
    ) + captioned(_lines(money, "money a month", "Money against the rate of requests"), words)
    return section(
        "What it costs, at this rate and at others",
        "Both axes are logarithmic: how far a line is above another says how many times dearer it is.",
        f"{charts.legend(list(found))}<div class=pair>{inner}</div>",
    )


def _grown(work: Workload, factor: float) -> Workload:
    return structs.replace(
        work,
        rate=work.rate * factor,
        active=max(round(work.active * factor), 1),
        accounts=max(round(work.accounts * factor), 1),
        sign_ins=work.sign_ins * factor,
        revocations=work.revocations * factor,
    )


def _lines(lines: dict[Cell, list[tuple[float, float]]], name: str, title: str) -> str:
    rates = [rate for points in lines.values() for rate, _ in points]
    values = [value for points in lines.values() for _, value in points if value > 0] or [1.0]

    def draw(drawing: Drawing) -> None:
        frame = framed(
            drawing, (min(rates), max(rates)), (min(values), max(max(values), min(values) * 2)),
            names=("requests a second", name), tick=(charts.thousands, charts.thousands),
            log=(True, True), left=56,
        )  # fmt: skip
        for cell, points in lines.items():
            drawing.path([frame.at(rate, value) for rate, value in points], f"line {charts.mark(cell).kind}")

    return charts.both(title, 280, draw)


def _answers(estimates: Sequence[Estimate]) -> list[tuple[str, str]]:
    cores = [(e.cores, e.name) for e in estimates]
    least, most = min(cores), max(cores)
    money = [e.money for e in estimates]
    slowest = max(estimates, key=lambda e: e.storm_longest)
    waits = "for ever" if isinf(slowest.storm_longest) else long(slowest.storm_longest)
    return [
        (
            f"{number(least[0])}–{number(most[0])} cores",
            f"authenticate: {least[1]} takes the fewest, {most[1]} the most",
        ),
        (f"{number(estimates[0].hashing_cores)} cores", "hash passwords, whichever strategy it is"),
        (f"{number(min(money))}–{number(max(money))}", "a month, at the prices below"),
        (waits, "somebody waits to sign in again after a storm, at most"),
    ]


def _exposure(planned: Planned) -> str:
    """How long what should be dead lives, on an axis from a millisecond to a month."""
    rows = [
        (e.name, what, seconds, kind)
        for e in planned.estimates
        for what, seconds, kind in (
            ("revoked, typically", e.revoked_typical, "beat-good"),
            ("revoked, at worst", e.revoked_worst, "beat-unavailable"),
            ("stolen, unnoticed", e.stolen, "beat-late"),
        )
    ]

    def draw(drawing: Drawing) -> None:
        left = 170.0 if drawing.width > 500 else 120.0
        frame = framed(
            drawing, (1e-3, 2.6e6), (0, 1), names=("seconds", ""), log=(True, False), left=left,
            tick=(charts.thousands, lambda _: ""),
        )  # fmt: skip
        step = (frame.y.start - frame.y.end) / max(len(rows), 1)
        for place, (name, what, seconds, kind) in enumerate(rows):
            top = frame.y.end + place * step
            end = frame.x(min(max(seconds, 1e-3), 2.6e6))
            words = "while it is used" if isinf(seconds) else long(seconds)
            drawing.rect(left, top + 2, max(end - left, 2), step - 6, kind, f"{name}, {what}: {words}")
            if place % 3 == 1:
                drawing.text((left - 8, top + step / 2 + 3), name, "label", "end")

    kinds = [("beat-good", "revoked, typically"), ("beat-unavailable", "revoked, at worst"),
             ("beat-late", "stolen, and nobody notices")]  # fmt: skip
    words = f"From a millisecond to a month, on a logarithmic axis. Costs of run {planned.run.id}."
    height = 60 + 16 * len(rows)
    return section(
        "How long a credential outlives its end",
        "What is not free of charge: a token that nobody asks about lives until it expires.",
        captioned(charts.both("Exposure", height, draw, wide=charts.WIDE), words, charts.swatches(kinds)),
    )


def _numbers(planned: Planned) -> str:
    head = ["", *(estimate.name for estimate in planned.estimates)]
    rows = [[name, *(text(estimate) for estimate in planned.estimates)] for name, text in ROWS]
    return plain_table(f"Plan by run {planned.run.id}", head, rows)


def _checked(planned: Planned) -> str:
    if not planned.checked:
        words = simulation.ABSENT if not simulation.is_here() else "It was left out of this plan."
        return section("Formulas beside the simulation", words, "")
    found = _beside(planned.checked, "formula", f"Formulas and simulation, costs of run {planned.run.id}")
    if planned.confirmed:
        found += _beside(planned.confirmed, "measured", f"Measured in run {planned.run.id}, and simulated")
    return section(
        "Formulas beside the simulation, and the simulation beside the run",
        "A simulation follows the same workload, scaled down, request by request, through queues, an outage "
        "and a storm; it knows nothing of the formulas. Where the run had load at a steady rate, the "
        "simulation "
        "is set beside what was measured then.",
        found,
    )


def _beside(several: Sequence[Beside], one: str, caption: str) -> str:
    rows = [
        [beside.where, beside.name, number(beside.one), number(beside.other), f"{beside.apart:.1%}"]
        for beside in several
        if beside.one or beside.other  # of a jwt most things are nothing, on both sides
    ]
    head = ["cell", "number", one, "simulated", "apart"]
    return plain_table(caption, head, rows)


def _made_of(planned: Planned) -> str:
    def listed(of: Struct) -> str:
        return escape(", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in numbers(of).items()))

    pairs = [
        ("run", escape(planned.run.id)),
        ("made by", f"<code>{escape(planned.run.command)}</code>"),
        ("workload", listed(planned.work)),
        ("prices", listed(planned.prices)),
    ]
    return f"<h2>What it was made of</h2>{term_list(pairs)}"


def numbers(of: Struct) -> dict[str, float]:
    """Fields and values of a record of numbers."""
    found: dict[str, float] = msgspec.to_builtins(of)
    return found
