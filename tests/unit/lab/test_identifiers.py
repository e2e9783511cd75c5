"""Keys in order against keys at random, on few rows: what must hold at any size."""

from __future__ import annotations

from pathlib import Path

from limen.lab import identifiers


def test_ordered_keys_write_far_fewer_pages(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    four, seven = identifiers.compare(tmp_path, 20_000, seed=1, tell=lambda n, s: told.append((n, s)))
    assert (four.version, seven.version) == (4, 7)
    assert four.rows == seven.rows == 20_000
    assert seven.pages_written * 3 < four.pages_written
    assert told[-1] == ("UUIDv7", 1.0)
