"""PyJWT: every registered claim required, algorithm and audience named, as its documentation asks."""

from __future__ import annotations

import secrets
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from limen.lab.peers.guarded import bearer

_ISSUER, _AUDIENCE = "https://issuer.example", "https://api.example"


def symmetric(count: int) -> tuple[Any, list[str]]:
    """HS256."""
    key = secrets.token_bytes(32)
    return _made(count, "HS256", key, key)


def asymmetric(count: int) -> tuple[Any, list[str]]:
    """ES256."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _made(count, "ES256", key, key.public_key())


def _made(count: int, algorithm: str, signing: Any, verifying: Any) -> tuple[Any, list[str]]:
    def check(token: str) -> str:
        claims = jwt.decode(
            token,
            verifying,
            algorithms=[algorithm],
            audience=_AUDIENCE,
            issuer=_ISSUER,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
        return str(claims["sub"])

    now = int(time.time())
    claims = {"iss": _ISSUER, "aud": _AUDIENCE, "iat": now, "exp": now + 3_600}
    tokens = (
        jwt.encode({**claims, "sub": f"person-{n}"}, signing, algorithm=algorithm) for n in range(count)
    )
    return bearer(check), [f"Authorization: Bearer {token}" for token in tokens]
