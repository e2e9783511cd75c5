"""What the lab's verbs are given, and show while they run: spans of time, shares, and how much is left."""

from __future__ import annotations

import re
import sys
from time import monotonic
from types import TracebackType
from typing import Any, Self

import click

_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)(us|ms|s|m|h|)\Z", re.ASCII)
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "": 1.0, "m": 60.0, "h": 3_600.0}


class Span(click.ParamType[float]):
    """`0.5ms`, `40s`, `2m`: seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = _SPAN.match(str(value))
        if found is None:
            self.fail(f"{value!r} is no time: write 0.5ms, 40s or 2m", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


class Share(click.ParamType[float]):
    """`95:5`: the share of the second, 0.05."""

    name = "N:M"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        left, separator, right = str(value).partition(":")
        if not separator or not left.isdecimal() or not right.isdecimal() or int(left) + int(right) == 0:
            self.fail(f"{value!r} is no pair: write 95:5", param, ctx)
        return int(right) / (int(left) + int(right))


class Progress:
    """A bar on stderr with the time that is left, where a person looks; else one line for each step."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._name = ""
        self._began = monotonic()
        self._bar: Any = None
        self._task: Any = None

    def tell(self, name: str, share: float, left: float | None) -> None:
        """So much is done, and so many seconds are left, where that is known."""
        if self._bar is not None:
            self._bar.update(self._task, description=name, completed=share, left=_clock(left))
        elif name != self._name:
            self._name = name
            rest = "" if left is None else f", {_clock(left)} left"
            click.echo(f"{name} ({share:.0%} done{rest})", err=True)

    def paced(self, name: str, share: float) -> None:
        """So much is done, and the rest will take as long as this did."""
        spent = monotonic() - self._began
        self.tell(name, share, spent * (1 - share) / share if share else None)

    def __enter__(self) -> Self:
        self._began = monotonic()
        if self._live:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

            self._bar = Progress(
                TextColumn("{task.description:<32}"), BarColumn(), TaskProgressColumn(),
                TextColumn("{task.fields[left]} left"), console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self._bar.start()
            self._task = self._bar.add_task("starting", total=1.0, left="?")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
