"""PyJWT: every registered claim required, algorithm and audience named, as its documentation asks."""

from __future__ import annotations

import secrets
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from limen.lab.peers import Place
from limen.lab.peers.guarded import AUDIENCE, ISSUER, bearer


async def symmetric(_: Place) -> Any:
    """HS256."""
    key = secrets.token_bytes(32)
    return _made("HS256", key, key)


async def asymmetric(_: Place) -> Any:
    """ES256."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _made("ES256", key, key.public_key())


def _made(algorithm: str, signing: Any, verifying: Any) -> Any:
    def check(token: str) -> str:
        claims = jwt.decode(
            token,
            verifying,
            algorithms=[algorithm],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
        return str(claims["sub"])

    return bearer(lambda claims: jwt.encode(claims, signing, algorithm=algorithm), check)
