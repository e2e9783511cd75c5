"""joserfc: decode, then validate by a registry that says what every claim must be."""

from __future__ import annotations

import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from limen.lab.peers.guarded import bearer

_ISSUER, _AUDIENCE = "https://issuer.example", "https://api.example"


def asymmetric(count: int) -> tuple[Any, list[str]]:
    """ES256."""
    key = ECKey.generate_key("P-256", {"alg": "ES256"})
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": _ISSUER},
        aud={"essential": True, "value": _AUDIENCE},
        exp={"essential": True},
        sub={"essential": True},
    )

    def check(token: str) -> str:
        decoded = jwt.decode(token, key, algorithms=["ES256"])
        registry.validate(decoded.claims)
        return str(decoded.claims["sub"])

    now = int(time.time())
    claims = {"iss": _ISSUER, "aud": _AUDIENCE, "iat": now, "exp": now + 3_600}
    tokens = (jwt.encode({"alg": "ES256"}, {**claims, "sub": f"person-{n}"}, key) for n in range(count))
    return bearer(check), [f"Authorization: Bearer {token}" for token in tokens]
