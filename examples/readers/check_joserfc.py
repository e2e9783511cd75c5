"""Access tokens of Limen, checked with joserfc: `pip install joserfc`."""

import json
import math
import os
import time
from typing import Any
from urllib.request import urlopen

from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet
from joserfc.jws import CompactSignature

ISSUER = os.environ["ISSUER"]  # https://login.example, as its tokens say it
AUDIENCE = os.environ["AUDIENCE"]  # the issuer's LIMEN_AUDIENCE: this service
ALGORITHMS = os.environ.get("ALGORITHMS", "ES256").split(",")  # its LIMEN_ALGORITHM

claims_registry = jwt.JWTClaimsRegistry(
    leeway=5,
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    **{name: {"essential": True} for name in ("exp", "iat", "sub", "jti", "client_id")},
)


class Keys:
    """The issuer's public keys: kept for 5 minutes; an unknown one is asked for once in 30 seconds."""

    def __init__(self) -> None:
        self._keys, self._fetched = KeySet([]), -math.inf

    def named(self, kid: object) -> Any:
        age = time.monotonic() - self._fetched
        if age > 300 or (age > 30 and all(key.kid != kid for key in self._keys)):
            with urlopen(f"{ISSUER}/.well-known/jwks.json", timeout=5) as answer:
                self._keys, self._fetched = KeySet.import_key_set(json.load(answer)), time.monotonic()
        return next((key for key in self._keys if key.kid == kid), None)


keys = Keys()


def key_of(token: CompactSignature) -> Any:
    header = token.headers()
    key = keys.named(header.get("kid"))
    if key is None or key.alg != header.get("alg"):  # a key is of one algorithm
        raise BadSignatureError()
    return key


def check(token: str) -> dict[str, Any]:
    """The claims of a good access token; joserfc.errors.JoseError or ValueError for any other."""
    found = jwt.decode(token, key_of, algorithms=ALGORITHMS)
    if str(found.header.get("typ")).lower() not in ("at+jwt", "application/at+jwt"):
        raise ValueError("this is no access token")  # joserfc does not look at `typ`
    claims_registry.validate(found.claims)
    return dict(found.claims)
