"""Every parser, asked by hypothesis, by atheris for a bounded number of times, and with inputs that grow."""

from __future__ import annotations

import sys
import time
import tracemalloc
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.found import FOUND
from fuzz.fuzzer import Outcome, search, targets
from fuzz.target import Target

ALL = targets()
NAMES = list(ALL)
LARGE = 65_536
"""Bytes: what a body may have, and more than any header."""
CPU = 1.0
"""Seconds for the largest input: far more than most need, and less than what grows with the square."""
MEMORY = 16 << 20


def pieces(one: Target) -> st.SearchStrategy[bytes]:
    """Seeds, words and anything, cut and put together."""
    known = [*one.seeds, *one.words]
    cut = st.tuples(st.sampled_from(known), st.integers(0, 40), st.integers(0, 40)).map(
        lambda found: found[0][found[1] : len(found[0]) - found[2]]
    )
    piece = st.one_of(
        st.sampled_from(known), cut, st.binary(max_size=6), st.text(max_size=4).map(lambda t: t.encode())
    )
    return st.lists(piece, max_size=6).map(lambda found: b"".join(found)[: one.longest])


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_nothing_but_what_is_declared(name: str, data: st.DataObject) -> None:
    _, one = ALL[name]
    one.run(data.draw(pieces(one)))


@pytest.mark.parametrize("name", NAMES)
def test_its_seeds_and_what_was_found_once(name: str) -> None:
    _, one = ALL[name]
    for raw in (b"", *one.seeds, *one.words, *(raw for target, raw in FOUND if target == name)):
        one.run(raw)


@pytest.mark.parametrize("name", NAMES)
def test_a_large_input_takes_little_time_and_memory(name: str) -> None:
    """Of one thing again and again, and of two in turn: what makes parsers go back, or in deep."""
    _, one = ALL[name]
    for raw in grown(one):
        begun = time.process_time()
        one.run(raw)
        spent = time.process_time() - begun
        assert spent < CPU, f"{spent:.2f} s for {raw[:60]!r}…"
    tracemalloc.start()
    try:
        for raw in grown(one)[:6]:
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            one.run(raw)
            assert tracemalloc.get_traced_memory()[1] - before < MEMORY, f"for {raw[:60]!r}…"
    finally:
        tracemalloc.stop()


def grown(one: Target) -> list[bytes]:
    known = [*one.words, *one.seeds, b"[", b"%", b" ", b"9", b"a.", b"\xc3\xa9"]
    known = [word for word in known if word]
    alone = [word * (LARGE // len(word)) for word in known]
    after = [known[0] + word * (LARGE // len(word)) for word in (b" ", b"0", b"a", b"[", *one.words[:3])]
    nested = [known[0] * 20 + b"[" * 20_000, b'{"a":' * 10_000, b"[[" * 500 + b"]]" * 500]
    return [*alone, *after, *nested]


@pytest.fixture(scope="module")
def searched() -> dict[str, Future[Outcome]]:
    """Two at once, in an order of their own; each is waited for by its test."""
    if sys.platform != "linux":
        pytest.skip("atheris has wheels for Linux alone")
    pool = ThreadPoolExecutor(2)
    found = {name: pool.submit(search, name, f"-runs={ALL[name][1].runs}", "-seed=1") for name in NAMES}
    pool.shutdown(wait=False)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_search_led_by_coverage_finds_nothing(name: str, searched: dict[str, Future[Outcome]]) -> None:
    outcome = searched[name].result(timeout=120)
    assert not outcome.found, outcome.found[-3_000:]
    assert outcome.executions >= ALL[name][1].runs


def test_a_search_finds_what_is_there() -> None:
    """A parser with a fault is found out within the same number of runs: else the others prove nothing."""
    outcome = search("planted", "-runs=20000", "-seed=1")
    assert "FOUND fuzz.planted.planted" in outcome.found
    assert "not declared" in outcome.found
