"""What people type: asked for on a terminal, never shown, given up by Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from support.shell import COMMAND, Shell, surroundings

EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"


class Terminal:
    """A verb with a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._master, slave = os.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=folder, env=surroundings(), stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)
        self.seen = ""

    def expect(self, text: str) -> None:
        """Reads until `text` was shown; AssertionError with what was shown instead."""
        while text not in self.seen:
            ready, _, _ = select.select([self._master], [], [], 20)
            chunk = b""
            with suppress(OSError):  # Linux's way to say that the other side is closed
                chunk = os.read(self._master, 4_096) if ready else b""
            assert chunk, f"{text!r} was never shown, but {self.seen!r}"
            self.seen += chunk.decode()

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def ended(self) -> int:
        code = self.process.wait(20)
        with suppress(AssertionError):
            self.expect("\0 what no program shows")
        os.close(self._master)
        return code


def test_a_password_is_asked_for_twice_and_never_shown(shell: Shell) -> None:
    terminal = Terminal(shell.folder, "account", "add", EMAIL)
    terminal.expect("Password:")
    terminal.type(PASSWORD + "\n")
    terminal.expect("Repeat")
    terminal.type(PASSWORD + "\n")
    assert terminal.ended() == 0
    assert "added ada@example.com" in terminal.seen
    assert PASSWORD not in terminal.seen
    assert shell("account", "show", EMAIL).code == 0


def test_ctrl_c_at_a_question_is_one_sentence(shell: Shell) -> None:
    terminal = Terminal(shell.folder, "account", "add", EMAIL)
    terminal.expect("Password:")
    terminal.type("\x03")
    assert terminal.ended() == 130
    assert "interrupted" in terminal.seen
    assert "Traceback" not in terminal.seen


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 2), ("n", 130, 0)])
def test_a_question_is_asked_before_an_account_is_deleted(
    ada: Shell, answer: str, code: int, left: int
) -> None:
    terminal = Terminal(ada.folder, "account", "delete", EMAIL)
    terminal.expect("Delete ada@example.com and all its sessions?")
    terminal.type(answer + "\n")
    assert terminal.ended() == code
    assert ada("account", "show", EMAIL).code == left


def test_people_get_a_table_that_fits(ada: Shell) -> None:
    terminal = Terminal(ada.folder, "account", "list")
    assert terminal.ended() == 0
    assert "email" in terminal.seen


def test_a_password_keeps_all_but_its_last_line_end(shell: Shell) -> None:
    for given in ("  with blanks around it  ", "with a tab\tand more of it"):
        stored = shell("hash", "password", "--password-stdin", stdin=given + "\r\n").out.strip()
        assert shell("hash", "verify", stored, "--password-stdin", stdin=given).code == 0
        assert shell("hash", "verify", stored, "--password-stdin", stdin=given.strip() + "!").code == 1
