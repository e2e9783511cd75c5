"""A group whose verbs are imported when they are called: `limen id new` does not wait for a server."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """Finds the verb `name` as `verb` in the module `package.name`."""

    def __init__(self, *args: Any, verbs: Mapping[str, str], package: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.no_args_is_help = True
        self._verbs, self._package = verbs, package

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._verbs:
            return None
        found = import_module(f"{self._package}.{cmd_name}").verb
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(self._verbs.items()))
