"""Keys in order against keys at random, on few rows: what must hold at any size."""

from __future__ import annotations

from pathlib import Path

import pytest

from limen.errors import Misconfigured, Unavailable
from limen.lab import identifiers, stores


def test_ordered_keys_write_far_fewer_pages(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    four, seven = identifiers.in_sqlite(tmp_path, 20_000, seed=1, tell=lambda n, s: told.append((n, s)))
    assert (four.version, seven.version) == (4, 7)
    assert four.rows == seven.rows == 20_000
    assert seven.pages * 3 < four.pages
    assert seven.log * 3 < four.log
    assert told[-1] == ("SQLite, UUIDv7", 1.0)


@pytest.mark.anyio
async def test_in_postgresql_the_index_is_smaller_and_less_is_logged() -> None:
    """In a server that is started for it. What was made is gone afterwards."""
    try:
        stores.check("postgresql")
    except Misconfigured as absent:
        pytest.skip(f"{absent}: `apt-get install postgresql` runs this")
    import asyncpg

    async with stores.started("postgresql") as server:
        four, seven = await identifiers.in_postgres(server.url, 30_000, seed=1, tell=lambda _, __: None)
        db = await asyncpg.connect(server.url)
        left = await db.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'limen_lab_%'")
        await db.close()
    assert (four.engine, four.version, seven.version) == ("postgresql", 4, 7)
    assert four.rows == seven.rows == 30_000
    assert seven.index < four.index < four.size
    assert seven.log < four.log
    assert left == 0


@pytest.mark.anyio
async def test_a_database_that_cannot_be_reached_is_said_to_be_without_its_password() -> None:
    with pytest.raises(Unavailable) as failed:
        await identifiers.in_postgres(
            "postgresql://lab:hidden@127.0.0.1:1/lab", 1_000, seed=1, tell=lambda _, __: None
        )
    assert "hidden" not in f"{failed.value} {failed.value.reason}"
