"""Ids: their bits, their order, their spelling."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen import ids
from limen.clock import Instant

NOW = Instant(1_645_557_742.0)
INSTANTS = st.floats(min_value=0, max_value=(1 << 48) / 1000 - 1).map(Instant)
RANDOM = st.binary(min_size=16, max_size=16)


def given_bytes(raw: bytes) -> Callable[[int], bytes]:
    return lambda n: raw[:n]


@given(INSTANTS, RANDOM)
def test_a_uuid7_has_its_version_its_variant_and_its_millisecond(now: Instant, raw: bytes) -> None:
    made = ids.uuid7(now, given_bytes(raw))
    referee = uuid.UUID(made)
    assert (referee.version, referee.variant) == (7, uuid.RFC_4122)
    assert referee.int >> 80 == int(now * 1000) == ids.created_ms(made)
    assert str(referee) == made == ids.parse(made)


@given(RANDOM)
def test_a_uuid4_has_its_version_and_its_variant(raw: bytes) -> None:
    made = ids.uuid4(given_bytes(raw))
    assert uuid.UUID(made) == uuid.UUID(bytes=raw, version=4)
    assert ids.parse(made) == made


@given(RANDOM, RANDOM)
def test_all_the_random_bits_of_a_uuid7_are_used(one: bytes, other: bytes) -> None:
    """Two ids of one millisecond are equal only if the 74 bits that go into them are."""
    kept = (1 << 80) - 1
    kept ^= 0b111111 << 62  # six of the eighty are overwritten or dropped
    mine, theirs = (int.from_bytes(raw[:10], "big") for raw in (one, other))
    made = [ids.uuid7(NOW, given_bytes(raw)) for raw in (one, other)]
    assert (made[0] == made[1]) == (mine & kept == theirs & kept)


@given(st.lists(INSTANTS, min_size=2, max_size=20))
def test_ids_sort_as_text_by_their_milliseconds(moments: list[Instant]) -> None:
    made = [ids.uuid7(moment) for moment in sorted(moments)]
    milliseconds = [ids.created_ms(one) for one in sorted(made)]
    assert milliseconds == [ids.created_ms(one) for one in made]


@given(INSTANTS)
def test_an_id_of_the_moment_of_a_cut_is_covered_by_it(now: Instant) -> None:
    """The filter compares with `int(upto * 1000)`: the id must be cut in the same way."""
    assert ids.created_ms(ids.uuid7(now)) <= int(now * 1000)


@given(INSTANTS)
def test_an_id_two_milliseconds_after_a_cut_is_not(cut: Instant) -> None:
    assert ids.created_ms(ids.uuid7(Instant(cut + 0.002))) > int(cut * 1000)


@pytest.mark.parametrize(("now", "ms"), [(-1.0, 0), (0.0, 0), (1e12, (1 << 48) - 1)])
def test_a_time_that_does_not_fit_is_the_nearest_that_does(now: float, ms: int) -> None:
    assert ids.created_ms(ids.uuid7(Instant(now))) == ms


@given(RANDOM)
def test_bytes_and_text_are_the_same_id(raw: bytes) -> None:
    assert ids.to_bytes(ids.from_bytes(raw)) == raw
    assert ids.from_bytes(raw) == str(uuid.UUID(bytes=raw))


@pytest.mark.parametrize("size", [0, 15, 17])
def test_other_than_sixteen_bytes_are_no_id(size: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        ids.from_bytes(bytes(size))


@given(RANDOM)
def test_what_parses_is_of_the_variant_of_the_rfc(raw: bytes) -> None:
    text = str(uuid.UUID(bytes=raw))
    if uuid.UUID(text).variant == uuid.RFC_4122 or text in (ids.NIL, ids.MAX):
        assert ids.parse(text) == text
    else:
        with pytest.raises(ValueError, match="variant"):
            ids.parse(text)


@given(st.text(max_size=40))
def test_what_is_not_canonical_does_not_parse(text: str) -> None:
    with pytest.raises(ValueError, match="canonical"):
        ids.parse(text)


def test_upper_case_is_not_canonical() -> None:
    made = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    with pytest.raises(ValueError, match="canonical"):
        ids.parse(made.upper())


@given(RANDOM)
def test_whatever_is_canonical_can_be_inspected(raw: bytes) -> None:
    referee = uuid.UUID(bytes=raw)
    seen = ids.inspect(str(referee))
    names = {
        uuid.RESERVED_NCS: "ncs",
        uuid.RFC_4122: "rfc9562",
        uuid.RESERVED_MICROSOFT: "microsoft",
        uuid.RESERVED_FUTURE: "future",
    }
    assert seen.variant == names[referee.variant]
    assert seen.version == (referee.version if seen.variant == "rfc9562" else None)


def uuid7_now() -> str:
    return ids.uuid7(NOW)


@pytest.mark.parametrize(("make", "random_bits"), [(uuid7_now, 74), (ids.uuid4, 122)])
def test_S04_a_hundred_thousand_ids_are_all_different_and_their_bits_unbiased(
    make: Callable[[], str], random_bits: int
) -> None:
    """Ids are no secrets, yet two that are equal would mix two accounts."""
    count = 100_000
    made = [make().replace("-", "") for _ in range(count)]
    assert len(set(made)) == count
    # How often each digit stands in each of the 32 columns tells how often each bit is set.
    columns = [Counter(column) for column in zip(*made, strict=True)]
    ones = [
        sum(times for digit, times in column.items() if int(digit, 16) >> bit & 1)
        for column in columns
        for bit in range(4)
    ]
    fixed = [times for times in ones if times in (0, count)]
    assert len(fixed) == 128 - random_bits
    # Six standard deviations: chance exceeds them once in five hundred million bits.
    assert [t for t in ones if t not in (0, count) and abs(t - count / 2) >= 6 * count**0.5 / 2] == []


FORKED = """
import os, sys
from limen import ids
from limen.clock import Instant
ids.uuid7(Instant(1.0)), ids.uuid4()
child = os.fork()
made = [ids.uuid7(Instant(1.0)) for _ in range(1000)] + [ids.uuid4() for _ in range(1000)]
os.write(1, ("\\n".join(made) + "\\n").encode())
if child:
    os.waitpid(child, 0)
