"""Every verb of the command line, its arguments and its options."""

from __future__ import annotations

from collections.abc import Iterator

import click
from scripts.site.reference.markdown import NOTE, code, table

from limen.cli import limen

HEAD = """# Every verb

As `limen VERB --help` says it. What each is for, with examples, and the exit codes: [the command
line](../cli.md). `--json` and `--help` go with every verb and are not repeated here.

"""
_EVERYWHERE = frozenset({"as_json", "help"})


def page() -> str:
    return HEAD + "\n".join(_verb(way, command) for way, command in verbs(limen)) + NOTE


def verbs(group: click.Group, *way: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every verb with the words that lead to it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from verbs(found, *way, name)
        elif found is not None and not found.hidden:
            yield (*way, name), found


def _verb(way: tuple[str, ...], command: click.Command) -> str:
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    written = " ".join([f"limen {' '.join(way)}", *map(_argument, arguments)])
    rows = [row for one in command.params if (row := _option(one))]
    options = f"\n{table(('option', 'default', 'does'), rows)}" if rows else ""
    return f"## {' '.join(way)}\n\n`{written}`\n\n{_help(command)}\n{options}"


def _help(command: click.Command) -> str:
    paragraphs = (command.help or "").replace("\b\n", "").split("\n\n")
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


def _argument(one: click.Argument) -> str:
    name = one.metavar or (one.name or "").upper()
    return name if one.required else f"[{name}]"


def _option(one: click.Parameter) -> tuple[str, str, str] | None:
    if not isinstance(one, click.Option) or one.hidden or one.name in _EVERYWHERE:
        return None
    takes = "" if one.is_flag else f" {one.metavar or _choices(one)}"
    default = one.default if isinstance(one.default, str | int | float) and not one.is_flag else ""
    spelled = ", ".join([*one.opts, *one.secondary_opts])
    return code(spelled + takes), code(str(default)), one.help or "–"


def _choices(one: click.Option) -> str:
    if isinstance(one.type, click.Choice):
        return "|".join(map(str, one.type.choices))
    return one.type.name.upper().replace(" RANGE", "")
