"""What a server must be, and how it is spoken to."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from limen.errors import Misconfigured
from limen.stores.postgres.address import parse
from limen.stores.postgres.connection import Found, Terms, check

GOOD = Found(
    version=150_004,
    encoding="UTF8",
    schema="public",
    pooled=False,
    durability="on",
    careless=False,
    lagging=False,
)
ADDRESS = parse("postgresql://h/db?schema=auth")


@pytest.mark.parametrize("version", [130_000, 150_004, 180_001])
def test_a_good_server_passes_without_a_word(version: int, caplog: pytest.LogCaptureFixture) -> None:
    check(replace(GOOD, version=version))
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"version": 120_020}, "PostgreSQL 12 is too old; Limen needs 13"),
        ({"encoding": "SQL_ASCII"}, "ENCODING 'UTF8'"),
        ({"encoding": "LATIN1"}, "ENCODING 'UTF8'"),
        ({"schema": None}, "leads to no schema"),
    ],
)
def test_one_that_will_not_do_is_named(bad: dict[str, object], sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        check(replace(GOOD, **bad))  # type: ignore[arg-type]


@pytest.mark.parametrize(("flaw", "words"), [("careless", "fsync"), ("lagging", "synchronous_standby_names")])
def test_one_that_may_lose_something_is_warned_of(
    flaw: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        check(replace(GOOD, **{flaw: True}))  # type: ignore[arg-type]
    assert words in caplog.text


@pytest.mark.parametrize(
    ("durability", "forced"),
    [("off", True), ("local", True), ("remote_write", True), ("on", False), ("remote_apply", False)],
)
def test_D12_durability_is_raised_and_never_lowered(durability: str, forced: bool) -> None:
    begin = Terms(ADDRESS, replace(GOOD, pooled=True, durability=durability), patience=5).begin
    assert ("SET LOCAL synchronous_commit = 'on'" in begin) == forced


def test_D13_behind_a_pooler_each_transaction_says_all_by_itself() -> None:
    begin = Terms(ADDRESS, replace(GOOD, pooled=True), patience=5).begin
    assert begin.startswith("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ")
    for setting in ("search_path = 'auth'", "lock_timeout = '3000ms'", "statement_timeout = '4000ms'"):
        assert f"SET LOCAL {setting}; " in begin
    assert "SET LOCAL" not in Terms(ADDRESS, GOOD, patience=5).begin
