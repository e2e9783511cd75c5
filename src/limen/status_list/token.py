"""Status list tokens (IETF Token Status List, §5.1): the bits of a list, signed, and good for a while."""

from __future__ import annotations

import zlib

import msgspec

from limen.clock import Instant, Seconds
from limen.jose import b64, jws
from limen.jose.jwk import SigningKey

TYPE = "statuslist+jwt"
MEDIA = "application/statuslist+jwt"


class _List(msgspec.Struct, frozen=True):
    bits: int
    lst: str


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    iat: int
    exp: int
    ttl: int
    status_list: _List


def compressed(bits: bytes) -> str:
    """The member `lst`: DEFLATE in the ZLIB format, then base64url (§4.1)."""
    return b64.encode(zlib.compress(bits, 9))


def issue(
    bits: bytes, key: SigningKey, *, issuer: str, uri: str, bound: Seconds, now: Instant
) -> tuple[str, int]:
    """The token, and for how many seconds caches may keep it.

    `bound` is the promise: `exp` lies so far behind `iat`, so nobody goes by an older list. A quarter of it
    is for us, one for caches on the way, and half (`ttl`) for whoever reads the list.
    """
    keep = max(int(bound / 4), 1)
    claims = _Claims(
        iss=issuer,
        sub=uri,
        iat=int(now),
        exp=int(now) + int(bound),
        ttl=max(int(bound / 2), 1),
        status_list=_List(1, compressed(bits)),
    )
    return jws.sign(msgspec.json.encode(claims), key, typ=TYPE), keep
