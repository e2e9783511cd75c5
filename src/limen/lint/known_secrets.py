"""Secrets that stand in public lists, however short: also those that `jose` refuses for their length alone.

`known_secrets.bin` holds the first 37 bits of each one's SHA-256, sorted, as differences in a Golomb-Rice
code: a count in four bytes, then for each a quotient in unary and 20 bits. It takes half of what the list
itself takes compressed, and it is what the workbench loads too. One secret in about 1.3 million that is on no
list is taken for one that is: good enough for advice, and not used to refuse anything.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

BITS, REST = 37, 20
_COUNT_BYTES = 4


def contains(secret: bytes) -> bool:
    """Whether everybody knows `secret`, or nearly surely so."""
    table, wanted = _table(), fingerprint(secret)
    row = bisect_left(table, wanted)
    return row < len(table) and table[row] == wanted


def packed() -> bytes:
    """The table as it is stored and shipped."""
    return files(__package__).joinpath("known_secrets.bin").read_bytes()


def pack(fingerprints: Iterable[int]) -> bytes:
    """The table of these numbers."""
    numbers = sorted(set(fingerprints))
    gaps = [high - low for low, high in zip([0, *numbers], numbers, strict=False)]
    bits = "".join("1" * (gap >> REST) + "0" + format(gap & (1 << REST) - 1, f"0{REST}b") for gap in gaps)
    bits += "0" * (-len(bits) % 8)
    return len(numbers).to_bytes(_COUNT_BYTES, "big") + int(bits or "0", 2).to_bytes(len(bits) // 8, "big")


def unpack(table: bytes) -> list[int]:
    """The numbers of a table."""
    bits = format(int.from_bytes(table[_COUNT_BYTES:], "big"), f"0{8 * (len(table) - _COUNT_BYTES)}b")
    numbers, at, last = [], 0, 0
    for _ in range(int.from_bytes(table[:_COUNT_BYTES], "big")):
        zero = bits.index("0", at)
        last += (zero - at << REST) + int(bits[zero + 1 : zero + 1 + REST], 2)
        at = zero + 1 + REST
        numbers.append(last)
    return numbers


def fingerprint(secret: bytes) -> int:
    """The first 37 bits of its SHA-256."""
    return int.from_bytes(hashlib.sha256(secret).digest()[:5], "big") >> 40 - BITS


@cache
def _table() -> Sequence[int]:
    return unpack(packed())
