"""`limen lab plan|advise`: what follows from a run for a service of some size."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from math import isinf
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from limen.cli.answer import Answer, Exit, Table, Verb
from limen.cli.measuring import Span
from limen.errors import Rejected
from limen.lab import archive
from limen.lab.advice import Advice, Needs, Option, advise
from limen.lab.catalogue import number
from limen.lab.plan import Estimate, plan
from limen.lab.records import Run
from limen.lab.simulation import Checked, check
from limen.lab.summary import span
from limen.lab.workload import Prices, Workload, cells_to_plan, costs_of

F = TypeVar("F", bound=Callable[..., Any])
_PEOPLE: dict[str, tuple[Any, str]] = {
    "accounts": (int, "How many there are."),
    "active": (int, "People at it at the same time, in the busy hour."),
    "rate": (float, "Requests a second with a credential, all services together."),
    "sessions": (float, "Live sessions of an account."),
    "sign_ins": (float, "A day."),
    "revocations": (float, "A day: sign-outs, ended sessions, changed passwords."),
    "processes": (int, "That verify credentials, all services together."),
    "regions": (int, "The store is in one of them."),
    "rtt": (Span(), "Between a process and the store."),
    "region_rtt": (Span(), "Between regions."),
    "access_lifetime": (Span(), "Of the hybrid's tokens."),
    "jwt_lifetime": (Span(), "Of the jwt strategy's tokens: so long somebody stays signed in."),
    "outage": (Span(), "How long the store is away, once."),
}
"""Field of Workload → type of its option, and a word of help."""


def workload_options(function: F) -> F:
    """Every number of a workload as an option, a file that has them, and the run that has the costs."""
    for name, (kind, words) in reversed(_PEOPLE.items()):
        option = click.option(f"--{name.replace('_', '-')}", name, type=kind, help=words)
        function = option(function)
    file = click.Path(path_type=Path, dir_okay=False, exists=True)
    function = click.option("--file", "file", type=file, help="TOML with [workload], [prices] and [needs].")(
        function
    )
    function = click.option("--store", help="The store whose costs are meant; the run's first, if none.")(
        function
    )
    function = click.option(
        "--run", "named", metavar="RUN", help="The run with the costs; the last, if none."
    )(function)
    folder = click.Path(path_type=Path, file_okay=False)
    return click.option(
        "--out", type=folder, default=archive.FOLDER, show_default=True, help="Where runs are kept."
    )(function)


@click.command("plan", cls=Verb)
@workload_options
@click.option("--no-check", is_flag=True, help="Leave the simulation out.")
def plan_verb(
    named: str | None, store: str | None, file: Path | None, out: Path, no_check: bool, **given: Any
) -> Answer:
    """Say what each strategy needs for a workload: cores, store, memory, traffic, money, exposure.

    The formulas are checked by a simulation of the same workload, scaled down.
    """
    run, work, prices = _run(named, out), _workload(file, given), _of_file(file, "prices", Prices)
    every = [costs_of(run, cell) for cell in cells_to_plan(run, store)]
    estimates = [plan(costs, work, prices) for costs in every]
    checked = {} if no_check else {c.cell.name: check(c, work, seed=run.options.seed) for c in every}
    lines = [
        "",
        f"Costs of run {run.id} on {run.machine.cores} cores of {run.machine.processor}; rates are of the "
        f"busy hour; prices: {_listed(prices)}.",
    ]
    if checked:
        worst = max((one for found in checked.values() for one in found), key=lambda one: one.apart)
        lines.append(
            f"Simulated event by event, scaled down: formulas and simulation differ by {worst.apart:.1%} "
            "at most "
            f"({worst.name}: {number(worst.formula)} and {number(worst.simulated)})."
        )
    data = {
        "run": run.id,
        "workload": msgspec.to_builtins(work),
        "prices": msgspec.to_builtins(prices),
        "estimates": [_finite(msgspec.to_builtins(estimate)) for estimate in estimates],
        "checked": {name: [_checked(one) for one in found] for name, found in checked.items()},
    }
    return Answer(data, lines, _table(estimates))


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
def advise_verb(
    named: str | None, store: str | None, file: Path | None, out: Path,
    sign_out_within: float | None, others_verify: bool | None, survive_outage: bool | None,
    stolen_dies_within: float | None, browsers: bool | None, **given: Any,
) -> Answer:  # fmt: skip
    """Recommend a strategy: ranked, with reasons in numbers, settings to paste, and what would change it."""
    said = {
        "sign_out_within": sign_out_within,
        "others_verify": others_verify,
        "survive_outage": survive_outage,
        "stolen_dies_within": stolen_dies_within,
        "browsers": browsers,
    }
    needs = msgspec.structs.replace(
        _of_file(file, "needs", Needs), **{name: value for name, value in said.items() if value is not None}
    )
    run = _run(named, out)
    found = advise(run, _workload(file, given), needs, _of_file(file, "prices", Prices), store=store)
    fits = found.options[0].fits
    return Answer(_advice(found), list(_told(found, run)), exit=Exit.OK if fits else Exit.NO)


def _run(named: str | None, out: Path) -> Run:
    return archive.load(archive.find(named, out))


def _workload(file: Path | None, given: dict[str, Any]) -> Workload:
    base = _of_file(file, "workload", Workload)
    said = {name: value for name, value in given.items() if value is not None}
    return msgspec.structs.replace(base, **said).checked()


S = TypeVar("S", Workload, Prices, Needs)


def _of_file(file: Path | None, part: str, kind: type[S]) -> S:
    """One table of the file, or the defaults; Rejected with what is wrong in it."""
    try:
        said = {} if file is None else tomllib.loads(file.read_text(encoding="utf-8")).get(part, {})
        unknown = set(said) - set(kind.__struct_fields__) if isinstance(said, dict) else set()
        if unknown:
            raise Rejected(
                f"{file}: [{part}] has no {', '.join(sorted(unknown))}", code="workload_invalid", status=422
            )
        return msgspec.convert(said, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise Rejected(f"{file}: [{part}] {error}", code="workload_invalid", status=422) from error


_ROWS: tuple[tuple[str, Callable[[Estimate], str]], ...] = (
    ("cores for authentication", lambda e: number(e.cores)),
    ("cores for password hashes", lambda e: number(e.hashing_cores)),
    ("first looks a second", lambda e: number(e.first_looks)),
    ("store reads a second", lambda e: number(e.reads)),
    ("store writes a second", lambda e: number(e.writes)),
    ("feed reads a second", lambda e: number(e.feed_reads)),
    ("feed events a second, delivered", lambda e: number(e.feed_events)),
    ("sessions in the store", lambda e: _size(e.stored)),
    ("young revocations", lambda e: number(e.filtered)),
    ("memory of each process", lambda e: _size(e.memory)),
    ("credentials on the wire", lambda e: f"{number(e.traffic * 8 / 1e6)} Mbit/s"),
    ("the store adds to a request", lambda e: span(e.added)),
    ("waiting for the processor", lambda e: span(e.wait)),
    ("revoked lives on, typically", lambda e: _long(e.revoked_typical)),
    ("revoked lives on, at worst", lambda e: _long(e.revoked_worst)),
    ("stolen, unnoticed, lives", lambda e: "while used" if isinf(e.stolen) else _long(e.stolen)),
    ("requests refused in an outage", lambda e: number(e.refused)),
    ("money a month", lambda e: number(e.money)),
)


def _table(estimates: list[Estimate]) -> Table:
    rows = [[name, *(of(estimate) for estimate in estimates)] for name, of in _ROWS]
    return Table(["", *(estimate.name for estimate in estimates)], rows)


def _told(found: Advice, run: Run) -> list[str]:
    lines = [found.headline, ""]
    for place, option in enumerate(found.options, 1):
        lines.append(f"{place}. {option.estimate.name}{'' if option.fits else ': does not fit'}")
        lines += [f"   no: {reason}" for reason in option.against]
        lines += [f"   {reason}" for reason in option.reasons]
    lines += ["", "in limen.toml:", *(f"  {name} = {_toml(value)}" for name, value in found.settings.items())]
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
        "estimate": _finite(msgspec.to_builtins(option.estimate)),
    }


def _checked(one: Checked) -> dict[str, Any]:
    return {"name": one.name, "formula": one.formula, "simulated": one.simulated, "apart": one.apart}


def _finite(found: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: a duration without an end is null."""
    return {k: None if isinstance(v, float) and isinf(v) else v for k, v in found.items()}


def _listed(prices: Prices) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value:g}" for name, value in msgspec.to_builtins(prices).items()
    )


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_toml(one) for one in value)}]"
    return f'"{value}"' if isinstance(value, str) else f"{value}"


def _long(seconds: float) -> str:
    return f"{number(seconds / 3_600)} h" if seconds >= 7_200 else span(seconds)


def _size(value: float) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= size:
            return f"{number(value / size)} {unit}"
    return f"{number(value)} B"
