"""Bits made of the feed."""

from __future__ import annotations

from dataclasses import replace

from limen.clock import Instant
from limen.revocations import Kind
from limen.status_list.ledger import Ledger
from limen.status_list.places import ENTRIES, Place
from support.status_list import PLACES, ended
from support.stores import NOW


def ones(bits: bytes) -> set[int]:
    return {n for n in range(ENTRIES) if bits[n >> 3] >> (n & 7) & 1}


def test_the_bits_are_those_of_ended_sessions_and_no_others() -> None:
    ledger = Ledger(PLACES)
    for number in (0, 7, 8, 9_999, ENTRIES - 1):
        ledger.hear(ended(Place(5, number)))
        ledger.hear(ended(Place(5, number)))
    ledger.hear(ended(Place(6, 3)))
    assert ones(ledger.bits(5)) == {0, 7, 8, 9_999, ENTRIES - 1}
    assert ones(ledger.bits(6)) == {3}
    assert ones(ledger.bits(4)) == set()


def test_what_has_no_place_is_left_out() -> None:
    ledger = Ledger(PLACES)
    event = ended(Place(5, 1))
    for kind in set(Kind) - {Kind.SESSION}:
        ledger.hear(replace(event, kind=kind))
    ledger.hear(replace(event, subject="none of ours"))
    assert ones(ledger.bits(5)) == set()


def test_an_entry_leaves_when_its_event_is_over_and_not_before() -> None:
    ledger = Ledger(PLACES)
    ledger.hear(ended(Place(5, 1), NOW + 100))
    ledger.hear(ended(Place(5, 2), NOW + 500))
    ledger.prune(Instant(NOW + 99))
    assert ones(ledger.bits(5)) == {1, 2}
    ledger.prune(Instant(NOW + 180))
    assert ones(ledger.bits(5)) == {2}
