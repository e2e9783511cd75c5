"""Every failure is one sentence on stderr and a code; only a bug of ours shows a traceback."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from pathlib import Path

import click
import pytest

from limen.cli.answer import Exit
from limen.cli.failures import Outcome, exit_of, explained, sentence
from limen.errors import Denied, LimenError, Misconfigured, Rejected, Throttled, Unavailable
from support.shell import COMMAND, Shell, surroundings


def outcome_of(error: BaseException, *, as_json: bool = False) -> Outcome:
    with explained(as_json=as_json) as outcome:
        raise error
    return outcome


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Denied("no", code="token_invalid"), Exit.NO),
        (Rejected("no", code="account_exists"), Exit.INPUT),
        (Throttled("wait", retry_after=1), Exit.UNAVAILABLE),
        (Unavailable("later"), Exit.UNAVAILABLE),
        (Misconfigured("set it"), Exit.MISCONFIGURED),
        (click.UsageError("what?"), Exit.INPUT),
        (click.FileError("x", "gone"), Exit.INPUT),
        (click.Abort(), Exit.INTERRUPTED),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (OSError(errno.ENOSPC, "full", "x.db"), Exit.UNAVAILABLE),
        (OSError(errno.EROFS, "read-only", "x.db"), Exit.UNAVAILABLE),
        (PermissionError(errno.EACCES, "no", "x.db"), Exit.UNAVAILABLE),
        (FileNotFoundError(errno.ENOENT, "no", b"x.db"), Exit.UNAVAILABLE),
        (OSError(errno.ELOOP, "Too many levels of symbolic links"), Exit.UNAVAILABLE),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("as_json", [False, True])
def test_each_is_one_sentence_and_a_code(
    error: BaseException, code: Exit, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome_of(error, as_json=as_json).code == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith('{"error": ' if as_json else "limen: ")


def test_a_bug_is_shown_under_a_code_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome_of(ZeroDivisionError()).code == Exit.BUG
    assert "Traceback" in capsys.readouterr().err


def test_every_class_of_error_has_a_code() -> None:
    for kind in LimenError.__subclasses__():
        assert any(exit_of(kind.__new__(kind)) == code for code in Exit if code is not Exit.BUG)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("SQLITE_FULL", "full"),
        ("53100 DiskFullError", "make room"),
        ("SQLITE_IOERR_WRITE", "SQLITE_IOERR_WRITE"),
        ("lock_timeout", "another process"),
    ],
)
def test_what_ails_a_database_is_said(reason: str, said: str) -> None:
    assert said in sentence(Unavailable("the database cannot be used just now", reason=reason))


def test_output_that_nobody_reads_is_one_sentence(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, "id", "new"], stdout=write, stderr=subprocess.PIPE, cwd=tmp_path, env=surroundings()
    )
    os.close(write)
    assert done.returncode == Exit.CLOSED
    assert done.stderr.count(b"\n") == 1


@pytest.mark.skipif(
    not os.path.exists("/dev/full"),
    reason="this system has no /dev/full, which is always full: run this on Linux",
)
def test_output_to_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "id", "new"], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, env=surroundings()
        )
    assert done.returncode == Exit.UNAVAILABLE
    assert done.stderr.count(b"\n") == 1
    assert b"no room" in done.stderr


def test_ctrl_c_is_one_sentence(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "token", "decode"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=tmp_path, env=surroundings(),
    )  # fmt: skip
    assert process.stdin is not None
    # It reads stdin when this much no longer fits into the pipe.
    process.stdin.write(b"a" * 262_144)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == Exit.INTERRUPTED
    assert err.decode().splitlines()[-1].startswith("limen: interrupted")
    assert b"Traceback" not in err


def test_unknown_verbs_and_options_point_to_help(shell: Shell) -> None:
    assert "See `limen --help`" in shell("nothing").err
    assert "See `limen account add --help`" in shell("account", "add", "--nothing").err
    assert '"code": "usage"' in shell("id", "new", "--count", "x", "--json").err


def test_without_a_verb_there_is_help(shell: Shell) -> None:
    for arguments in ((), ("account",)):
        ran = shell(*arguments)
        assert ran.code == 2
        assert "Usage:" in ran.err
    assert "serve" in shell("--help").out
    assert shell("--version").out.startswith("limen ")
