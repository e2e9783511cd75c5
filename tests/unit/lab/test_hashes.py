"""Hashes: what is recommended, and what the estimates stand on."""

from __future__ import annotations

import pytest

from limen.lab.hashes import Hashed, hardness, recommended
from limen.passwords import Argon2id, Bcrypt


def hashed(seconds: float, attacker: float) -> Hashed:
    return Hashed("argon2id", f"{seconds}", {}, seconds, 1, 1 / seconds, 1.0, attacker)


def test_what_costs_an_attacker_most_within_the_target_is_recommended() -> None:
    found = [hashed(0.02, 9_000), hashed(0.08, 4_000), hashed(0.09, 5_000), hashed(0.3, 1_000)]
    assert recommended(found, 0.1) is found[1]


def test_where_all_take_too_long_the_quickest_is() -> None:
    found = [hashed(0.5, 10), hashed(0.2, 100)]
    assert recommended(found, 0.1) is found[1]


@pytest.mark.parametrize(("cost", "rate"), [(12, 1_437.5), (13, 718.75)])
def test_a_step_of_bcrypts_cost_halves_the_published_rate(cost: int, rate: float) -> None:
    assert hardness(Bcrypt(cost=cost))[1] == rate


def test_twice_the_memory_is_half_the_hashes() -> None:
    one = hardness(Argon2id(memory_kib=32_768, time_cost=2, parallelism=1))
    two = hardness(Argon2id(memory_kib=65_536, time_cost=2, parallelism=1))
    assert (two[0], two[1]) == (one[0] * 2, pytest.approx(one[1] / 2))
