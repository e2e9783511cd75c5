"""The standard against a configuration: settings change verdicts, the tests exist, the page is true."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from limen.clock import Instant
from limen.doctor.asvs import CATALOGUE, LEVELS, Running, Verdict, judge, met
from limen.errors import Rejected
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey, StoredRing
from limen.server import shapes
from limen.settings import describe
from limen.settings.table import Kind
from support.asvs import GOOD, PAGES, changed, page, routes
from support.source import ROOT, SRC
from support.world import EMAIL, world

PASS, FAIL, ABSENT, ASKS = Verdict.PASS, Verdict.FAIL, Verdict.ABSENT, Verdict.APPLICATION
MONTHS = 90 * 86_400
BY_ID = {one.id: one for one in CATALOGUE}

CASES: list[tuple[str, Verdict, dict[str, Any]]] = [
    ("6.2.1", FAIL, {"password_min_length": 7}),
    ("6.2.1", PASS, {"password_min_length": 8}),
    ("6.2.6", ASKS, {"transports": ("bearer",)}),
    ("6.2.7", ASKS, {"transports": ("bearer",)}),
    ("6.3.1", FAIL, {"trusted_proxies": ("0.0.0.0/0",)}),
    ("6.3.1", FAIL, {"trusted_proxies": ("0.0.0.0/1", "128.0.0.0/1")}),
    ("6.3.2", FAIL, {"default_scopes": ("limen:admin",)}),
    ("6.3.2", PASS, {"default_scopes": ("limen:admin",), "registration": "closed"}),
    ("6.3.7", FAIL, {"mail": ""}),
    ("6.3.8", FAIL, {"mail": ""}),
    ("6.3.8", PASS, {"mail": "", "registration": "closed"}),
    ("6.4.3", FAIL, {"mail": ""}),
    ("7.1.1", FAIL, {"absolute_lifetime": MONTHS}),
    ("7.1.1", FAIL, {"absolute_lifetime": MONTHS, "idle_lifetime": MONTHS}),
    ("7.1.1", PASS, {"absolute_lifetime": MONTHS, "idle_lifetime": MONTHS, "strategy": "jwt"}),
    ("7.1.2", FAIL, {"session_limit": 0}),
    ("7.1.2", FAIL, {"strategy": "jwt"}),
    ("7.1.2", FAIL, {"accept": ("jwt",)}),
    ("7.2.3", ABSENT, {"strategy": "jwt"}),
    ("7.3.1", FAIL, {"idle_lifetime": MONTHS, "absolute_lifetime": MONTHS}),
    ("7.3.2", FAIL, {"absolute_lifetime": MONTHS}),
    ("7.4.1", FAIL, {"strategy": "jwt"}),
    ("7.4.1", FAIL, {"accept": ("jwt",)}),
    ("7.4.1", FAIL, {"max_staleness": 120}),
    ("7.4.1", PASS, {"strategy": "session"}),
    ("7.4.2", FAIL, {"strategy": "jwt"}),
    ("7.4.3", FAIL, {"strategy": "jwt"}),
    ("7.4.4", ASKS, {"transports": ("bearer",)}),
    ("7.4.5", FAIL, {"strategy": "jwt"}),
    ("7.4.5", FAIL, {"strategy": "jwt", "accept": ("session",)}),
    ("9.1.1", ABSENT, {"strategy": "session"}),
    ("9.1.1", PASS, {"strategy": "session", "accept": ("hybrid",)}),
    ("9.1.2", FAIL, {"algorithm": "none"}),
    ("9.1.2", ABSENT, {"strategy": "session"}),
    ("9.1.3", ABSENT, {"strategy": "session"}),
    ("9.2.1", FAIL, {"leeway": 90}),
    ("9.2.2", ABSENT, {"strategy": "session"}),
    ("9.2.3", ABSENT, {"strategy": "session"}),
    ("9.2.4", FAIL, {"audience": ""}),
    ("9.2.4", PASS, {"audience": "", "clients": ()}),
    ("9.2.4", FAIL, {"forward_audience": "https://notes.example"}),
    ("10.1.1", ASKS, {"transports": ("bearer", "cookie")}),
    ("10.3.1", ABSENT, {"strategy": "session"}),
    ("10.4.5", FAIL, {"refresh_grace": 120}),
    ("10.4.5", ABSENT, {"strategy": "session"}),
    ("10.4.8", ABSENT, {"strategy": "jwt"}),
    ("10.4.9", FAIL, {"transports": ("bearer",)}),
    ("10.4.9", ABSENT, {"strategy": "jwt"}),
    ("10.4.10", ABSENT, {"clients": ()}),
    ("10.4.16", ABSENT, {"clients": ()}),
]
SHOWN = {"6.1.2", "6.1.3", "6.2.11", "6.3.4", "7.2.2", "7.5.2"}
"""Their settings are shown for whoever reads the verdict, and no value of them changes it."""


def verdict(id_: str, running: Running) -> Verdict:
    return BY_ID[id_].rule(running).verdict


@pytest.mark.parametrize(("id_", "wanted", "settings"), CASES)
def test_a_setting_that_changes_changes_the_verdict(
    id_: str, wanted: Verdict, settings: dict[str, Any]
) -> None:
    assert verdict(id_, changed(**settings)) is wanted
    if wanted is not PASS:
        assert wanted is not verdict(id_, Running(GOOD))
        assert set(settings) & set(BY_ID[id_].decided_by), "a setting that decides is one that is shown"


def test_whatever_a_setting_decides_has_a_case() -> None:
    decided = {one.id for one in CATALOGUE if one.decided_by}
    assert decided - {id_ for id_, wanted, _ in CASES if wanted is not PASS} == SHOWN


def test_as_good_as_can_be_three_fail_at_level_two() -> None:
    judged = judge(Running(GOOD), level=2)
    failing = [one.requirement.id for one in judged if one.ruling.verdict is FAIL]
    assert failing == ["6.2.12", "6.3.3", "7.5.2"]
    assert not met(judged)
    assert met(judge(Running(GOOD), level=1))


def test_of_several_strategies_the_one_that_lasts_longest_is_told() -> None:
    mixed = {"strategy": "jwt", "accept": ("session",), "access_lifetime": 86_400}
    running = changed(**mixed, idle_lifetime=1_800, absolute_lifetime=3_600)
    assert "1 d" in BY_ID["7.3.1"].rule(running).reason
    assert "1 d" in BY_ID["7.3.2"].rule(running).reason


def test_levels_hold_more_and_more() -> None:
    ids = [{one.requirement.id for one in judge(Running(GOOD), level=level)} for level in LEVELS]
    assert ids[0] < ids[1] < ids[2] == BY_ID.keys()


def test_every_requirement_of_the_chapters_is_there() -> None:
    counts = {
        "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
        "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2, "9.1": 3, "9.2": 4,
        "10.1": 2, "10.2": 3, "10.3": 5, "10.4": 16, "10.5": 5, "10.6": 2, "10.7": 3,
    }  # fmt: skip
    wanted = [f"{section}.{number}" for section, most in counts.items() for number in range(1, most + 1)]
    assert [one.id for one in CATALOGUE] == wanted


def test_a_ring_of_two_families_is_told() -> None:
    keys = tuple(key_of(algorithm) for algorithm in ("ES256", "HS256"))
    ruling = BY_ID["9.1.2"].rule(Running(GOOD, StoredRing(keys, 1)))
    assert "both families" in ruling.reason


def key_of(algorithm: str) -> Any:
    return StoredKey(algorithm, Algorithm(algorithm), KeyState.ACTIVE, b"", Instant(1.0), Instant(1.0))


@cache
def names_of_all_tests() -> frozenset[str]:
    trees = (ast.parse(path.read_text()) for path in (ROOT / "tests").rglob("test_*.py"))
    return frozenset(
        node.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def test_every_test_that_is_named_exists() -> None:
    named = {name for one in CATALOGUE for name in one.proven_by}
    assert named - names_of_all_tests() == set()


def test_nothing_passes_without_a_test() -> None:
    runnings = [Running(GOOD), *(changed(**settings) for _, _, settings in CASES)]
    for one in CATALOGUE:
        if any(one.rule(running).verdict is PASS for running in runnings):
            assert one.proven_by, one.id
        else:
            assert not one.proven_by, f"{one.id} never passes, so what should its tests prove?"


def test_sentences_are_sentences_and_reasons_have_no_full_stop() -> None:
    for one in CATALOGUE:
        assert one.says.endswith(".")
        reason = one.rule(Running(GOOD)).reason
        assert reason
        assert not reason.endswith(".")


def test_the_page_is_what_the_catalogue_makes_of_it() -> None:
    written = (ROOT / "docs/asvs.md").read_text()
    assert written == page(), "PYTHONPATH=tests python -m support.asvs > docs/asvs.md"


def test_every_route_that_hands_out_credentials_is_written_down() -> None:
    said = (ROOT / "docs/asvs.md").read_text()
    assert all(f"- `{one}`" in said for one in routes())
    assert len(routes()) == 5
    writing = {
        path.stem for path in (SRC / "limen/server/pages").glob("*.py") if "*kept(" in path.read_text()
    }
    assert writing == set(PAGES)


def test_what_people_are_asked_for_is_written_down() -> None:
    """No hint and no secret question is among what the API takes (6.4.2)."""
    asked = {
        name
        for one in vars(shapes).values()
        if isinstance(one, type) and issubclass(one, shapes._Asked)
        for name in one.__struct_fields__
    }
    assert asked == {
        "email", "password", "new_password", "current_password", "scope", "transport", "device", "all",
        "name", "half", "factor", "answer", "refresh_token", "token", "new_email",
    }  # fmt: skip


def test_no_setting_gives_a_password_an_end() -> None:
    timed = [one.name for one in describe().values() if one.kind is Kind.DURATION]
    assert not [name for name in timed if "password" in name]


@pytest.mark.anyio
async def test_A35_the_name_of_the_service_is_no_password() -> None:
    words = ("The Threshold Company", "accounts.threshold.example", "THRESHOLD.EXAMPLE")
    settings = {"brand_name": words[0], "issuer": f"https://{words[1]}"}
    async with world(**settings) as (auth, _):
        for word in words:
            with pytest.raises(Rejected) as error:
                await auth.register(EMAIL, word)
            assert error.value.code == "password_contextual"
        await auth.register(EMAIL, f"{words[0]} and more")


def test_no_password_of_a_mail_server_is_among_the_values() -> None:
    settings = replace(GOOD, mail="smtps://limen:hunter2@mail.example")
    judged = judge(Running(settings), level=3)
    shown = [value for one in judged for value in one.decided.values()]
    assert any("mail.example" in value for value in shown)
    assert not any("hunter2" in value for value in shown)
