"""docs/sessions-or-jwt.md quotes the run that lies beside it, number for number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from limen.cli.measuring import Share
from limen.doctor.catalogue import CATALOGUE as DOCTOR
from limen.lab import archive, diff, figures
from limen.lab.advice import WORTH
from limen.lab.catalogue import by_key, late, wrong
from limen.lab.compare import steps_of
from limen.lab.measures import arrivals, lag, requests
from limen.lab.peers import STORE
from limen.lab.records import Cell, Options, Run
from limen.lab.statistics import FEWEST, LEVEL, median
from limen.lab.summary import lags_of
from limen.lab.workload import Prices, Workload
from limen.lint.catalogue import CATALOGUE as LINT

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "sessions-or-jwt.md").read_text()
WORDS = {3: "three", 4: "four", 5: "five", 11: "eleven"}
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
        found = lags_of(run, cell)
        texts = [by_key(key).text(run, cell) for key in KEYS]
        if found is not None and found.outlived:
            texts[KEYS.index("lag-p99")] = "till expiry"
        measured.append([cell.name, *texts])
    assert quoted() == measured


def around(values: Iterable[float]) -> str:
    """`3 to 4`, whole numbers."""
    found = sorted(round(value) for value in values)
    return f"{found[0]} to {found[-1]}"


def micros(run: Run, key: str, cell: Cell) -> float:
    found = by_key(key).of(run, cell)
    assert found is not None
    return found.value


def in_words(run: Run) -> Iterator[str]:
    """What the text says in numbers, as this run has it."""
    session, uncached, jwt, hybrid = (
        Cell("session", "sqlite"), Cell("session", "sqlite", cache=False), Cell("jwt", "sqlite"),
        Cell("hybrid", "sqlite"),
    )  # fmt: skip
    split = figures.split(run, hybrid)
    assert split is not None
    framework, read = split.framework.value * 1e6, micros(run, "authentication", uncached)
    seen = [micros(run, "authentication", cell) for cell in (session, jwt, hybrid)]
    yield f"authentication costs {around(seen)} µs of processor time a request with every strategy"
    network = split.network.value * 1e6
    yield f"beside {framework:.0f} µs for the framework and {network:.0f} µs for the sockets"
    yield f"read from SQLite at every request costs {read:.0f} µs, {read / framework:.0f} times"
    looks = [micros(run, "first-look", cell) for cell in (jwt, hybrid)]
    yield f"{micros(run, 'first-look', session):.0f} µs for a session that is read, {around(looks)} µs for a"
    pyjwt, joserfc, shared = (
        micros(run, "authentication", Cell(name, STORE))
        for name in ("PyJWT, ES256", "joserfc, ES256", "PyJWT, HS256")
    )
    yield f"{pyjwt:.0f} µs (PyJWT) and {joserfc:.0f} µs (joserfc) with ES256, {shared:.0f} µs with a shared"
    token, opaque = micros(run, "sent", jwt), micros(run, "sent", session)
    yield f"**A token is {token / opaque:.0f} times as long**"
    yield f"a request has {token:.0f} bytes and not {opaque:.0f}"
    lags = {one.cell: one for one in run.lags}
    slowest = max(max(one.seconds) for cell, one in lags.items() if cell.cache and one.seconds)
    yield f"after {slowest * 1e3:.0f} ms at the latest, by the feed"
    assert max(lags[uncached].seconds) == 0, "at the very next request where each reads its row"
    assert lags[jwt].outlived
    yield f"would have for {lags[jwt].promised // 60:.0f} minutes"
    stored = {o.cell: o for o in run.outages if o.what == "store"}
    yield f"**{run.options.outage:g} s without the store**: the JWT noticed nothing, and let " + (
        f"{late(stored[jwt]):.0f} requests in"
    )
    yield f"went on for {run.options.max_staleness:g} s, then refused"
    total = sum(beat.total for o in run.outages for beat in o.beats)
    yield f"{sum(map(wrong, run.outages)):.0f} of {total:,} requests"
    argon2, bcrypt = (median(one.seconds) * 1e3 for one in run.hashing)
    rest = sorted(micros(run, "sign-in-cost", cell) / 1e3 for cell in (session, uncached, jwt, hybrid))
    yield f"{argon2:.0f} ms with argon2id and {bcrypt:.0f} ms with bcrypt at cost 12, " + (
        f"against {rest[0]:.1f} to {rest[-1]:.1f} ms for all the rest"
    )
    yield f"others used {(figures.foreign(run) or 0) * 100:.0f} % of it"


def test_the_text_says_the_numbers_of_the_run(run: Run) -> None:
    text = " ".join(PAGE.split())
    assert [said for said in in_words(run) if said not in text] == []


def test_no_number_of_the_findings_stands_there_by_hand(run: Run) -> None:
    """What the section says in numbers is all in the sentences above, but for names of algorithms."""
    findings = PAGE.partition("What this says:")[2].partition("## When")[0]
    known = " ".join([*in_words(run), "ES256 HS256"])
    said = set(re.findall(r"[0-9][0-9.,]*[0-9]|[0-9]", findings))
    assert said - set(re.findall(r"[0-9][0-9.,]*[0-9]|[0-9]", known)) == set()


def test_what_lab_md_claims_is_what_the_lab_does() -> None:
    """Counts, lengths and limits in the text, and the constants that they are."""
    text = " ".join((DOCS / "lab.md").read_text().split())
    default = Options(["session", "jwt", "hybrid"], ["sqlite", "memory"], duration=40.0)
    planned = sum(step.seconds for step in steps_of(default))
    assert planned < 210, "under four minutes with a margin for slow machines"
    workload = Workload(), Prices()
    for said in (
        f"takes {planned / 60:.0f} minutes with its defaults",
        f"{WORDS[requests.ROUNDS]} rounds of turns",
        f"{WORDS[arrivals.ROUNDS]} turns at "
        + "{:.0%}, {:.0%} and {:.0%}".format(*arrivals.SHARES).replace("%", " %"),
        f"every {lag.EVERY * 1e3:.0f} ms: from the acknowledgement",
        f"Fewer than {WORDS[FEWEST]} rounds claim",
        f"at {diff.LEVEL * 100:g} %, lies beyond {diff.BETWEEN * 100:.0f} % either way",
        "holds the true median 19 times in 20" if LEVEL == 0.95 else "?",
        f"every {1 / Share().convert('95:5', None, None):.0f}th request a sign-in",
        f"saves more than {WORDS[int(WORTH)]} cores",
        f"accounts = {workload[0].accounts}",
        f"active = {workload[0].active}",
        f"rate = {workload[0].rate:g}",
        f"processes = {workload[0].processes}",
        f"core_month = {workload[1].core_month:g}",
    ):
        assert said in text, said


def test_more_than_a_hundred_figures_are_compared_at_once(run: Run) -> None:
    assert len(diff.diff(run, run)) > 100


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
