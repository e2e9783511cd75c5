"""Strict compact JWS (RFC 7515): three segments, a short header, an algorithm that the key decides.

What is refused, and why, is in `reason`; the message never holds any of the token. Nothing of the payload is
decoded before the signature is right.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from limen.errors import Denied
from limen.jose import b64, strict_json
from limen.jose.algorithms import Verifies
from limen.jose.jwk import KID, Algorithm, SigningKey, VerifyKey, by_kid

MAXIMUM_BYTES = 8192
"""What fits a cookie or a header, with room."""
REFUSED_MEMBERS = ("crit", "b64", "jku", "x5u", "jwk", "x5c", "zip", "enc", "epk", "p2c")
"""Members that would change what a token means, or bring its own key: refused wherever they stand, since we
understand no extension and know our keys (RFC 8725 §3.10)."""
_SEPARATORS = 2
_REMEMBERED_HEADERS = 64


class Header(NamedTuple):
    """What a header says that we look at."""

    alg: str
    kid: str | None
    typ: str | None


class Verified(NamedTuple):
    """A header and a payload whose signature is right."""

    header: Header
    payload: bytes


def denied(reason: str) -> Denied:
    return Denied("this token is not valid", code="token_invalid", reason=reason)


def sign(payload: bytes, key: SigningKey, *, typ: str) -> str:
    """The compact serialisation, with `alg`, `typ` and `kid` in its header and nothing else."""
    signed = header_segment(key.alg, key.kid, typ) + b"." + b64.encode_bytes(payload)
    return (signed + b"." + b64.encode_bytes(key.sign(signed))).decode()


@functools.lru_cache(_REMEMBERED_HEADERS)
def header_segment(alg: Algorithm, kid: str, typ: str) -> bytes:
    """The header as `sign` writes it."""
    return b64.encode_bytes(msgspec.json.encode({"alg": alg.value, "typ": typ, "kid": kid}))


def verify(
    token: str,
    keys: VerifyKey | Mapping[str, VerifyKey],
    *,
    typ: str | None = None,
    max_bytes: int = MAXIMUM_BYTES,
) -> Verified:
    """Header and payload, or Denied (`token_invalid`).

    With several keys the header must name one of them. With one key given, that one checks, whatever the
    header calls it.
    """
    return Verifier(keys, typ=typ, max_bytes=max_bytes).verify(token)


class Verifier:
    """Checks tokens against a fixed set of keys.

    A header is read once: its bytes are remembered with what they said, but only after a signature over them
    was right, so that nobody fills the memory with garbage. No token and no payload is remembered.
    """

    __slots__ = ("_algorithms", "_keys", "_max_bytes", "_single", "_typ", "_verifies")

    def __init__(
        self,
        keys: VerifyKey | Mapping[str, VerifyKey],
        *,
        typ: str | None = None,
        max_bytes: int = MAXIMUM_BYTES,
        algorithms: frozenset[Algorithm] | None = None,
    ) -> None:
        self._single = keys if isinstance(keys, VerifyKey) else None
        self._keys = {} if isinstance(keys, VerifyKey) else by_kid(keys.values())
        held = [keys] if isinstance(keys, VerifyKey) else list(keys.values())
        self._algorithms = frozenset(k.alg for k in held) if algorithms is None else algorithms
        self._typ, self._max_bytes = typ, max_bytes
        self._verifies: dict[bytes, Verifies] = {}

    @property
    def remembered(self) -> int:
        """How many headers are."""
        return len(self._verifies)

    def verify(self, token: str) -> Verified:
        """Header and payload, or Denied (`token_invalid`)."""
        payload = self.payload(token)
        return Verified(read_header(token.partition(".")[0].encode()), payload)

    def payload(self, token: str) -> bytes:
        """The payload alone: the path of every request."""
        if len(token) > self._max_bytes:
            raise denied("token_too_large")
        try:
            signed, _, tail = token.encode("ascii").rpartition(b".")
            head, _, body = signed.partition(b".")
            known = self._verifies.get(head)
            verifies = known or self._read(token, head)
            signature = b64.decode(tail)
        except UnicodeEncodeError:
            raise denied("characters_wrong") from None
        except ValueError:
            raise denied("signature_malformed") from None
        if not verifies(signed, signature):
            raise denied("signature_invalid")
        if known is None and len(self._verifies) < _REMEMBERED_HEADERS:
            self._verifies[head] = verifies
        try:
            return b64.decode(body)
        except ValueError:
            raise denied("payload_malformed") from None

    def _read(self, token: str, head: bytes) -> Verifies:
        """The key that a header not met before must be checked with, or Denied."""
        if token.count(".") != _SEPARATORS:
            raise denied("segments_wrong")
        header = read_header(head)
        if header.alg not in self._algorithms:
            raise denied("alg_not_allowed")
        if self._typ is not None and not same_type(header.typ, self._typ):
            raise denied("typ_wrong")
        key = self._single or self._named(header.kid)
        if key.alg.value != header.alg:
            raise denied("alg_not_of_key")
        return key.verifies

    def _named(self, kid: str | None) -> VerifyKey:
        if kid is None:
            raise denied("kid_missing")
        if not KID.fullmatch(kid):
            raise denied("kid_malformed")
        key = self._keys.get(kid)
        if key is None:
            raise denied("kid_unknown")
        return key


def read_header(segment: bytes) -> Header:
    """What a header says, or Denied for one that no token of ours would have."""
    try:
        members = strict_json.load_object(b64.decode(segment))
    except strict_json.DuplicateNameError:
        raise denied("header_duplicate") from None
    except ValueError:
        raise denied("header_malformed") from None
    alg, kid, typ = members.get("alg"), members.get("kid"), members.get("typ")
    if not isinstance(alg, str):
        raise denied("alg_not_allowed")
    for name in REFUSED_MEMBERS:
        if name in members:
            raise denied(f"{name}_refused")
    if "kid" in members and not isinstance(kid, str):
        raise denied("kid_malformed")
    if "typ" in members and not isinstance(typ, str):
        raise denied("typ_wrong")
    return Header(alg, kid, typ)


def same_type(given: str | None, wanted: str) -> bool:
    """Whether two media types are one: in any case, and with or without `application/` (RFC 7515 §4.1.9)."""
    if given is None or not given.isascii():
        return False
    return given.lower().removeprefix("application/") == wanted.lower().removeprefix("application/")
