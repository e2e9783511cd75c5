"""Memory for millions of 16-byte keys: a table that is exact, and a crowd that is smaller still and not.

A dict of texts costs 150 to 240 bytes an entry in CPython, most of it objects. Here the objects are buckets.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

_RECORD = Struct("<16sqd")
_SIZE = _RECORD.size
_VALUE = Struct("<qd")
_LOAD = 8 * _SIZE
_FIRST_BUCKETS = 64
_SLICE = 4_096
_BITS_PER_KEY = 16
_PROBES = 8
_CROWD_FIRST, _CROWD_MOST = 1 << 20, 1 << 23


class Table:
    """key → (number, until), both only ever raised. About 37 bytes an entry, whatever its size.

    Buckets of a few records each, and linear hashing: the table grows by one bucket at a time, so no addition
    stands still to move a million entries. Keys have exactly 16 bytes.
    """

    __slots__ = ("_buckets", "_low", "size")

    def __init__(self) -> None:
        self._buckets = [b""] * _FIRST_BUCKETS
        self._low = _FIRST_BUCKETS - 1
        """Mask of the buckets of this round; those beyond it were split off in this round."""
        self.size = 0

    def get(self, key: bytes) -> tuple[int, float] | None:
        """Number and until of a key, None where it is not there. From any thread, while one other writes:
        where the table has grown meanwhile, the key may have moved, and is looked for again."""
        while True:
            size = len(self._buckets)
            bucket = self._buckets[self._place(key)]
            at = bucket.find(key)
            while at >= 0 and at % _SIZE:  # the bytes of a key could stand across two records
                at = bucket.find(key, at + 1)
            if at >= 0:
                return _VALUE.unpack_from(bucket, at + 16)
            if size == len(self._buckets):
                return None

    def put(self, key: bytes, number: int, until: float) -> None:
        """Raise what is known of this key to `number` and to `until`."""
        place = self._place(key)
        known = self.get(key)
        if known is not None:
            kept = b"".join(_RECORD.pack(*r) for r in _records(self._buckets[place]) if r[0] != key)
            raised = _RECORD.pack(key, max(known[0], number), max(known[1], until))
            self._buckets[place] = kept + raised
            return
        self._buckets[place] += _RECORD.pack(key, number, until)
        self.size += 1
        if self.size * _SIZE > len(self._buckets) * _LOAD:
            self._split()

    def pruning(self, now: float) -> Iterator[tuple[int, float]]:
        """Forget whose `until` has come; every few thousand buckets yields how many went, and the latest
        `until` among them (0 if none went)."""
        gone, latest, place = 0, 0.0, 0
        while place < len(self._buckets):  # it may grow meanwhile, at its end
            over = [until for _, _, until in _records(self._buckets[place]) if until <= now]
            if over:
                kept = [_RECORD.pack(*r) for r in _records(self._buckets[place]) if now < r[2]]
                self._buckets[place] = b"".join(kept)
                self.size -= len(over)
                gone, latest = gone + len(over), max(latest, *over)
            place += 1
            if place % _SLICE == 0:
                yield gone, latest
                gone, latest = 0, 0.0
        yield gone, latest

    def _place(self, key: bytes) -> int:
        # Python's own hash is keyed by chance: nobody can choose ids that fall into one bucket.
        place = hash(key) & (self._low << 1 | 1)
        return place if place < len(self._buckets) else place & self._low

    def _split(self) -> None:
        """Add a bucket, and move to it what belongs there: into the new one before out of the old one, so
        that whoever looks meanwhile finds it in the one or sees that the table has grown."""
        place, added = len(self._buckets) - self._low - 1, len(self._buckets)
        staying = moving = b""
        for record in _records(self._buckets[place]):
            if hash(record[0]) & (self._low << 1 | 1) == added:
                moving += _RECORD.pack(*record)
            else:
                staying += _RECORD.pack(*record)
        self._buckets.append(moving)
        if len(self._buckets) == 2 * (self._low + 1):
            self._low = len(self._buckets) - 1
        self._buckets[place] = staying


class Crowd:
    """Which keys were added, in 2 to 4 bytes each: "no" is certain, "yes" is wrong once in about 1,700 times.

    Bloom filters, each for the keys of some while, which goes when the last of them has ended.
    """

    __slots__ = ("_eras",)

    def __init__(self) -> None:
        self._eras: list[_Era] = []

    def add(self, key: bytes, until: float) -> None:
        if not self._eras or self._eras[-1].size >= self._eras[-1].capacity:
            last = self._eras[-1].capacity if self._eras else _CROWD_FIRST // 2
            self._eras.append(_Era(min(2 * last, _CROWD_MOST)))
        self._eras[-1].add(key, until)

    def __contains__(self, key: bytes) -> bool:
        bit = hash(key)
        step = bit >> 32 | 1
        for era in self._eras:  # nearly always the first probe finds nothing, and every token asks this
            at = bit & era.mask
            if era.bits[at >> 3] >> (at & 7) & 1 and era.has(bit, step):
                return True
        return False

    def prune(self, now: float) -> tuple[int, float]:
        """Forget the eras whose keys have all ended; how many went, and the latest `until` among them."""
        over = [era for era in self._eras if era.until <= now]
        self._eras = [era for era in self._eras if now < era.until]
        return sum(era.size for era in over), max((era.until for era in over), default=0.0)

    def __len__(self) -> int:
        return sum(era.size for era in self._eras)


class _Era:
    __slots__ = ("bits", "capacity", "mask", "size", "until")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.mask = capacity * _BITS_PER_KEY - 1
        self.bits = bytearray((self.mask + 1) // 8)
        self.until, self.size = float("-inf"), 0

    def add(self, key: bytes, until: float) -> None:
        bit = hash(key)
        step = bit >> 32 | 1
        for n in range(_PROBES):
            at = bit + n * step & self.mask
            self.bits[at >> 3] |= 1 << (at & 7)
        self.until = max(self.until, until)
        self.size += 1

    def has(self, bit: int, step: int) -> bool:
        probes = (bit + n * step & self.mask for n in range(_PROBES))
        return all(self.bits[at >> 3] >> (at & 7) & 1 for at in probes)


def _records(bucket: bytes) -> Iterator[tuple[bytes, int, float]]:
    return _RECORD.iter_unpack(bucket)
