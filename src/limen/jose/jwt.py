"""Access tokens (RFC 7519, RFC 9068): issued, and verified in one call that checks everything.

Only `TokenVerifier.verify` turns a token into `Claims`. A token is good while `now < exp + leeway`, from
`nbf - leeway` on, and its `iat` is at most `leeway` ahead of our clock.

What others could read differently is refused, at the price of a comparison: a payload that our own encoder
would write byte for byte holds no name twice, no unknown escape and nothing but UTF-8. Any other payload goes
the slower way through a strict parser (docs/decisions/0003).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from limen.clock import Instant, Seconds
from limen.errors import Denied, Misconfigured
from limen.jose import jws, payloads
from limen.jose.jwk import Algorithm, SigningKey, VerifyKey
from limen.jose.payloads import Claims, Status, StatusReference

__all__ = [
    "ACCESS_TOKEN",
    "Claims",
    "Status",
    "StatusReference",
    "TokenPolicy",
    "TokenVerifier",
    "issue",
]

ACCESS_TOKEN = "at+jwt"  # noqa: S105 - a media type
MAXIMUM_LEEWAY: Seconds = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """What a token must say. Checked when made."""

    issuer: str
    audience: str
    algorithms: frozenset[Algorithm]
    leeway: Seconds = 5
    """Difference between the issuer's clock and ours that is tolerated, in seconds; at most 60."""
    typ: str = ACCESS_TOKEN
    max_bytes: int = jws.MAXIMUM_BYTES

    def __post_init__(self) -> None:
        if not self.issuer or not self.audience or not self.typ:
            raise Misconfigured("a token policy needs an issuer, an audience and a type")
        if not self.algorithms or not all(isinstance(alg, Algorithm) for alg in self.algorithms):
            raise Misconfigured("a token policy needs the algorithms that it allows")
        if len({alg.symmetric for alg in self.algorithms}) > 1:
            raise Misconfigured(
                "HS256 is allowed alone: beside other algorithms a public key could pass for it"
            )
        if not 0 <= self.leeway <= MAXIMUM_LEEWAY:
            raise Misconfigured(f"a leeway is 0 to {MAXIMUM_LEEWAY} seconds")
        if not 0 < self.max_bytes <= 1 << 20:
            raise Misconfigured("a token is allowed 1 byte to 1 MiB")


class TokenVerifier:
    """Checks tokens of one issuer for one audience, with that issuer's keys and no others."""

    __slots__ = ("_audience", "_issuer", "_leeway", "_payload")

    def __init__(self, policy: TokenPolicy, keys: VerifyKey | Mapping[str, VerifyKey]) -> None:
        self._issuer, self._audience, self._leeway = policy.issuer, policy.audience, policy.leeway
        self._payload = jws.Verifier(
            keys, typ=policy.typ, max_bytes=policy.max_bytes, algorithms=policy.algorithms
        ).payload

    def verify(self, token: str, *, now: Instant) -> Claims:
        """The claims of a good token; Denied otherwise (`token_expired`, or `token_invalid`)."""
        claims = payloads.read(self._payload(token))
        if claims.iss != self._issuer:
            raise jws.denied("iss_wrong")
        aud = claims.aud
        if aud != self._audience and (isinstance(aud, str) or self._audience not in aud):
            raise jws.denied("aud_wrong")
        if now >= claims.exp + self._leeway:
            raise Denied("this token is not valid any more", code="token_expired", reason="expired")
        latest = now + self._leeway
        if claims.iat > latest:
            raise jws.denied("issued_in_future")
        if claims.nbf is not None and claims.nbf > latest:
            raise jws.denied("not_yet_valid")
        return claims


def issue(claims: Claims, key: SigningKey, *, typ: str = ACCESS_TOKEN) -> str:
    """The token that says these claims. ValueError for claims that no verifier would take."""
    return jws.sign(payloads.write(claims), key, typ=typ)
