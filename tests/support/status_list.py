"""Events with a place, and somebody else's verifier of status lists.

The verifier is written from the draft (§4.1 how statuses lie in bytes, §8.3 what a relying party checks) on
the standard library and a JOSE library that is not ours, and knows nothing of Limen.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import httpx2
import jwt

from limen import ids
from limen.clock import Instant
from limen.ids import SessionID
from limen.revocations import Kind, Revocation
from limen.secret import Secret
from limen.status_list.places import Place, Places
from support.stores import NOW

PLACES = Places(Secret(bytes(range(32))))


def ended(place: Place, until: float = NOW + 1_000) -> Revocation:
    """The end of the session with this place."""
    sid = SessionID(ids.uuid7(NOW, lambda n: PLACES.tail(place)))
    return Revocation(Kind.SESSION, sid, NOW, Instant(until), NOW, "sign_out", 1)


def statuses(lst: str, bits: int) -> list[int]:
    """Every status of a list, in order."""
    raw = zlib.decompress(base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4)))
    mask, each = (1 << bits) - 1, range(0, 8, bits)
    return [byte >> shift & mask for byte in raw for shift in each]


class RelyingParty:
    """Refuses a token whose list says so. It goes by `ttl` and `exp`, at a time that it is told."""

    def __init__(self, http: httpx2.AsyncClient, issuer: str) -> None:
        self._http, self._issuer = http, issuer
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}
        self.fetched = 0

    async def accepts(self, token: str, *, now: float) -> bool:
        claims = await self._verified(token, "at+jwt")
        said = claims["status"]["status_list"]
        if now >= claims["exp"]:
            return False
        fetched, held = self._kept.get(said["uri"], (0.0, None))
        if held is None or now >= fetched + held["ttl"] or now >= held["exp"]:
            fetched, held = now, await self._fetch(said["uri"], now)
            self._kept[said["uri"]] = fetched, held
        found = held["status_list"]
        return statuses(found["lst"], found["bits"])[said["idx"]] == 0

    async def _fetch(self, uri: str, now: float) -> dict[str, Any]:
        answer = await self._http.get(uri, headers={"accept": "application/statuslist+jwt"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/statuslist+jwt"
        claims = await self._verified(answer.text, "statuslist+jwt")
        assert claims["sub"] == uri
        assert claims["iat"] <= now < claims["exp"]
        self.fetched += 1
        return claims

    async def _verified(self, token: str, typ: str) -> dict[str, Any]:
        keys = (await self._http.get(f"{self._issuer}/.well-known/jwks.json")).json()
        header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
        assert header["typ"] == typ
        key = next(jwt.PyJWK(each) for each in keys["keys"] if each["kid"] == header["kid"])
        # Time is the test's, so its claims are compared above.
        wanted = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[header["alg"]], options=wanted)
        return claims