else:
    os._exit(0)
"""


def test_S04_two_processes_of_one_fork_make_different_ids() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, check=True)
    made = done.stdout.decode().split()
    assert len(made) == len(set(made)) == 4000


@given(st.text(alphabet="0123456789abcdefABCDEF-{} ", min_size=34, max_size=38))
def test_what_is_parsed_in_one_step_is_what_is_parsed_in_two(text: str) -> None:
    for one in (text, ids.uuid7(NOW), ids.uuid4(), ids.NIL, ids.MAX, "", text[:19]):
        try:
            expected: int | None = ids.created_ms(ids.parse(one))
        except ValueError:
            expected = None
        if expected is None:
            with pytest.raises(ValueError):
                ids.parsed_ms(one)
        else:
            assert ids.parsed_ms(one) == expected


@given(INSTANTS, RANDOM, st.integers(-5, 5), RANDOM)
def test_an_id_of_the_same_millisecond_is_above_the_one_before(
    now: Instant, first: bytes, later: int, second: bytes
) -> None:
    before = ids.uuid7(now, given_bytes(first))
    moment = Instant(max(0.0, now + later / 5_000))
    made = ids.uuid7_above(before, moment, given_bytes(second))
    referee = uuid.UUID(made)
    assert (referee.version, referee.variant) == (7, uuid.RFC_4122)
    assert ids.created_ms(made) == ids.created_ms(ids.uuid7(moment, given_bytes(second)))
    if ids.created_ms(made) == ids.created_ms(before) and any(b != 255 for b in first[:10]):
        assert made > before


def test_above_the_last_of_a_half_comes_the_first_of_the_next() -> None:
    before = "01000000-0000-7001-bfff-ffffffffffff"
    assert ids.created_ms(before) == 1 << 40
    assert ids.uuid7_above(before, Instant((1 << 40) / 1000), bytes) == "01000000-0000-7002-8000-000000000000"
