"""`limen lab plan`: what follows from a run for a service of some size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from limen.cli.answer import Answer, Table, Verb
from limen.cli.workloads import finite, of_file, run_of, workload, workload_options
from limen.lab import archive, simulation
from limen.lab.catalogue import number
from limen.lab.estimates import ROWS
from limen.lab.page import plan_page
from limen.lab.page.planning import Beside, Planned
from limen.lab.page.strangers import NOT_BESIDE
from limen.lab.plan import plan
from limen.lab.records import Run
from limen.lab.workload import Costs, Prices, Workload, cells_to_plan, costs_of


@click.command("plan", cls=Verb)
@workload_options
@click.option("--no-check", is_flag=True, help="Leave the simulation out.")
def plan_verb(
    named: str | None, store: str | None, file: Path | None, out: Path, no_check: bool, **given: Any
) -> Answer:
    """Say what each strategy needs for a workload: cores, store, memory, traffic, money, exposure.

    The formulas are checked by a simulation of the same workload, scaled down, and the simulation by the run.
    It is written as a page too.
    """
    run, work, prices = run_of(named, out), workload(file, given), of_file(file, "prices", Prices)
    costs = [costs_of(run, cell) for cell in cells_to_plan(run, store)]
    checks = not no_check and simulation.is_here()
    planned = Planned(
        run, work, prices, costs, [plan(one, work, prices) for one in costs],
        _checked(run, costs, work) if checks else [], _confirmed(run, costs) if checks else [],
    )  # fmt: skip
    data = _data(planned)
    page = archive.keep("plan", archive.new_id(), data, plan_page(planned), out)
    table = Table(
        ["", *(estimate.name for estimate in planned.estimates)],
        [[name, *(text(estimate) for estimate in planned.estimates)] for name, text in ROWS],
    )
    lines = [*_told(planned), *([] if no_check or checks else [simulation.ABSENT]), "", f"page: {page}"]
    return Answer({**data, "page": str(page)}, lines, table)


def _checked(run: Run, costs: Sequence[Costs], work: Workload) -> list[Beside]:
    from limen.lab.simulation.checking import check  # `limen[lab]` brings what it stands on

    return [
        Beside(one.cell.name, found.name, found.formula, found.simulated, found.apart)
        for one in costs
        for found in check(one, work, seed=run.options.seed)
    ]


def _confirmed(run: Run, costs: Sequence[Costs]) -> list[Beside]:
    from limen.lab.simulation.reality import confirm

    return [
        Beside(
            f"{one.cell.name}, {found.share:.0%} busy",
            found.name,
            found.measured,
            found.simulated,
            found.apart,
        )
        for one in costs
        for found in confirm(run, one.cell, seed=run.options.seed)
    ]


def _told(planned: Planned) -> list[str]:
    run = planned.run
    lines = [
        "",
        f"Costs of run {run.id} on {run.machine.cores} cores of {run.machine.processor}; rates are of the "
        f"busy hour; prices: {_listed(planned.prices)}.",
    ]
    if planned.checked:
        worst = max(planned.checked, key=lambda one: one.apart)
        lines.append(
            "Simulated event by event, scaled down: formulas and simulation differ by "
            f"{worst.apart:.1%} at most "
            f"({worst.name}: {number(worst.one)} and {number(worst.other)})."
        )
    if planned.confirmed:
        worst = max(planned.confirmed, key=lambda one: one.apart)
        lines.append(
            "At steady rates of requests, the run's servers and the simulation differ by "
            f"{worst.apart:.1%} at "
            f"most ({worst.name}, {worst.where}: {number(worst.one)} and {number(worst.other)})."
        )
    elif planned.checked and any(turn.kind == "open" for turn in run.turns):
        lines.append(NOT_BESIDE)
    return lines


def _data(planned: Planned) -> dict[str, Any]:
    return {
        "run": planned.run.id,
        "workload": msgspec.to_builtins(planned.work),
        "prices": msgspec.to_builtins(planned.prices),
        "estimates": [finite(msgspec.to_builtins(estimate)) for estimate in planned.estimates],
        "checked": [_pair(one, "formula", "simulated") for one in planned.checked],
        "confirmed": [_pair(one, "measured", "simulated") for one in planned.confirmed],
    }


def _pair(beside: Beside, one: str, other: str) -> dict[str, Any]:
    found = {"cell": beside.where, "name": beside.name, one: beside.one, other: beside.other}
    return {**found, "apart": beside.apart}


def _listed(prices: Prices) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value:g}" for name, value in msgspec.to_builtins(prices).items()
    )
