"""Tokens for other people's readers: good ones of every algorithm, and all that an attacker would try."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from limen import ids
from limen.clock import Instant
from limen.jose import b64, jwk
from limen.jose.jwk import Algorithm, SigningKey
from support.tokens import key as strange
from support.tokens import raw, signed, token

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
TWINS = {Algorithm.RS256: Algorithm.PS256, Algorithm.PS256: Algorithm.RS256}


@dataclass(frozen=True)
class Corpus:
    """What the tokens are made with: an issuer's keys, live and compromised, and a moment."""

    issuer: str
    audience: str
    now: Instant
    live: Mapping[Algorithm, SigningKey]
    compromised: SigningKey

    def said(self, **changes: Any) -> dict[str, Any]:
        claims = {
            "iss": self.issuer, "sub": ids.uuid7(self.now), "aud": self.audience, "exp": int(self.now) + 600,
            "iat": int(self.now), "jti": ids.uuid7(self.now), "sid": ids.uuid7(self.now), "amr": ["pwd"],
            "auth_time": int(self.now), "scope": "notes:read", "client_id": "limen", "strategy": "jwt",
            **changes,
        }  # fmt: skip
        return {name: value for name, value in claims.items() if value is not ...}

    def head(self, signing: SigningKey, **changes: Any) -> dict[str, Any]:
        header = {"alg": signing.alg.value, "typ": "at+jwt", "kid": signing.kid, **changes}
        return {name: value for name, value in header.items() if value is not ...}

    def good(self) -> Iterator[tuple[str, str]]:
        """What every reader must accept. All but one of these keys sign no more and are still published."""
        for alg, signing in self.live.items():
            yield f"{alg}: good", token(self.said(), self.head(signing), signing=signing)
        signing = self.live[Algorithm.ES256]
        yield "ES256: its type in full", self.made(signing, typ="application/at+jwt")
        yield "ES256: for two audiences", self.saying(aud=["https://other.example", self.audience])
        yield "ES256: letters of the world", self.saying(scope="größe 読む")
        yield "ES256: good since a minute", self.saying(nbf=int(self.now) - 60)

    def made(self, signing: SigningKey, **header: Any) -> str:
        return token(self.said(), self.head(signing, **header), signing=signing)

    def saying(self, **claims: Any) -> str:
        signing = self.live[Algorithm.ES256]
        return token(self.said(**claims), self.head(signing), signing=signing)

    def bad(self) -> Iterator[tuple[str, str]]:
        """What nobody should accept."""
        for alg, signing in self.live.items():
            for name, text in self._of_each_kind(signing):
                yield f"{alg}: {name}", text
        yield from self._claims()
        yield from self._headers()
        yield from self._forms()
        yield from self._confusions()

    def _of_each_kind(self, signing: SigningKey) -> Iterator[tuple[str, str]]:
        good = token(self.said(), self.head(signing), signing=signing)
        head, body, tail = good.split(".")
        other = b64.encode(raw(self.said(scope="limen:admin")))
        yield "expired", token(self.said(exp=int(self.now) - 60), self.head(signing), signing=signing)
        yield "payload of another", f"{head}.{other}.{tail}"
        yield "header of another", f"{b64.encode(raw(self.head(signing, x=1)))}.{body}.{tail}"
        yield "signature changed", f"{head}.{body}.{'A' if tail[0] != 'A' else 'B'}{tail[1:]}"
        yield "signature empty", f"{head}.{body}."
        yield "signature cut", f"{head}.{body}.{tail[:-4]}"
        yield "signature with more behind it", f"{good}AAAA"
        yield "no algorithm", f"{b64.encode(raw(self.head(signing, alg='none')))}.{body}."
        stranger = strange(signing.alg, 7)
        yield "key of a stranger", token(self.said(), self.head(stranger), signing=stranger)
        yield "key of a stranger, under our id", token(self.said(), self.head(signing), signing=stranger)

    def _claims(self) -> Iterator[tuple[str, str]]:
        now = int(self.now)
        yield "not yet valid", self.saying(nbf=now + 300)
        yield "issued in the future", self.saying(iat=now + 300)
        yield "for another audience", self.saying(aud="https://other.example")
        yield "for other audiences", self.saying(aud=["https://other.example", "https://third.example"])
        yield "of another issuer", self.saying(iss="https://other.example")
        yield "of the issuer with a slash", self.saying(iss=self.issuer + "/")
        for name in ("iss", "aud", "exp", "iat", "sub", "jti", "client_id"):
            yield f"no {name}", self.saying(**{name: ...})
        yield "exp is text", self.saying(exp=str(now + 600))
        yield "exp is null", self.saying(exp=None)

    def _headers(self) -> Iterator[tuple[str, str]]:
        signing = self.live[Algorithm.ES256]
        yield "typ is JWT", self.made(signing, typ="JWT")
        yield "typ of a gateway's answer", self.made(signing, typ="limen-forward+jwt")
        yield "no typ", self.made(signing, typ=...)
        yield "crit that nobody knows", self.made(signing, crit=["x"], x=1)
        yield "crit that is empty", self.made(signing, crit=[])
        yield "payload not encoded", self.made(signing, b64=False)
        yield "payload not encoded, critical", self.made(signing, b64=False, crit=["b64"])
        yield "no kid", self.made(signing, kid=...)
        yield "kid of nobody", self.made(signing, kid="nobody")
        yield "kid of another key", self.made(signing, kid=self.live[Algorithm.ES384].kid)
        yield "kid with a path", self.made(signing, kid="../../dev/null")
        yield "key of a compromise", self.made(self.compromised)
        evil = strange(Algorithm.ES256, 8)
        brought = {**self.head(evil), "jwk": evil.verify_key.to_jwk()}
        yield "brings its own key", token(self.said(), brought, signing=evil)
        brought |= {"kid": signing.kid}
        yield "brings its own key under our id", token(self.said(), brought, signing=evil)
        away = {**self.head(evil), "jku": f"{self.issuer}.evil.example/jwks.json"}
        yield "says where its key is", token(self.said(), away, signing=evil)

    def _forms(self) -> Iterator[tuple[str, str]]:
        signing = self.live[Algorithm.ES256]
        good = self.made(signing)
        head, body, tail = good.split(".")
        yield "nothing", ""
        yield "two segments", f"{head}.{body}"
        yield "four segments", f"{good}.{tail}"
        yield "padded", f"{head}.{body}.{tail}=="
        yield "another alphabet", signed_again(self, head, body.replace("-", "+").replace("_", "/") + "=")
        spare = ALPHABET[(ALPHABET.index(tail[-1]) & 0b110000) | 1]
        yield "stray bits at its end", f"{good[:-1]}{spare}"
        twice = json.dumps(self.said())[:-1] + ', "aud": "https://other.example"}'
        yield "a claim twice, good first", token(twice, self.head(signing), signing=signing)
        first = '{"aud": "https://other.example", ' + json.dumps(self.said())[1:]
        yield "a claim twice, good last", token(first, self.head(signing), signing=signing)
        names = json.dumps(self.head(signing))[:-1] + ', "alg": "none"}'
        yield "an algorithm twice", token(self.said(), names, signing=signing)
        yield "a list for claims", token(b"[]", self.head(signing), signing=signing)
        spoken = json.loads(json.dumps({"protected": head, "payload": body, "signature": tail}))
        yield "JSON serialisation", json.dumps(spoken)
        yield "signature in DER", f"{head}.{body}.{in_der(b64.decode(tail))}"
        yield "signature of zeros", f"{head}.{body}.{b64.encode(bytes(64))}"
        yield "signature with long halves", f"{head}.{body}.{with_long_halves(b64.decode(tail))}"

    def _confusions(self) -> Iterator[tuple[str, str]]:
        """HMAC under what everybody knows of a key, and one key under another's algorithm (RFC 8725 §2.1)."""
        for alg in (Algorithm.RS256, Algorithm.ES256):
            verify = self.live[alg].verify_key
            public = {"PEM": verify.to_pem(), "JWK": json.dumps(verify.to_jwk()).encode()}
            public["line of PEM"] = verify.to_pem().replace(b"\n", b"")
            for form, secret in public.items():
                head = self.head(self.live[alg], alg="HS256")
                yield f"HS256 under the {form} of {alg}", with_mac(head, self.said(), secret)
        for alg, twin in TWINS.items():
            signing = self.live[alg]
            same = jwk.signing_key({**signing.to_private_jwk(), "alg": twin.value})
            yield f"{twin} by a key of {alg}", token(self.said(), self.head(same), signing=same)
        signing = self.live[Algorithm.ES256]
        yield "its algorithm in small letters", self.made(signing, alg="es256")
        yield "ES384 by name alone", self.made(signing, alg="ES384")


def signed_again(corpus: Corpus, head: str, body: str) -> str:
    """A payload that is written in another way, and signed as it is written."""
    return signed(f"{head}.{body}", corpus.live[Algorithm.ES256])


def with_mac(head: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    text = f"{b64.encode(raw(head))}.{b64.encode(raw(claims))}"
    return f"{text}.{b64.encode(hmac.digest(secret, text.encode(), 'sha256'))}"


def halves(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


def in_der(signature: bytes) -> str:
    made = encode_dss_signature(*halves(signature))
    assert decode_dss_signature(made) == halves(signature)
    return b64.encode(made)


def with_long_halves(signature: bytes) -> str:
    """Each half in 33 bytes, with a zero before it."""
    return b64.encode(b"\0" + signature[:32] + b"\0" + signature[32:])
