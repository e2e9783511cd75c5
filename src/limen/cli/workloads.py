"""What `lab plan` and `lab advise` are given: a workload in flags or in a file, and the run that has the
costs."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from math import isinf
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from limen.cli.measuring import Span
from limen.errors import Rejected
from limen.lab import archive
from limen.lab.advice import Needs
from limen.lab.records import Run
from limen.lab.workload import Prices, Workload

F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S", Workload, Prices, Needs)
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
    "storm": (float, "Share of the active people who are signed out at once, one day."),
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


def run_of(named: str | None, out: Path) -> Run:
    """The run that was named, or the last one."""
    return archive.load(archive.find(named, out))


def workload(file: Path | None, given: dict[str, Any]) -> Workload:
    """The file's numbers, and before them those of flags; Rejected where one cannot be."""
    base = of_file(file, "workload", Workload)
    said = {name: value for name, value in given.items() if value is not None}
    return msgspec.structs.replace(base, **said).checked()


def of_file(file: Path | None, part: str, kind: type[S]) -> S:
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


def finite(found: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: a duration without an end is null."""
    return {k: None if isinstance(v, float) and isinf(v) else v for k, v in found.items()}
