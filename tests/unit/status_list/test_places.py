"""Places of sessions: hidden in their ids, and each given once."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from limen import ids
from limen.clock import Instant
from limen.ids import SessionID
from limen.secret import Secret
from limen.status_list.places import ENTRIES, Handout, Place, Places
from limen.testing.entropy import SeededEntropy

NOW = Instant(1_800_000_000.0)
SECRET = Secret(bytes(range(32)))
PLACES = Places(SECRET)
LISTS = st.integers(0, (1 << 57) - 1)


def sid_at(place: Place, at: float = NOW) -> SessionID:
    return SessionID(ids.uuid7(Instant(at), lambda n: PLACES.tail(place)))


@given(LISTS, st.integers(0, ENTRIES - 1))
def test_an_id_says_its_place_and_its_time(of: int, number: int) -> None:
    sid = sid_at(Place(of, number))
    assert PLACES.of(sid) == (of, number)
    assert ids.parse(sid) == sid
    assert ids.created_ms(sid) == int(NOW * 1000)


@given(st.binary(min_size=10, max_size=10))
def test_every_id_has_a_place_and_no_two_the_same(tail: bytes) -> None:
    """Ids of before this was switched on have one too: the cipher is a permutation, so it is theirs alone."""
    sid = SessionID(ids.uuid7(NOW, lambda n: tail))
    assert sid_at(PLACES.of(sid)) == sid


def test_ids_of_one_list_do_not_show_that_they_are() -> None:
    tails = [PLACES.tail(Place(7, number)) for number in range(2_000)]
    bits = [int.from_bytes(tail, "big") & (1 << 62) - 1 for tail in tails]
    for bit in range(62):
        ones = sum(one >> bit & 1 for one in bits)
        assert 850 < ones < 1_150  # 6.7 standard deviations either way
    assert len({PLACES.name(7, -1), PLACES.name(8, -1), PLACES.name(7, 0), Places(SECRET).name(7, -1)}) == 3
    other = Places(Secret(bytes(range(1, 33))))
    assert other.of(sid_at(Place(7, 1))) != (7, 1)


@given(LISTS, st.integers(-1, (1 << 48) - 2))
def test_a_name_says_list_and_cut(of: int, cut: int) -> None:
    assert PLACES.parse(PLACES.name(of, cut)) == (of, cut)


def test_a_name_that_was_not_made_here_is_none() -> None:
    name = PLACES.name(7, -1)
    assert Places(Secret(bytes(range(1, 33)))).parse(name) is None
    for bad in ("", "x", name + "A", name[:-1], name[:-1] + "!", "A" * 22, "../" + name):
        assert PLACES.parse(bad) is None


def test_a_place_is_given_once_and_a_full_list_is_followed_by_another() -> None:
    handout = Handout(PLACES, SeededEntropy("places"), lambda: 1)
    count = ENTRIES * 3 // 4 + 1_000
    given_ = [PLACES.of(SessionID(ids.uuid7(NOW, handout))) for _ in range(count)]
    assert len(set(given_)) == count
    assert sorted(Counter(place.of for place in given_).values()) == [1_000, ENTRIES * 3 // 4]
    numbers = [place.number for place in given_[:1_000]]
    assert numbers != sorted(numbers)


def test_two_processes_share_no_list_and_a_fork_begins_its_own() -> None:
    process = [1]
    one = Handout(PLACES, SeededEntropy("one"), lambda: process[0])
    two = Handout(PLACES, SeededEntropy("two"), lambda: 1)
    first = PLACES.of(SessionID(ids.uuid7(NOW, one)))
    assert first.of != PLACES.of(SessionID(ids.uuid7(NOW, two))).of
    process[0] = 2
    assert PLACES.of(SessionID(ids.uuid7(NOW, one))).of != first.of
