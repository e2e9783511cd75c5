"""Access tokens of Limen, checked with Authlib (RFC 9068): `pip install authlib`."""

import json
import math
import os
import time
from typing import Any
from urllib.request import urlopen

from authlib.oauth2.rfc6750 import InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet

ISSUER = os.environ["ISSUER"]  # https://login.example, as its tokens say it
AUDIENCE = os.environ["AUDIENCE"]  # the issuer's LIMEN_AUDIENCE: this service
ALGORITHMS = os.environ.get("ALGORITHMS", "ES256").split(",")  # its LIMEN_ALGORITHM


class Validator(JWTBearerTokenValidator):
    """Goes into `ResourceProtector.register_token_validator` too. The keys are kept for 30 seconds."""

    _keys: KeySet
    _fetched = -math.inf

    def get_jwks(self) -> KeySet:
        if time.monotonic() - self._fetched > 30:
            with urlopen(f"{ISSUER}/.well-known/jwks.json", timeout=5) as answer:
                self._keys, self._fetched = KeySet.import_key_set(json.load(answer)), time.monotonic()
        return self._keys


validator = Validator(issuer=ISSUER, resource_server=AUDIENCE)


def check(token: str) -> dict[str, Any]:
    """The claims of a good access token; InvalidTokenError or ValueError for any other."""
    found = validator.authenticate_token(token)
    if found.header.get("alg") not in ALGORITHMS or "typ" not in found.header:
        raise InvalidTokenError()  # Authlib takes more algorithms than one's own, and a token without `typ`
    validator.validate_token(found, scopes=None, request=None)
    return dict(found)
