"""Access tokens of Limen, checked with PyJWT: `pip install 'pyjwt[crypto]'`."""

import os
from typing import Any

import jwt

ISSUER = os.environ["ISSUER"]  # https://login.example, as its tokens say it
AUDIENCE = os.environ["AUDIENCE"]  # the issuer's LIMEN_AUDIENCE: this service
ALGORITHMS = os.environ.get("ALGORITHMS", "ES256").split(",")  # its LIMEN_ALGORITHM

keys = jwt.PyJWKClient(f"{ISSUER}/.well-known/jwks.json")  # kept for 5 min; an unknown key: once in 30 s


def check(token: str) -> dict[str, Any]:
    """The claims of a good access token; jwt.PyJWTError for any other."""
    found = jwt.decode_complete(
        token,
        keys.get_signing_key_from_jwt(token),
        algorithms=ALGORITHMS,
        issuer=ISSUER,
        audience=AUDIENCE,
        leeway=5,
        options={"require": ["exp", "iat", "sub", "jti", "client_id"]},
    )
    if str(found["header"].get("typ")).lower() not in ("at+jwt", "application/at+jwt"):
        raise jwt.InvalidTokenError("this is no access token")  # PyJWT does not look at `typ`
    return dict(found["payload"])
