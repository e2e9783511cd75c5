"""Flags as environment: they win over it and over limen.toml, and every worker process sees the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
LEVELS = ("debug", "info", "warning", "error")


def put(flags: Mapping[str, str | int | None]) -> None:
    """Make each flag that was given the setting of its name."""
    for name, value in flags.items():
        if value is not None:
            os.environ[f"LIMEN_{name.upper()}"] = str(value)


def names(prefix: str) -> list[str]:
    """The environment's names that begin so, sorted."""
    return sorted(name for name in os.environ if name.startswith(prefix))


def log_level_option(says: str, default: str | None = None) -> Callable[[F], F]:
    """`--log-level`."""
    levels, shown = click.Choice(LEVELS), default is not None
    return click.option("--log-level", type=levels, default=default, show_default=shown, help=says)


def configuration_options(function: F) -> F:
    """`--database` and `--config`, for every verb that needs a configuration."""
    function = click.option("--config", metavar="FILE", help="Read this instead of ./limen.toml.")(function)
    return click.option("--database", metavar="URL", help="sqlite:///limen.db, for one.")(function)
