"""Without what the extras bring, everything but the simulation is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from limen.lab import simulation
from limen.lab.page import page
from support.lab import a_run

ALONE = """
import sys
for absent in ("simpy", "asyncpg", "hiredis", "httpx2", "fastapi", "jwt", "joserfc", "itsdangerous"):
    sys.modules[absent] = None
from limen.cli.lab import verb
from limen.lab import compare, identifiers, simulation, stores
from limen.lab.page import advice_page, hash_page, page, plan_page
print(*sorted(verb.commands), simulation.is_here())
"""


def test_every_verb_is_there_with_the_package_alone() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    *verbs, is_here = done.stdout.split()
    assert {*verbs} >= {"advise", "compare", "diff", "hash", "id", "plan", "show"}
    assert is_here == "False"


def test_a_run_has_its_page_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pip install" not in page(a_run())
    monkeypatch.setattr(simulation, "is_here", lambda: False)
    assert "pip install" in page(a_run())
