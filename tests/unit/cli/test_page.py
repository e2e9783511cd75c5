"""docs/cli.md: every verb with an example that it understands, every exit code, nothing that is not there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from limen.cli import VERBS, limen
from limen.cli.answer import Exit, Verb, VerbGroup

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
EXAMPLES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def verbs(group: click.Group, *way: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from verbs(found, *way, name)
        else:
            yield (*way, name), found


ALL = list(verbs(limen))


def commands(line: str) -> Iterator[list[str]]:
    """The `limen …` of a shell line, as words."""
    words = shlex.split(line, comments=True)
    while "limen" in words:
        words = words[words.index("limen") + 1 :]
        end = min((words.index(w) for w in ("|", ">", "&&", "<") if w in words), default=len(words))
        yield words[:end]


@pytest.mark.parametrize("way", [way for way, _ in ALL], ids=" ".join)
def test_every_verb_has_an_example(way: tuple[str, ...]) -> None:
    assert any(tuple(words[: len(way)]) == way for line in EXAMPLES for words in commands(line))


@pytest.mark.parametrize("line", [line for line in EXAMPLES if line.strip()])
def test_every_example_is_understood(line: str) -> None:
    """Parsed as the command line would, without doing it."""
    found = list(commands(line))
    assert found, "a line of the page runs no verb"
    for words in found:
        group: click.Command = limen
        context = click.Context(limen, info_name="limen")
        while isinstance(group, click.Group):
            name = words.pop(0)
            inner = group.get_command(context, name)
            assert inner is not None, f"there is no verb {name}"
            group = inner
        group.make_context(group.name, words, parent=context)


def test_every_verb_has_json_and_a_word_of_help() -> None:
    for way, command in ALL:
        assert isinstance(command, Verb), way
        assert any("--json" in option.opts for option in command.params), way
        assert command.help, way


def test_what_the_first_help_says_is_what_each_says() -> None:
    context = click.Context(limen)
    for name, said in VERBS.items():
        found = limen.get_command(context, name)
        assert found is not None
        assert isinstance(found, Verb | VerbGroup)
        assert (found.help or "").split("\n")[0].startswith(said.rstrip(".").split(";")[0])


def test_every_exit_code_is_written_down() -> None:
    rows = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)
    assert rows == [str(int(code)) for code in Exit]
