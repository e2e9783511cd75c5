"""`limen lab advise` asks a person, and nobody else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from limen.lab import archive
from support.lab import a_run
from support.shell import COMMAND, surroundings
from support.terminal import on_a_terminal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    archive.save(a_run(), tmp_path / archive.FOLDER)
    return tmp_path


def test_on_a_terminal_it_asks_and_follows_the_answers(folder: Path) -> None:
    code, seen = on_a_terminal(folder, *COMMAND, "lab", "advise", keys="2000\n200\n\n\n5s\ny\n\n\n")
    assert code == 0, seen
    assert "Requests a second [200.0]" in seen
    assert "cannot reach the store? [y/N]" in seen
    assert "Take hybrid." in seen
    assert "for as long as somebody uses it" not in seen


def test_what_is_no_answer_is_asked_again(folder: Path) -> None:
    code, seen = on_a_terminal(folder, *COMMAND, "lab", "advise", keys="many\n2000\n\n\n\nsoon\n1m\n\n\n\n")
    assert code == 0, seen
    assert "'many' is not a valid integer" in seen
    assert "is no time: write 0.5ms, 40s or 2m" in seen
    assert "Plain sessions are enough for you" in seen


@pytest.mark.parametrize("flags", [("--rate", "100"), ("--others-verify",), ("--json",)])
def test_flags_answer_instead(folder: Path, flags: tuple[str, ...]) -> None:
    code, seen = on_a_terminal(folder, *COMMAND, "lab", "advise", *flags)
    assert code == 0, seen
    assert "[y/N]" not in seen


def test_a_file_answers_instead(folder: Path) -> None:
    (folder / "work.toml").write_text("[needs]\nothers_verify = true\n")
    code, seen = on_a_terminal(folder, *COMMAND, "lab", "advise", "--file", "work.toml")
    assert code == 0, seen
    assert "Take hybrid." in seen
    assert "[y/N]" not in seen


def test_where_nobody_looks_nobody_is_asked(folder: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "lab", "advise", "--json"], cwd=folder, env=surroundings(), capture_output=True, timeout=60
    )
    assert json.loads(done.stdout)["headline"].startswith("Plain sessions")
