"""Failures as one sentence each, with the exit code that says whose turn it is.

Nobody sees a traceback but of a bug of ours.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from limen.cli.answer import Exit
from limen.errors import Denied, LimenError, Misconfigured, Rejected, Throttled, Unavailable

_EXITS: tuple[tuple[type[LimenError], Exit], ...] = (
    (Denied, Exit.NO),
    (Rejected, Exit.INPUT),
    (Throttled, Exit.UNAVAILABLE),
    (Unavailable, Exit.UNAVAILABLE),
    (Misconfigured, Exit.MISCONFIGURED),
)
_KEPT = "What was acknowledged before is kept"
_OF_THE_DISK = {
    "53100": f"the disk of the database is full: make room and repeat. {_KEPT}",
    "SQLITE_FULL": f"the disk of the database is full: make room and repeat. {_KEPT}",
    "SQLITE_IOERR": f"the disk takes no data ({{}}): is it full, at a limit, or broken? {_KEPT}",
    "lock_timeout": "another process is writing to the database: repeat when it is done",
}
_OF_THE_SYSTEM = {
    errno.ENOSPC: "there is no room on the disk: make some and repeat",
    errno.EDQUOT: "the quota of this user is used up: make room and repeat",
    errno.EFBIG: "a file may not grow any more (a limit of this process): raise it and repeat",
    errno.EROFS: "the file system is read-only: choose another place, or mount it for writing",
    errno.EACCES: "this user may not do that to the file: change its mode or owner, or be another user",
    errno.ENOENT: "there is no such file or directory: make it, or name another",
    errno.EMFILE: "this process may open no more files: raise its limit (ulimit -n)",
}


@dataclass(slots=True)
class Outcome:
    """How a run ended."""

    code: Exit | int = Exit.OK


@contextmanager
def explained(*, as_json: bool) -> Iterator[Outcome]:
    """Turns whatever is raised inside into a sentence on stderr and a code."""
    outcome = Outcome()
    try:
        yield outcome
    except click.exceptions.Exit as ended:
        outcome.code = ended.exit_code
    except click.UsageError as wrong:
        outcome.code = Exit.INPUT
        _usage(wrong, as_json=as_json)
    except click.ClickException as wrong:
        outcome.code = Exit.INPUT
        complain(wrong.format_message(), code="input", as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        outcome.code = Exit.INTERRUPTED
        complain("interrupted; nothing more was done", code="interrupted", as_json=as_json)
    except LimenError as error:
        outcome.code = exit_of(error)
        complain(sentence(error), code=error.code, as_json=as_json)
    except OSError as error:
        outcome.code = _system(error, as_json=as_json)
    except Exception:  # noqa: BLE001 - a bug of ours: shown whole, under a code that is no verdict
        outcome.code = Exit.BUG
        traceback.print_exc()
        complain(
            "this is a bug of Limen, not yours; please report the lines above", code="bug", as_json=as_json
        )


def exit_of(error: LimenError) -> Exit:
    """The code that says who must act."""
    return next((code for kind, code in _EXITS if isinstance(error, kind)), Exit.BUG)


def sentence(error: LimenError) -> str:
    """The message, with what an operator may know beyond it: the command line is no wire."""
    for reason, said in _OF_THE_DISK.items():
        if error.reason.startswith(reason):
            return said.format(error.reason)
    return error.message if error.reason == error.code else f"{error.message} ({error.reason})"


def complain(text: str, *, code: str, as_json: bool) -> None:
    """One sentence on stderr, or one line of JSON there."""
    if as_json:
        click.echo(json.dumps({"error": {"code": code, "message": text}}, ensure_ascii=False), err=True)
    else:
        click.secho(f"limen: {text}", err=True, fg="red")


def _usage(wrong: click.UsageError, *, as_json: bool) -> None:
    if as_json:
        complain(wrong.format_message(), code="usage", as_json=True)
    elif isinstance(wrong, click.exceptions.NoArgsIsHelpError):
        wrong.show()
    else:
        complain(f"{wrong.format_message()} {_help_for(wrong)}", code="usage", as_json=False)


def _help_for(wrong: click.UsageError) -> str:
    return f"See `{wrong.ctx.command_path} --help`." if wrong.ctx is not None else ""


def _system(error: OSError, *, as_json: bool) -> Exit:
    if isinstance(error, BrokenPipeError):
        _let_go_of_stdout()
        complain("whoever read the output went away; the rest is not printed", code="closed", as_json=as_json)
        return Exit.CLOSED
    said = _OF_THE_SYSTEM.get(error.errno or 0, error.strerror or type(error).__name__)
    place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    if not place and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EIO):
        _let_go_of_stdout()
        place = "the output: "
    complain(f"{place}{said}", code="system", as_json=as_json)
    return Exit.UNAVAILABLE


def _let_go_of_stdout() -> None:
    """What is left in its buffer has nowhere to go, and Python would try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
