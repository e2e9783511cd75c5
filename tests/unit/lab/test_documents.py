"""docs/sessions-or-jwt.md quotes the run that lies beside it, number for number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from limen.doctor.catalogue import CATALOGUE as DOCTOR
from limen.lab import archive
from limen.lab.catalogue import by_key
from limen.lab.records import Run
from limen.lab.summary import lags_of
from limen.lint.catalogue import CATALOGUE as LINT

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "sessions-or-jwt.md").read_text()
KEYS = (
    "authentication",
    "first-look",
    "per-core",
    "p50",
    "p99",
    "reads-seen",
    "lag-p99",
    "store-refused",
    "sent",
)


@pytest.fixture(scope="module")
def run() -> Run:
    return archive.load(DOCS / "runs" / "example.json")


def quoted() -> list[list[str]]:
    """The cells of the table of numbers, row by row."""
    table = PAGE.partition("| cell |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in table.splitlines()[2:]]


def test_the_table_is_the_runs(run: Run) -> None:
    measured = []
    for cell in run.cells():
        lag = lags_of(run, cell)
        texts = [by_key(key).text(run, cell) for key in KEYS]
        if lag is not None and lag.outlived:
            texts[KEYS.index("lag-p99")] = "till expiry"
        measured.append([cell.name, *texts])
    assert quoted() == measured


def test_the_run_is_small_enough_to_be_kept_and_was_let_run_to_its_end(run: Run) -> None:
    assert not run.interrupted
    assert (DOCS / "runs" / "example.json").stat().st_size <= 300_000


def test_what_is_said_to_be_found_is_found_under_that_name() -> None:
    table = PAGE.partition("## Mistakes")[2].partition("\n## ")[0]
    ids = set(
        re.findall(
            r"`([a-z]+(?:_[a-z]+)+)`", "\n".join(row.rpartition(" | ")[2] for row in table.splitlines())
        )
    )
    assert ids
    assert ids - DOCTOR.keys() - LINT.keys() == set()


def test_the_run_says_what_machine_it_was_of_without_its_name(run: Run) -> None:
    assert run.machine.processor
    assert "/" not in run.command.replace("://", "")
