"""README, "Embed it", to the letter, nothing cached: from an empty folder to `/me` with 200."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from support.package import clean, constraints, run
from support.servers import free_port
from support.source import ROOT

_SECTION = (ROOT / "README.md").read_text().split("## Embed it")[1].split("\n## ")[0]
_BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", _SECTION, re.DOTALL)


def test_the_section_has_the_blocks_that_are_run_here() -> None:
    assert [kind for kind, _ in _BLOCKS] == ["sh", "python", "sh", "sh"]
    install, app, serve, try_it = (text for _, text in _BLOCKS)
    assert "pip install '.[fastapi]'" in install
    assert "`main.py`" in _SECTION
    assert "from limen" in app
    assert serve == "uvicorn main:app\n"
    assert try_it.count(":8000") == 3


@pytest.fixture
def stranger(wheel: Path, tmp_path: Path) -> Path:
    """A folder in which the first block was run; for `.` stands the wheel: the package without its source."""
    install = _BLOCKS[0][1].replace("'.[fastapi]'", f"'{wheel}[fastapi]'")
    run("bash", "-euc", install, cwd=tmp_path, PIP_CONSTRAINT=str(constraints(tmp_path)))
    (tmp_path / "main.py").write_text(_BLOCKS[1][1])
    return tmp_path


def test_the_readme_leads_to_me_with_200(stranger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began, port = time.perf_counter(), free_port()
    venv = stranger / ".venv" / "bin"
    with subprocess.Popen(
        [venv / "uvicorn", "main:app", "--port", str(port)],
        cwd=stranger, env=clean(), stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        try:
            assert server.stderr is not None
            assert any("Uvicorn running" in line for line in server.stderr)
            tried = _BLOCKS[3][1].replace(":8000", f":{port}")
            said = run("bash", "-euc", tried, cwd=stranger)
        finally:
            server.terminate()
    assert re.search(r'\{"status":"accepted"\}\{"account":"[0-9a-f-]{36}"\}$', said), said
    with capsys.disabled():
        print(f"\nREADME, from `uvicorn main:app` to `/me`: {time.perf_counter() - began:.1f} s")


def test_the_wheel_serves_its_pages_and_what_they_need(stranger: Path) -> None:
    command = [stranger / ".venv" / "bin" / "limen", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=stranger, env=clean(), stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = re.search(r'"address": ?"([^"]+)"', server.stdout.readline())
            assert address is not None
            with httpx2.Client(base_url=address[1]) as client:
                for page in (
                    "/sign-in",
                    "/register",
                    "/forgot",
                    "/workbench",
                    "/playground",
                    "/openapi.json",
                ):
                    found = client.get(page)
                    assert found.status_code == 200, page
                    for asset in re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css|svg)[^"]*)"', found.text):
                        assert client.get(asset).status_code == 200, asset
        finally:
            server.terminate()
