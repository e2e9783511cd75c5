"""The unit: systemd reads it, finds little to complain about, and it gives Limen what it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.deploy import DEPLOY, unit

UNIT = DEPLOY / "systemd/limen.service"
EXPOSURE_MOST = 1.5
"""Of 10, as `systemd-analyze security` reckons."""


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed: `apt-get install systemd` runs these tests")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)


def test_systemd_reads_it(tmp_path: Path) -> None:
    """With a program that there is: /opt/limen is of the machine that it is for."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/limen/bin/limen", sys.executable))
    done = analyze("verify", "--man=no", copy)
    assert (done.returncode, done.stderr) == (0, "")
    copy.write_text(copy.read_text().replace("ProtectSystem=strict", "ProtectSytem=strict"))
    assert "ProtectSytem" in analyze("verify", "--man=no", copy).stderr


def test_it_is_exposed_as_little_as_can_be() -> None:
    done = analyze("security", "--offline=true", "--no-pager", UNIT)
    found = re.search(r"Overall exposure level for limen.service: ([0-9.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= EXPOSURE_MOST


def test_it_is_nobodys_but_its_users_and_stops_in_time() -> None:
    values = dict(unit())
    assert int(values["TimeoutStopSec"]) > 8
    assert (values["User"], values["Group"]) == ("limen", "limen")
    assert (values["StateDirectory"], values["StateDirectoryMode"]) == ("limen", "0700")
    assert values["ExecReload"] == "/bin/kill -HUP $MAINPID"
