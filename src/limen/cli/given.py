"""What people hand over: passwords, tokens and files. Never by argument where another user could see it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from limen.cli.answer import note
from limen.errors import Rejected

F = TypeVar("F", bound=Callable[..., Any])

_MOST = 1 << 20
_STDIN = "-"


def password(*, from_stdin: bool, confirm: bool = True, prompt: str = "Password") -> str:
    """Asked for on a terminal, or all of stdin but for its last line end."""
    if from_stdin:
        return _everything().removesuffix("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask on: pipe the password in with --password-stdin.")
    asked: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return asked


def token(argument: str) -> str:
    """A token from stdin (`-`), or as given, with a word about who else has seen it then."""
    if argument != _STDIN:
        note("a token on the command line can be seen by every user of this machine: pipe it in instead")
        return argument.strip()
    if sys.stdin.isatty():
        click.echo("Paste the token, then press Enter and Ctrl-D:", err=True)
    text = _everything().strip()
    if not text:
        raise click.UsageError("There is no token on stdin.")
    return text.removeprefix("Bearer ")


def text(source: str) -> str:
    """All of a file, or of stdin (`-`)."""
    if source == _STDIN:
        return _everything()
    return _decoded(Path(source).read_bytes()[: _MOST + 1], source)


def json_object(source: str) -> dict[str, Any]:
    """The JSON object in a file or on stdin; Rejected if there is none."""
    return parsed(text(source), source)


def parsed(said: str, source: str) -> dict[str, Any]:
    """The JSON object that `said`, the text of `source`, is."""
    try:
        found = json.loads(said)
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"{_name(source)} holds no JSON") from error
    if not isinstance(found, dict):
        raise _unreadable(f"{_name(source)} holds JSON, but no object")
    return found


def asks_password(*, unless: str = "") -> Callable[[F], F]:
    """The verb gets `password`, asked for before anything is opened; None if its flag `unless` is set."""

    def decorate(verb: F) -> F:
        @click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
        @wraps(verb)
        def ask(*, password_stdin: bool, **others: Any) -> Any:
            secret = None if others.get(unless) else password(from_stdin=password_stdin)
            return verb(password=secret, **others)

        return cast("F", ask)

    return decorate


def asks_whether(question: str) -> Callable[[F], F]:
    """The verb is called if a person says that it is meant, or `--yes` did."""

    def decorate(verb: F) -> F:
        @click.option("--yes", is_flag=True, help="Do not ask whether this is meant.")
        @wraps(verb)
        def ask(*, yes: bool, **others: Any) -> Any:
            if not yes and not sys.stdin.isatty():
                raise click.UsageError("There is no terminal to ask on: say --yes if this is meant.")
            if not yes:
                click.confirm(question.format(**others), abort=True, err=True)
            return verb(**others)

        return cast("F", ask)

    return decorate


def _everything() -> str:
    return _decoded(sys.stdin.buffer.read(_MOST + 1), _STDIN)


def _decoded(raw: bytes, source: str) -> str:
    if len(raw) > _MOST:
        raise _unreadable(f"{_name(source)} is longer than 1 MiB")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(f"{_name(source)} is not UTF-8") from error


def _name(source: str) -> str:
    return "stdin" if source == _STDIN else source


def _unreadable(message: str) -> Rejected:
    return Rejected(message, code="input_unreadable", status=422)
