"""`limen lab advise`: which strategy, for these needs, by the numbers of a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from limen.cli.answer import Answer, Exit, Verb, wants_json
from limen.cli.measuring import Span
from limen.cli.workloads import finite, of_file, run_of, workload, workload_options
from limen.lab import archive
from limen.lab.advice import Advice, Needs, Option, advise
from limen.lab.page import advice_page
from limen.lab.page.advising import toml
from limen.lab.records import Run
from limen.lab.workload import Prices, cells_to_plan, costs_of


@click.command("advise", cls=Verb)
@workload_options
@click.option(
    "--sign-out-within", type=Span(), help="A sign-out must be true everywhere after this; 1m if not said."
)
@click.option(
    "--others-verify/--nobody-else-verifies", default=None, help="Services without our store check too."
)
@click.option(
    "--survive-outage/--may-refuse", default=None, help="People get in while the store is long away."
)
@click.option("--stolen-dies-within", type=Span(), help="A stolen credential ends by itself after this.")
@click.option("--browsers/--no-browsers", default=None, help="Pages in browsers are among the clients.")
def advise_verb(named: str | None, store: str | None, file: Path | None, out: Path, **given: Any) -> Answer:
    """Recommend a strategy: ranked, with reasons in numbers, settings to paste, and what would change it.

    On a terminal and without flags it asks; flags, or a file, answer instead. It is written as a page too.
    """
    run = run_of(named, out)
    if (
        file is None
        and not any(value is not None for value in given.values())
        and _somebody(click.get_current_context())
    ):
        given = ask()
    said = {name: given.pop(name) for name in Needs.__struct_fields__ if name in given}
    needs = msgspec.structs.replace(
        of_file(file, "needs", Needs), **{name: value for name, value in said.items() if value is not None}
    )
    work, prices = workload(file, given), of_file(file, "prices", Prices)
    found = advise(run, work, needs, prices, store=store)
    costs = [costs_of(run, cell) for cell in cells_to_plan(run, store)]
    data = {"run": run.id, **_advice(found)}
    page = archive.keep(
        "advice", archive.new_id(), data, advice_page(found, run, costs, work, needs, prices), out
    )
    lines = [*_told(found, run), f"page: {page}"]
    return Answer({**data, "page": str(page)}, lines, exit=Exit.OK if found.options[0].fits else Exit.NO)


def _somebody(context: click.Context) -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not wants_json(context)


def ask() -> dict[str, Any]:
    """The few questions on which the choice depends; the return key takes what stands in brackets."""
    active = click.prompt("People at it at the same time, in the busy hour", 50_000, type=click.IntRange(1))
    rate = click.prompt("Requests a second", max(active / 10, 1.0), type=click.FloatRange(0, min_open=True))
    return {
        "active": active,
        "accounts": active * 20,
        "rate": rate,
        "processes": click.prompt("Processes that check credentials", 8, type=click.IntRange(1)),
        "regions": click.prompt("Regions that they are in", 1, type=click.IntRange(1)),
        "sign_out_within": click.prompt(
            "A sign-out must be true everywhere within (0, 5s, 15m)", "1m", type=Span()
        ),
        "others_verify": click.confirm("Do services check credentials that cannot reach the store?", False),
        "survive_outage": click.confirm("Must people get in while the store is away for long?", False),
        "browsers": click.confirm("Are pages in browsers among the clients?", True),
    }


def _told(found: Advice, run: Run) -> list[str]:
    lines = [found.headline, ""]
    for place, option in enumerate(found.options, 1):
        lines.append(f"{place}. {option.estimate.name}{'' if option.fits else ': does not fit'}")
        lines += [f"   no: {reason}" for reason in option.against]
        lines += [f"   {reason}" for reason in option.reasons]
    lines += ["", "in limen.toml:", *(f"  {name} = {toml(value)}" for name, value in found.settings.items())]
    lines += ["", "what would change this:", *(f"  {words}" for words in found.would_change)]
    return [*lines, "", f"numbers of run {run.id}"]


def _advice(found: Advice) -> dict[str, Any]:
    return {
        "headline": found.headline,
        "options": [_option(option) for option in found.options],
        "settings": found.settings,
        "would_change": found.would_change,
    }


def _option(option: Option) -> dict[str, Any]:
    return {
        "name": option.estimate.name,
        "fits": option.fits,
        "reasons": option.reasons,
        "against": option.against,
        "estimate": finite(msgspec.to_builtins(option.estimate)),
    }
