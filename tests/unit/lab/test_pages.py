"""The pages of plan, advice and hashes: whole by themselves, and of numbers that name their run."""

from __future__ import annotations

import re

import pytest
from msgspec import structs

from limen.lab.advice import Needs, advise
from limen.lab.hashes import Hashed, recommended
from limen.lab.page import advice_page, hash_page, plan_page
from limen.lab.page.hashing import Hashing
from limen.lab.page.planning import Beside, Planned
from limen.lab.plan import plan
from limen.lab.records import Run
from limen.lab.workload import Prices, Workload, cells_to_plan, costs_of
from support.lab import a_run

BESIDE = [
    Beside("hybrid · sqlite", "first looks", 12.5, 12.25, 0.02),
    Beside("jwt", "refreshes", 0.0, 0.0, 0.0),
]
FOUND = [
    Hashed("argon2id", "46 MiB, 1 pass", {"argon2_memory_kib": 47_104}, 0.08, 47_104 << 10, 12.0, 22.0, 7e3),
    Hashed("bcrypt", "cost 12", {"bcrypt_cost": 12}, 0.2, 4_096, 5.0, 9.0, 1_440.0),
]  # fmt: skip


def planned(run: Run, work: Workload, checked: list[Beside]) -> str:
    costs = [costs_of(run, cell) for cell in cells_to_plan(run)]
    estimates = [plan(one, work, Prices()) for one in costs]
    return plan_page(Planned(run, work, Prices(), costs, estimates, checked, checked))


def advised(run: Run, needs: Needs) -> str:
    costs = [costs_of(run, cell) for cell in cells_to_plan(run)]
    found = advise(run, Workload(), needs, Prices())
    return advice_page(found, run, costs, Workload(), needs, Prices())


def hashed(run: Run) -> str:
    return hash_page(Hashing(run.id, run.machine, 0.1, FOUND, recommended(FOUND, 0.1)))


def pages(run: Run) -> dict[str, str]:
    return {
        "plan": planned(run, Workload(), BESIDE),
        "unchecked": planned(run, Workload(sign_ins=1e9, storm=0.9), []),
        "advice": advised(run, Needs()),
        "nothing fits": advised(run, Needs(survive_outage=True, sign_out_within=1.0)),
        "hash": hashed(run),
    }


PAGES = pages(a_run())


@pytest.mark.parametrize("name", PAGES)
def test_nothing_comes_from_elsewhere_and_no_script_runs(name: str) -> None:
    assert re.findall(r"<script|<link|<img|<iframe|src=|href=|url\(|@import|\son\w+=", PAGES[name]) == []
    assert "default-src 'none'" in PAGES[name]
    assert "prefers-color-scheme: dark" in PAGES[name]
    assert "@media print" in PAGES[name]


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_names_its_run_and_is_told_to_those_who_do_not_see_it(name: str) -> None:
    for tag in ("figcaption", "caption"):
        captions = re.findall(rf"<{tag}>(.*?)</{tag}>", PAGES[name], re.DOTALL)
        assert captions
        assert [c for c in captions if "20270115T080000Z" not in c] == []
    charts = re.findall(r'<svg class="(?:wide|narrow)"[^>]*>', PAGES[name])
    assert charts
    assert [c for c in charts if 'role="img"' not in c or 'aria-label="' not in c] == []


@pytest.mark.parametrize("name", PAGES)
def test_whatever_is_drawn_is_a_number(name: str) -> None:
    assert re.findall(r'(?:x|y|d|width|height|r)="[^"]*(?:nan|inf)', PAGES[name]) == []


@pytest.mark.parametrize("name", PAGES)
def test_what_strangers_wrote_is_text(name: str) -> None:
    run = a_run()
    run.command = run.id = "<script>alert(1)</script>"
    run.machine = structs.replace(run.machine, processor="<b>")
    html = pages(run)[name]
    assert "<script" not in html
    assert "<b>" not in html


def test_a_plan_shows_formula_and_simulation_and_what_was_measured() -> None:
    text = re.sub(r"<[^>]+>", " ", PAGES["plan"])
    assert re.search(r"hybrid · sqlite\s+first looks\s+12\.5\s+12\.2\s+2\.0%", text)
    assert "refreshes" not in text  # nothing beside nothing says nothing
    assert "Measured in run" in text
    assert "left out of this plan" in PAGES["unchecked"]


def test_a_pool_that_never_recovers_is_said_to() -> None:
    assert "for ever" in PAGES["unchecked"]


def test_advice_can_be_pasted_from_the_page() -> None:
    assert 'strategy = "session"' in PAGES["advice"].replace("&quot;", '"')
    assert "Plain sessions are enough for you" in PAGES["advice"]
    assert "does not fit" in PAGES["nothing fits"]


def test_hashes_name_the_source_of_an_attackers_rate_and_the_recommended_one() -> None:
    assert "hashcat 6.2.6" in PAGES["hash"]
    assert "argon2_memory_kib = 47104" in PAGES["hash"]
    assert PAGES["hash"].count("recommended") == 1
