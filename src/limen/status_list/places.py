"""The place of a session in a status list: its id says so to whoever has the secret, and to nobody else.

The 74 bits of a UUIDv7 that are not time are, enciphered, a list and an index in it. So no table has to say
which session has which place, any process can tell, and no two sessions share one: a list belongs to the
process that began it, and that gives each index once (docs/decisions/0015).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from limen.ids import Entropy, SessionID
from limen.jose import b64
from limen.secret import Secret

INDEX_BITS = 17
ENTRIES = 1 << INDEX_BITS
"""Of one list: 16 KiB before compression, and never more on the wire than a JWKS of a few dozen keys."""
_FULL = ENTRIES * 3 // 4
"""Then another list begins: free indices are found by drawing."""
_HALF_BITS = 37
_HALF = (1 << _HALF_BITS) - 1
_ROUNDS = range(6)
_NAME_BYTES = 16


class Place(NamedTuple):
    """A list, by its 57 random bits, and an index in it."""

    of: int
    number: int


class Places:
    """Enciphers places into ids and names of lists into addresses, and reads both again."""

    __slots__ = ("_key", "_names")

    def __init__(self, secret: Secret) -> None:
        self._key = secret.derive("status list place")
        # One block of a name is one cipher text: neither chaining nor a nonce has anything to add.
        self._names = Cipher(AES(secret.derive("status list name")), ECB())  # noqa: S305

    def of(self, sid: SessionID) -> Place:
        """The place of a session. Of an id that was made by chance it is a list that nobody shares."""
        digits = sid.replace("-", "")
        tail = int(digits[13:16], 16) << 62 | int(digits[16:], 16) & (1 << 62) - 1
        left, right = tail >> _HALF_BITS, tail & _HALF
        for turn in reversed(_ROUNDS):
            left, right = right ^ self._mixed(turn, left), left
        found = left << _HALF_BITS | right
        return Place(found >> INDEX_BITS, found & ENTRIES - 1)

    def tail(self, place: Place) -> bytes:
        """Ten bytes from which `ids.uuid7` makes an id with this place."""
        said = place.of << INDEX_BITS | place.number
        left, right = said >> _HALF_BITS, said & _HALF
        for turn in _ROUNDS:
            left, right = right, left ^ self._mixed(turn, right)
        tail = left << _HALF_BITS | right
        # uuid7 takes twelve bits from above the 68th and 62 from below; those between are not used.
        return (tail >> 62 << 68 | tail & (1 << 62) - 1).to_bytes(10, "big")

    def name(self, list_: int, cut_ms: int) -> str:
        """What a list is called in its address. `cut_ms`: the issuer-wide cut that is known, -1 for none."""
        plain = list_.to_bytes(8, "big") + (cut_ms + 1).to_bytes(8, "big")
        cipher = self._names.encryptor()
        return b64.encode(cipher.update(plain) + cipher.finalize())

    def parse(self, name: str) -> tuple[int, int] | None:
        """List and cut of a name; None for what was not made here: nobody has work done for a guess."""
        try:
            raw = b64.decode(name)
        except ValueError:
            return None
        if len(raw) != _NAME_BYTES:
            return None
        cipher = self._names.decryptor()
        plain = cipher.update(raw) + cipher.finalize()
        list_, cut = int.from_bytes(plain[:8], "big"), int.from_bytes(plain[8:], "big")
        if list_ >> 57 or cut >> 48:
            return None
        return list_, cut - 1

    def _mixed(self, turn: int, half: int) -> int:
        body = bytes((turn,)) + half.to_bytes(5, "big")
        return int.from_bytes(hmac.digest(self._key, body, "sha256")[:5], "big") & _HALF


class Handout:
    """An entropy for session ids, whose every ten bytes are a place that was not given before.

    `process` tells one process from another, since a fork has what its parent had: it begins a list anew.
    """

    __slots__ = ("_entropy", "_given", "_list", "_of", "_places", "_process", "_used")

    def __init__(self, places: Places, entropy: Entropy, process: Callable[[], int]) -> None:
        self._places, self._entropy, self._process = places, entropy, process
        self._begin()

    def __call__(self, count: int) -> bytes:
        if self._given >= _FULL or self._of != self._process():
            self._begin()
        index = self._draw()
        while self._used[index >> 3] >> (index & 7) & 1:
            index = self._draw()
        self._used[index >> 3] |= 1 << (index & 7)
        self._given += 1
        return self._places.tail(Place(self._list, index))

    def _begin(self) -> None:
        self._list = int.from_bytes(self._entropy(8), "big") >> 7
        self._used, self._given, self._of = bytearray(ENTRIES // 8), 0, self._process()

    def _draw(self) -> int:
        return int.from_bytes(self._entropy(3), "big") & ENTRIES - 1
