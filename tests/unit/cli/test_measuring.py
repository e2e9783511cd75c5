"""What is shown while something is measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from limen.cli.measuring import Progress
from support.terminal import on_a_terminal

SHOWN = """
from limen.cli.measuring import Progress
with Progress() as progress:
    progress.tell("requests", 0.25, 90.0)
    progress._bar.refresh()
"""


def test_on_a_terminal_there_is_a_bar_with_the_time_left(tmp_path: Path) -> None:
    code, seen = on_a_terminal(tmp_path, sys.executable, "-c", SHOWN)
    assert code == 0, seen
    assert "requests" in seen
    assert "25%" in seen
    assert "1:30 left" in seen


def test_elsewhere_there_is_a_line_for_each_step(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        for share in (0.1, 0.2):
            progress.tell("requests", share, 60.0)
        progress.tell("memory", 0.9, None)
    assert capsys.readouterr().err == "requests (10% done, 1:00 left)\nmemory (90% done)\n"


def test_what_is_left_takes_as_long_as_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress.paced("keys", 0.0)
        progress.paced("more keys", 1.0)
    assert capsys.readouterr().err == "keys (0% done)\nmore keys (100% done, 0:00 left)\n"
