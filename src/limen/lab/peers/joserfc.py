"""joserfc: decode, then validate by a registry that says what every claim must be."""

from __future__ import annotations

from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from limen.lab.peers import Place
from limen.lab.peers.guarded import AUDIENCE, ISSUER, bearer


async def asymmetric(_: Place) -> Any:
    """ES256."""
    key = ECKey.generate_key("P-256", {"alg": "ES256"})
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
        sub={"essential": True},
    )

    def check(token: str) -> str:
        decoded = jwt.decode(token, key, algorithms=["ES256"])
        registry.validate(decoded.claims)
        return str(decoded.claims["sub"])

    return bearer(lambda claims: jwt.encode({"alg": "ES256"}, claims, key), check)
