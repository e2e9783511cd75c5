"""`limen lab`, but for measuring, which tests/lab does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from limen.lab import archive
from support.lab import a_run
from support.shell import Shell


@pytest.fixture
def kept(shell: Shell) -> Shell:
    """A shell whose folder has two runs, the later one a third dearer."""
    later = a_run(seed=2, factor=1.3)
    later.id = "20280115T080000Z"
    for run in (a_run(), later):
        archive.save(run, shell.folder / archive.FOLDER)
    return shell


def test_show_prints_the_last_run_and_writes_its_page(kept: Shell) -> None:
    ran = kept("lab", "show")
    assert ran.code == 0
    assert "hybrid · sqlite" in ran.out
    assert "authentication takes a request’s processor time up by" in ran.out
    assert "<svg" in (kept.folder / archive.FOLDER / "20280115T080000Z.html").read_text()


def test_show_has_every_figure_as_json(kept: Shell) -> None:
    said = kept("lab", "show", "20270115T080000Z", "--json").json
    assert said["run"] == "20270115T080000Z"
    assert len(said["figures"]["hybrid · sqlite"]["cost"]) == 3


def test_diff_says_which_differences_are_real(kept: Shell) -> None:
    ran = kept("lab", "diff", "20270115T080000Z", "20280115T080000Z")
    assert ran.code == 0
    assert re.search(r"hybrid · sqlite +processor time for a request .*worse", ran.out)
    assert "store reads" not in ran.out
    everything = kept("lab", "diff", "20270115T080000Z", "20280115T080000Z", "--json").json["differences"]
    assert {d["real"] for d in everything} == {True, False}


def test_a_run_that_is_not_there_is_an_input_error(shell: Shell) -> None:
    ran = shell("lab", "show", "--json")
    assert ran.code == 2
    assert "run_missing" in ran.err


def test_plan_sets_the_strategies_side_by_side(kept: Shell) -> None:
    ran = kept("lab", "plan", "--rate", "1000000", "--active", "5000000", "--processes", "400")
    assert ran.code == 0
    assert "cores for authentication" in ran.out
    assert "formulas and simulation differ by" in ran.out
    assert "<svg" in written(kept, ran.out)
    said = kept("lab", "plan", "--no-check", "--json").json
    assert said["checked"] == []
    assert [e["name"] for e in said["estimates"]][-1] == "hybrid · sqlite"
    assert said["estimates"][0]["stolen"] is None


def test_without_the_simulation_a_plan_says_how_to_get_it(
    kept: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limen.lab.simulation.is_here", lambda: False)
    ran = kept("lab", "plan")
    assert ran.code == 0
    assert "pip install 'limen[lab]'" in ran.out
    assert "pip install" in written(kept, ran.out)


def written(kept: Shell, out: str) -> str:
    """The page that a verb says it has written."""
    found = re.search(r"^page: (.*)$", out, re.MULTILINE)
    assert found is not None
    return (kept.folder / found[1]).read_text()


def test_a_workload_comes_from_a_file_and_flags_win(kept: Shell) -> None:
    (kept.folder / "work.toml").write_text("[workload]\nrate = 10\nactive = 100\n[prices]\ncore_month = 0\n")
    said = kept("lab", "plan", "--file", "work.toml", "--rate", "20", "--no-check", "--json").json
    assert (said["workload"]["rate"], said["workload"]["active"]) == (20, 100)
    assert said["prices"]["core_month"] == 0


@pytest.mark.parametrize(
    "text", ["[workload]\nspeed = 1", "[workload]\nrate = 'x'", "[workload]\nrate = 0", "["]
)
def test_a_file_that_is_wrong_is_said_to_be(kept: Shell, text: str) -> None:
    (kept.folder / "work.toml").write_text(text)
    ran = kept("lab", "plan", "--file", "work.toml", "--json")
    assert ran.code == 2
    assert "workload_invalid" in ran.err


@pytest.mark.parametrize("flag", [("--rate", "0"), ("--processes", "0")])
def test_a_flag_that_cannot_be_is_refused_like_a_file(kept: Shell, flag: tuple[str, str]) -> None:
    assert kept("lab", "plan", *flag).code == 2


def test_advise_recommends_and_says_why(kept: Shell) -> None:
    ran = kept("lab", "advise", "--rate", "100", "--active", "2000")
    assert ran.code == 0
    assert ran.out.startswith("Plain sessions are enough for you")
    assert 'strategy = "session"' in ran.out
    assert "Plain sessions are enough for you" in written(kept, ran.out)
    assert kept("lab", "advise", "--others-verify", "--json").json["settings"]["strategy"] == "hybrid"


def test_advise_is_a_no_where_nothing_fits(kept: Shell) -> None:
    assert kept("lab", "advise", "--survive-outage", "--sign-out-within", "1s").code == 1


@pytest.mark.parametrize("wrong", [("--rtt", "fast"), ("--read-write", "all"), ("--duration", "-1s")])
def test_times_and_shares_are_checked_before_anything_is_started(
    shell: Shell, wrong: tuple[str, str], tmp_path: Path
) -> None:
    ran = shell("lab", "compare", *wrong)
    assert ran.code == 2
    assert not (tmp_path / ".limen").exists()


def test_a_store_that_is_none_is_refused_before_anything_is_started(shell: Shell) -> None:
    ran = shell("lab", "compare", "--store", "oracle://x", "--json")
    assert ran.code == 4
    assert "misconfigured" in ran.err


def test_hash_recommends_what_can_be_pasted(shell: Shell) -> None:
    said = shell("lab", "hash", "--scheme", "argon2id", "--times", "1", "--target", "5s", "--json").json
    assert "hashcat" in (shell.folder / said["page"]).read_text()
    assert {one["scheme"] for one in said["measured"]} == {"argon2id"}
    assert said["recommended"]
    assert "hashcat" in said["source"]


def test_id_says_what_an_order_in_time_saves(shell: Shell) -> None:
    ran = shell("lab", "id", "--rows", "5000", "--store", "sqlite")
    assert ran.code == 0
    assert "UUIDv7 inserts" in ran.out


def test_keys_are_measured_where_there_are_some(shell: Shell) -> None:
    ran = shell("lab", "id", "--rows", "5000", "--store", "redis://user:hidden@127.0.0.1")
    assert ran.code == 4
    assert "redis" in ran.err
    assert "hidden" not in ran.err
