"""D18: kill -9 of processes that write to a store directly, hundreds of times, at any moment.

The same through HTTP is in test_kill_server.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.processes import answer, started

pytestmark = pytest.mark.slow


def test_D18_R07_after_400_kills_everything_acknowledged_is_there_and_nothing_is_torn(tmp_path: Path) -> None:
    total = answer(started("support.crash", "kills", str(tmp_path), 400, 20_261_124), patience=120)
    assert total > 400


def test_D18_a_killed_writer_keeps_no_other_from_writing(tmp_path: Path) -> None:
    rounds = 40
    lively, acknowledged = answer(started("support.crash", "kills_beside", str(tmp_path), rounds, 7))
    assert lively == rounds
    assert acknowledged > rounds
