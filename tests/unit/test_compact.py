"""Tables and crowds against a dict: what they hold, what they forget, and what that costs."""

from __future__ import annotations

import os
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from limen.compact import Crowd, Table

KEYS = st.integers(0, 40).map(lambda n: n.to_bytes(16))
PUTS = st.lists(st.tuples(KEYS, st.integers(0, 9), st.integers(0, 9).map(float)), max_size=80)


def key(n: int) -> bytes:
    return (n * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128)).to_bytes(16)


@given(PUTS, st.integers(0, 9))
def test_a_table_is_a_dict_whose_values_only_rise(puts: list[tuple[bytes, int, float]], now: int) -> None:
    table, model = Table(), dict[bytes, tuple[int, float]]()
    for one, number, until in puts:
        table.put(one, number, until)
        known = model.get(one, (number, until))
        model[one] = (max(known[0], number), max(known[1], until))
    assert all(table.get(n.to_bytes(16)) == model.get(n.to_bytes(16)) for n in range(41))
    assert table.size == len(model)
    left = {one: value for one, value in model.items() if now < value[1]}
    over = [until for one, (_, until) in model.items() if one not in left]
    steps = list(table.pruning(now))
    assert sum(gone for gone, _ in steps) == len(over)
    assert max(latest for _, latest in steps) == max(over, default=0.0)
    assert all(table.get(n.to_bytes(16)) == left.get(n.to_bytes(16)) for n in range(41))
    assert table.size == len(left)


def test_a_table_grows_and_loses_nobody() -> None:
    table = Table()
    for n in range(20_000):
        table.put(key(n), n, 1.0)
        assert table.get(key(n // 2)) == (n // 2, 1.0)
    assert all(table.get(key(n)) == (n, 1.0) for n in range(20_000))
    assert table.get(key(20_001)) is None


def test_a_key_across_two_records_is_not_found() -> None:
    table, one = Table(), b"sixteen bytes..."
    shifted = b"........" + one + b"........"
    table._buckets[table._place(one)] = shifted
    assert table.get(one) is None
    table.put(one, 7, 1.0)
    assert table._buckets[table._place(one)].startswith(shifted)
    assert table.get(one) == (7, 1.0)


def test_what_comes_while_a_table_is_pruned_stays() -> None:
    table = Table()
    for n in range(100_000):
        table.put(key(n), 0, float(n % 2))
    gone = 0
    for n, (step, _) in enumerate(table.pruning(0.5)):
        gone += step
        for more in range(500):
            table.put(key(1_000_000 + 500 * n + more), 7, 9.0)
    assert gone == 50_000
    assert all((table.get(key(n)) is not None) == bool(n % 2) for n in range(100_000))
    assert all(table.get(key(1_000_000 + n)) == (7, 9.0) for n in range(500))


def test_R19_an_entry_costs_less_than_a_hundred_bytes() -> None:
    for size in (1_000, 70_000, 100_000):
        keys = [os.urandom(16) for _ in range(size)]
        tracemalloc.start()
        table = Table()
        for one in keys:
            table.put(one, 1, 2.0)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held / size <= 100


def test_a_crowd_forgets_nobody_and_mistakes_few() -> None:
    crowd = Crowd()
    for n in range(50_000):
        crowd.add(key(n), 5.0)
    assert all(key(n) in crowd for n in range(50_000))
    assert sum(key(n) in crowd for n in range(1_000_000, 1_020_000)) < 20
    assert (crowd.prune(4.9), len(crowd)) == ((0, 0.0), 50_000)
    assert (crowd.prune(5.0), len(crowd)) == ((50_000, 5.0), 0)
    assert key(1) not in crowd


def test_R19_a_crowd_costs_bits() -> None:
    keys = [os.urandom(16) for _ in range(1_000)]
    tracemalloc.start()
    crowd = Crowd()
    for one in keys:
        crowd.add(one, 1.0)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2.2 * (1 << 20), "two bytes for each of the million that fit"


def test_a_key_that_moves_while_another_thread_looks_is_found() -> None:
    class Growing(Table):
        """Grows between the place of a key and the look there, as under another thread."""

        __slots__ = ("grows",)
        grows: bool

        def _place(self, one: bytes) -> int:
            place = super()._place(one)
            if self.grows:
                self.grows = False
                for n in range(10_000, 13_000):
                    self.put(key(n), n, 1.0)
            return place

    for n in range(32):
        table = Growing()
        table.grows = False
        table.put(key(n), n, 1.0)
        table.grows = True
        assert table.get(key(n)) == (n, 1.0)
