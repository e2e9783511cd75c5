"""docs/scale.md says what the run in docs/runs/scale.json comes to, and nothing else."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def scale() -> ModuleType:
    spec = importlib.util.spec_from_file_location("limen_bench_scale_page", ROOT / "bench" / "scale_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run() -> dict[str, dict[str, float]]:
    return json.loads((ROOT / "docs" / "runs" / "scale.json").read_text())  # type: ignore[no-any-return]


def test_the_page_is_that_of_the_run(scale: ModuleType, run: dict[str, dict[str, float]]) -> None:
    assert (ROOT / "docs" / "scale.md").read_text() == scale.page(run)


def test_another_run_makes_another_page(scale: ModuleType, run: dict[str, dict[str, float]]) -> None:
    run["figures"]["Redis: bytes of a session"] *= 2
    assert "310 GB" in scale.page(run)


def test_a_load_is_what_its_assumptions_come_to(scale: ModuleType) -> None:
    load = scale.Load(86_400_000)
    assert (load.sessions, round(load.sign_ins), round(load.ends)) == (172_800_000, 600, 300)
    assert round(load.refreshes) == 1_920
    assert load.first_looks == 384_000
    assert scale.Load(10**10).first_looks == load.requests, "no more than there are requests"


def test_every_measured_figure_stands_in_the_page(
    scale: ModuleType, run: dict[str, dict[str, float]]
) -> None:
    text = scale.page(run)
    assert all(f"| {name} | {value:g} |" in text for name, value in run["figures"].items())
    assert "{" not in text
