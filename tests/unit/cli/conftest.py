"""A shell for each test, in a directory of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.shell import Shell

PASSWORD = "correct horse battery staple"
EMAIL = "ada@example.com"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture
def ada(shell: Shell) -> Shell:
    """A shell whose database has an account."""
    assert shell("account", "add", EMAIL, "--password-stdin", "--scope", "read", stdin=PASSWORD).code == 0
    return shell
