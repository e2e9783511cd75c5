"""Chance that repeats itself."""

from __future__ import annotations

from limen.testing import SeededEntropy


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, other = SeededEntropy(7), SeededEntropy(7)
    assert [one(n) for n in (16, 32, 1)] == [other(n) for n in (16, 32, 1)]


def test_seeds_and_calls_differ() -> None:
    one = SeededEntropy(7)
    drawn = [one(16) for _ in range(1_000)] + [SeededEntropy(8)(16), SeededEntropy("x")(16)]
    assert len(set(drawn)) == len(drawn)


def test_any_size_is_met() -> None:
    entropy = SeededEntropy()
    assert [len(entropy(n)) for n in (0, 1, 16, 1_000)] == [0, 1, 16, 1_000]
