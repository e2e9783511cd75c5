"""Which places of status lists are those of sessions that ended lately: made of the feed, kept in memory.

An entry leaves when its event does: every token that it covers has expired. So what a list takes is what its
young revocations take, however many sessions it has had.
"""

from __future__ import annotations

from array import array

from limen import ids
from limen.clock import Instant
from limen.ids import SessionID
from limen.revocations import Kind, Revocation
from limen.status_list.places import ENTRIES, Places

_WHILE = 60


class Ledger:
    """Hears the feed and answers with bits: about 4 bytes an event where lists have many."""

    __slots__ = ("_ended", "places")

    def __init__(self, places: Places) -> None:
        self.places = places
        self._ended: dict[int, dict[int, array[int]]] = {}
        """By the minute of the last `until` in it: list → indices."""

    def hear(self, revocation: Revocation) -> None:
        """Take in one event; twice is the same as once. Sessions alone have places."""
        if revocation.kind is not Kind.SESSION:
            return
        try:
            list_, index = self.places.of(SessionID(ids.parse(revocation.subject)))
        except ValueError:
            return  # no id of ours: no token says it
        of_minute = self._ended.setdefault(int(revocation.until // _WHILE), {})
        of_minute.setdefault(list_, array("I")).append(index)

    def prune(self, now: Instant) -> None:
        """Forget what covers nothing any more."""
        for minute in [m for m in self._ended if (m + 1) * _WHILE <= now]:
            del self._ended[minute]

    def bits(self, list_: int) -> bytes:
        """One bit an index, the lowest first in each byte; 1: its session has ended."""
        bits = bytearray(ENTRIES // 8)
        for of_minute in self._ended.values():
            for index in of_minute.get(list_, ()):
                bits[index >> 3] |= 1 << (index & 7)
        return bytes(bits)
