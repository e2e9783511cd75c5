"""What a verb answers: data for programs, lines and a table for people, and an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import click


class Exit(IntEnum):
    """What scripts can rely on. 130 and 141 are what shells say of Ctrl-C and of a closed pipe."""

    OK = 0
    """Done, or yes."""
    NO = 1
    """The answer is no: not valid, no match, findings that are errors, migrations missing."""
    INPUT = 2
    """What was asked for cannot be: usage, unknown account, a password that the policy refuses."""
    UNAVAILABLE = 3
    """Something that is needed cannot be had just now: repeat later."""
    MISCONFIGURED = 4
    """A setting has to be changed first."""
    BUG = 70
    INTERRUPTED = 130
    CLOSED = 141


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under names."""

    names: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """`data` is the one object that `--json` prints; people get the table, then the lines.

    Without data nothing is printed: the verb has said what there was to say while it ran.
    """

    data: Mapping[str, Any]
    lines: Sequence[str] = ()
    table: Table | None = None
    exit: Exit = Exit.OK


class Verb(click.Command):
    """A command that has `--json` and whose function returns an `Answer`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.params.append(
            click.Option(
                ["--json", "as_json"],
                is_flag=True,
                help="Print one line of JSON.",
                expose_value=False,
                callback=lambda ctx, _, wanted: ctx.meta.__setitem__(__name__, wanted),
            )
        )

    def invoke(self, ctx: click.Context) -> int:
        answer = super().invoke(ctx)
        if not isinstance(answer, Answer):
            raise TypeError(f"{self.name} answers no Answer")
        if answer.data:
            tell(answer, as_json=wants_json(ctx))
        return int(answer.exit)


def wants_json(context: click.Context) -> bool:
    """Whether `--json` was said."""
    return bool(context.meta[__name__])


class VerbGroup(click.Group):
    """Several verbs of one thing."""

    command_class = Verb

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.no_args_is_help = True


def tell(answer: Answer, *, as_json: bool) -> None:
    """Print an answer."""
    if as_json:
        click.echo(one_line(answer.data))
        return
    if answer.table is not None:
        _print_table(answer.table)
    for line in answer.lines:
        click.echo(line)


def one_line(data: Mapping[str, Any]) -> str:
    """As JSON. Half of a surrogate pair, out of a file of others, is told by its escape."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace").decode()


def visible(text: str) -> str:
    """Text of strangers (a user agent, a claim) as a terminal may see it: nothing that moves the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text)


def note(text: str) -> None:
    """A word beside the answer, on stderr."""
    click.secho(f"limen: {text}", err=True, fg="yellow")


def _print_table(table: Table) -> None:
    if sys.stdout.isatty():
        _print_for_people(table)
        return
    widths = [max(len(row[i]) for row in (table.names, *table.rows)) for i in range(len(table.names))]
    for row in (table.names, *table.rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _print_for_people(table: Table) -> None:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(*table.names, box=None, header_style="bold")
    for row in table.rows:
        drawn.add_row(*(Text(cell, overflow="fold") for cell in row))
    Console().print(drawn)
