"""UUIDs by RFC 9562: version 7 where a database sorts, version 4 where creation time must not leak.

Limen passes ids around as their canonical text, 36 lower-case characters. `uuid.UUID()` accepts braces,
URNs, non-ASCII digits and foreign variants; `parse` accepts the canonical form of RFC 9562 alone. No id is
ever a secret.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NewType

from limen.clock import Instant

AccountID = NewType("AccountID", str)
SessionID = NewType("SessionID", str)

Entropy = Callable[[int], bytes]
"""n → n unpredictable bytes. `secrets.token_bytes` outside tests."""

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.ASCII)
NIL = "00000000-0000-0000-0000-000000000000"
MAX = "ffffffff-ffff-ffff-ffff-ffffffffffff"
_LATEST_MS = (1 << 48) - 1
_GREGORIAN_OFFSET_100NS = 0x01B21DD213814000  # 1582-10-15 to 1970-01-01, RFC 9562 §5.1


def uuid7(now: Instant, entropy: Entropy = secrets.token_bytes) -> str:
    """A UUIDv7 made at `now` to the millisecond, the other 74 bits random (RFC 9562 §5.7)."""
    # Cut and not rounded, as the filter and the stores cut the Instant that they compare an id with: an id of
    # the moment of a cut must not come out later than the cut.
    ms = min(max(int(now * 1000), 0), _LATEST_MS)
    tail = int.from_bytes(entropy(10), "big")
    high = (ms << 16) | 0x7000 | (tail >> 68) & 0xFFF
    low = (0b10 << 62) | tail & ((1 << 62) - 1)
    return _text((high << 64) | low)


def uuid7_above(previous: str, now: Instant, entropy: Entropy = secrets.token_bytes) -> str:
    """A UUIDv7 made at `now`, above `previous` if that is of the same millisecond (RFC 9562 §6.2, method 2).

    For what is listed in the order in which it came. `previous` is a UUIDv7 of ours, or NIL.
    """
    fresh = uuid7(now, entropy)
    if created_ms(fresh) != created_ms(previous) or fresh > previous:
        return fresh
    value = int(previous.replace("-", ""), 16)
    count = ((value >> 64 & 0xFFF) << 62 | value & ((1 << 62) - 1)) + 1
    if count >> 74:
        return fresh
    high = (value >> 64 & ~0xFFF) | count >> 62
    return _text(high << 64 | 0b10 << 62 | count & ((1 << 62) - 1))


def uuid4(entropy: Entropy = secrets.token_bytes) -> str:
    """A UUIDv4: 122 random bits (RFC 9562 §5.4)."""
    value = int.from_bytes(entropy(16), "big")
    value = value & ~(0xF << 76) | (0x4 << 76)
    value = value & ~(0b11 << 62) | (0b10 << 62)
    return _text(value)


def parse(text: str) -> str:
    """`text` if it is a UUID of RFC 9562 in canonical form, else ValueError. Versions are not judged here.

    The nil and the max UUID are well-formed (§5.9, §5.10); other variants than the RFC's are not (§4.1).
    """
    _canonical(text)
    if text[19] not in "89ab" and text not in (NIL, MAX):
        raise ValueError("not of the variant of RFC 9562 (§4.1)")
    return text


def _canonical(text: str) -> str:
    if not _CANONICAL.match(text):
        raise ValueError("not a UUID in canonical form (RFC 9562 §4)")
    return text


def to_bytes(uuid: str) -> bytes:
    """The 16 bytes of a canonical UUID."""
    return bytes.fromhex(uuid.replace("-", ""))


def from_bytes(raw: bytes) -> str:
    """The canonical text of 16 bytes."""
    if len(raw) != 16:
        raise ValueError("a UUID has 16 bytes")
    h = raw.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def created_ms(uuid7_text: str) -> int:
    """The millisecond in which a UUIDv7 says that it was made. The caller knows that it is a version 7."""
    return int(uuid7_text[:8] + uuid7_text[9:13], 16)


def parsed_ms(text: str) -> int:
    """`created_ms` of a text that `parse` takes, else ValueError, in one step: every token asks it twice."""
    if not _CANONICAL.match(text) or (text[19] not in "89ab" and text not in (NIL, MAX)):
        raise ValueError("not a UUID in canonical form (RFC 9562 §4)")
    return int(text[:8] + text[9:13], 16)


@dataclass(frozen=True, slots=True)
class Inspected:
    """What the bits of a UUID say (RFC 9562 §4, §5)."""

    uuid: str
    version: int | None
    variant: Literal["ncs", "rfc9562", "microsoft", "future"]
    created: Instant | None
    clock_sequence: int | None
    node: str | None
    note: str


def inspect(text: str) -> Inspected:
    """Read version, variant, time and node out of a canonical UUID; ValueError for any other text.

    Foreign variants are named and not refused: an inspection is for looking at what one has.
    """
    raw = to_bytes(_canonical(text))
    if text == NIL:
        return Inspected(text, None, "ncs", None, None, None, "the nil UUID (RFC 9562 §5.9)")
    if text == MAX:
        return Inspected(text, None, "future", None, None, None, "the max UUID (RFC 9562 §5.10)")
    variant = _variant(raw[8])
    if variant != "rfc9562":
        return Inspected(
            text, None, variant, None, None, None, "not of the RFC 9562 variant; its version is undefined"
        )
    version = raw[6] >> 4
    created = _created(raw, version)
    has_node = version in (1, 2, 6)
    sequence = int.from_bytes(raw[8:10], "big") & 0x3FFF if version in (1, 6) else None
    node = raw[10:].hex(":") if has_node else None
    return Inspected(text, version, variant, created, sequence, node, _NOTES.get(version, "reserved version"))


_NOTES = {
    1: "time and node; leaks both",
    2: "DCE security; avoid",
    3: "MD5 of a name; not random",
    4: "random",
    5: "SHA-1 of a name; not random",
    6: "time and node, sortable",
    7: "Unix time in milliseconds, sortable, rest random",
    8: "vendor's own layout",
}


def _variant(octet: int) -> Literal["ncs", "rfc9562", "microsoft", "future"]:
    if octet < 0x80:
        return "ncs"
    if octet < 0xC0:
        return "rfc9562"
    return "microsoft" if octet < 0xE0 else "future"


def _created(raw: bytes, version: int) -> Instant | None:
    if version == 7:
        return Instant(int.from_bytes(raw[:6], "big") / 1000)
    if version == 1:
        ticks = (int.from_bytes(raw[6:8], "big") & 0xFFF) << 48 | int.from_bytes(raw[4:6], "big") << 32
        ticks |= int.from_bytes(raw[:4], "big")
    elif version == 6:
        ticks = int.from_bytes(raw[:6], "big") << 12 | int.from_bytes(raw[6:8], "big") & 0xFFF
    else:
        return None
    return Instant((ticks - _GREGORIAN_OFFSET_100NS) / 1e7)


def _text(value: int) -> str:
    return from_bytes(value.to_bytes(16, "big"))
