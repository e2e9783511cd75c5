"""Which migrations are pending, judged by number and checksum."""

from __future__ import annotations

import hashlib

import pytest

from limen.errors import Misconfigured
from limen.stores.migrations import Migration, load, pending

KNOWN = tuple(Migration(n, f"000{n}_m", "text", f"sum {n}") for n in (1, 2, 3))


def test_what_is_pending_is_what_was_not_applied_in_order() -> None:
    assert pending(KNOWN, {}) == KNOWN
    assert pending(KNOWN, {1: "sum 1"}) == KNOWN[1:]
    assert pending(KNOWN, {2: "sum 2"}) == (KNOWN[0], KNOWN[2])
    assert pending(KNOWN, {m.number: m.checksum for m in KNOWN}) == ()


def test_a_higher_number_is_of_a_newer_limen() -> None:
    with pytest.raises(Misconfigured) as caught:
        pending(KNOWN, {4: "sum 4"})
    assert caught.value.code == "schema_newer"


def test_another_checksum_is_another_migration() -> None:
    with pytest.raises(Misconfigured, match="0002_m") as caught:
        pending(KNOWN, {1: "sum 1", 2: "another"})
    assert caught.value.code == "schema_changed"


def test_the_released_files_are_numbered_from_one_without_a_gap_and_summed() -> None:
    migrations = load("sqlite")
    assert [m.number for m in migrations] == list(range(1, len(migrations) + 1))
    for migration in migrations:
        assert migration.name.startswith(f"{migration.number:04}_")
        assert migration.checksum == hashlib.sha256(migration.text.encode()).hexdigest()
