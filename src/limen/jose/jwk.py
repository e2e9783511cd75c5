"""Keys (RFC 7517): made, read from JWK and PEM, published without their private half, named by thumbprint.

A key belongs to one algorithm from the moment it is read, and to no other (RFC 8725 §3.1): what a token's
header says is compared with the key and never chooses. Whatever cannot be trusted is refused here, so that
nobody who holds a key has to ask again.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Never

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from limen.errors import Misconfigured
from limen.jose import algorithms, b64, material, strict_json, weak
from limen.jose.algorithms import Algorithm, Private, Public, Signs, Verifies
from limen.jose.weak import refused

__all__ = [
    "KID",
    "Algorithm",
    "SigningKey",
    "VerifyKey",
    "by_kid",
    "generate",
    "key_set",
    "signing_key",
    "signing_key_from_pem",
    "symmetric",
    "thumbprint",
    "verify_key",
    "verify_key_from_pem",
]

KID = re.compile(r"[A-Za-z0-9._~-]{1,128}")
"""What a key id may be: nothing that a path, a query or a line of a log could be made of."""
_THUMBED = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"),
            "oct": ("k", "kty")}  # fmt: skip
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_RSA_BITS = 3072
_SECRET_BYTES = 32


class VerifyKey:
    """Checks signatures of one key under its one algorithm."""

    __slots__ = ("_members", "alg", "kid", "verifies")

    def __init__(self, kid: str, alg: Algorithm, verifies: Verifies, members: dict[str, str]) -> None:
        self.kid, self.alg, self.verifies, self._members = kid, alg, verifies, members

    def to_jwk(self) -> dict[str, str]:
        """The public JWK. TypeError for HS256, where whoever verifies could sign."""
        if not self._members:
            raise TypeError("a key for HS256 has no public form")
        return {**self._members, "alg": self.alg.value, "kid": self.kid, "use": "sig"}

    def to_pem(self) -> bytes:
        """The public key in PEM (SubjectPublicKeyInfo). TypeError for HS256, as `to_jwk`."""
        return material.public_pem(material.public_key(self.to_jwk()))

    def __repr__(self) -> str:
        return f"VerifyKey(kid={self.kid!r}, alg={self.alg.value!r})"

    def __reduce__(self) -> Never:
        raise TypeError("a key is not pickled; pass its JWK")


class SigningKey:
    """Signs with one key under its one algorithm. Shows its private half in `to_private_jwk` alone."""

    __slots__ = ("__private", "alg", "kid", "sign", "verify_key")

    def __init__(self, verify_key: VerifyKey, sign: Signs, private: Private | bytes) -> None:
        self.kid, self.alg, self.verify_key = verify_key.kid, verify_key.alg, verify_key
        self.sign = sign
        self.__private = private

    def to_private_jwk(self) -> dict[str, str]:
        """The JWK with everything in it. For the encrypted ring, and for an operator who asks."""
        if isinstance(self.__private, bytes):
            members = {"k": b64.encode(self.__private), "kty": "oct"}
            return {**members, "alg": self.alg.value, "kid": self.kid, "use": "sig"}
        return {**self.verify_key.to_jwk(), **material.private_members(self.__private)}

    def __repr__(self) -> str:
        return f"SigningKey(kid={self.kid!r}, alg={self.alg.value!r})"

    def __reduce__(self) -> Never:
        raise TypeError("a signing key is not pickled")


def generate(alg: Algorithm) -> SigningKey:
    """A new key, named by its thumbprint."""
    private: Private
    match alg:
        case Algorithm.HS256:
            return symmetric(secrets.token_bytes(_SECRET_BYTES))
        case Algorithm.RS256 | Algorithm.PS256:
            private = rsa.generate_private_key(65537, _RSA_BITS)
        case Algorithm.ES256:
            private = ec.generate_private_key(ec.SECP256R1())
        case Algorithm.ES384:
            private = ec.generate_private_key(ec.SECP384R1())
        case Algorithm.EDDSA:
            private = Ed25519PrivateKey.generate()
    return _signing(private, alg, None)


def symmetric(secret: bytes, *, kid: str | None = None) -> SigningKey:
    """A key for HS256, from at least 32 random bytes. Misconfigured where they can be guessed."""
    weak.check_secret(secret)
    name = thumbprint({"kty": "oct", "k": b64.encode(secret)}) if kid is None else kid
    verify = VerifyKey(_named(name), Algorithm.HS256, algorithms.mac_verifier(secret), {})
    return SigningKey(verify, algorithms.mac(secret), secret)


def signing_key(jwk: Mapping[str, Any], *, alg: Algorithm | None = None) -> SigningKey:
    """The key of a private JWK; Misconfigured (`key_refused`) if it is none or cannot be trusted."""
    _check_purpose(jwk, "sign")
    if jwk.get("kty") == "oct":
        _algorithm(jwk, alg, frozenset({Algorithm.HS256}))
        return symmetric(material.octets(jwk, "k"), kid=_kid(jwk))
    private = material.private_key(jwk)
    return _signing(private, _algorithm(jwk, alg, material.fitting(private.public_key())), _kid(jwk))


def verify_key(jwk: Mapping[str, Any], *, alg: Algorithm | None = None) -> VerifyKey:
    """The key of a public JWK. An RSA key must say in `alg` which of its two algorithms it belongs to.

    `x5c`, `x5u` and other members that say where more can be found are not looked at. A private JWK is
    refused: it has gone where it should not be.
    """
    if not _PRIVATE.isdisjoint(jwk):
        raise refused("a private key where the public half is wanted", "key_private")
    _check_purpose(jwk, "verify")
    public = material.public_key(jwk)
    return _verifying(public, _algorithm(jwk, alg, material.fitting(public)), _kid(jwk))


def signing_key_from_pem(
    pem: str | bytes, alg: Algorithm, *, kid: str | None = None, password: bytes | None = None
) -> SigningKey:
    """The key of a private PEM (PKCS#8, PKCS#1 or SEC 1)."""
    try:
        private = load_pem_private_key(_ascii(pem), password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise refused("no private key in PEM, or not with this password", "pem_malformed") from error
    if not isinstance(private, RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey):
        raise refused("it is of no kind that signs tokens", "kty_unknown")
    fits = material.fitting(material.checked(private.public_key()))
    return _signing(private, _algorithm({}, alg, fits), kid)


def verify_key_from_pem(pem: str | bytes, alg: Algorithm, *, kid: str | None = None) -> VerifyKey:
    """The key of a public PEM (SubjectPublicKeyInfo or PKCS#1)."""
    try:
        loaded = load_pem_public_key(_ascii(pem))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise refused("no public key in PEM", "pem_malformed") from error
    public = material.checked(loaded)
    return _verifying(public, _algorithm({}, alg, material.fitting(public)), kid)


def key_set(jwks: bytes | str | Mapping[str, Any]) -> dict[str, VerifyKey]:
    """The usable keys of a public set by `kid` (RFC 7517 §5); Misconfigured if it is no set, or ambiguous.

    Members that are not for verifying tokens with us are skipped: other types, uses and algorithms, keys
    without a `kid`, symmetric and private keys, and any that is refused. Two keys of one `kid` are not.
    """
    found = _members(jwks)
    kids = [member["kid"] for member in found if isinstance(member.get("kid"), str)]
    if len(kids) != len(set(kids)):
        raise refused("two keys of one set have the same `kid`", "kid_duplicate")
    return by_kid(key for member in found if (key := _usable(member)) is not None)


def by_kid(keys: Iterable[VerifyKey]) -> dict[str, VerifyKey]:
    """The keys by their ids; Misconfigured for two of one id, and for HMAC beside other algorithms.

    A set of both kinds is one mistake away from a public key used as a secret.
    """
    listed = list(keys)
    named = {key.kid: key for key in listed}
    if len(named) != len(listed):
        raise refused("two keys of one set have the same `kid`", "kid_duplicate")
    if len({key.alg.symmetric for key in listed}) > 1:
        raise refused("HS256 shares a set with no other algorithm", "set_mixed")
    return named


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The SHA-256 thumbprint of a JWK (RFC 7638 §3)."""
    kty = jwk.get("kty")
    names = _THUMBED.get(kty) if isinstance(kty, str) else None
    if names is None or not all(isinstance(jwk.get(name), str) for name in names):
        raise refused("a member that its thumbprint is made of is missing", "member_missing")
    return b64.encode(hashlib.sha256(msgspec.json.encode({name: jwk[name] for name in names})).digest())


def _signing(private: Private, alg: Algorithm, kid: str | None) -> SigningKey:
    verify = _verifying(private.public_key(), alg, kid)
    return SigningKey(verify, algorithms.signer(alg, private), private)


def _verifying(public: Public, alg: Algorithm, kid: str | None) -> VerifyKey:
    members = material.public_members(public)
    return VerifyKey(
        _named(thumbprint(members) if kid is None else kid), alg, algorithms.verifier(alg, public), members
    )


def _named(kid: str) -> str:
    if not KID.fullmatch(kid):
        raise refused("its `kid` is not 1 to 128 of A-Z a-z 0-9 . _ ~ -", "kid_malformed")
    return kid


def _kid(jwk: Mapping[str, Any]) -> str | None:
    """The `kid` of a JWK, where it has one."""
    kid = jwk.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise refused("its `kid` is no text", "kid_malformed")
    return kid if kid is None else _named(kid)


def _algorithm(jwk: Mapping[str, Any], alg: Algorithm | None, fits: frozenset[Algorithm]) -> Algorithm:
    """The one algorithm that the JWK, the caller and the type of the key agree on."""
    said = jwk.get("alg")
    candidates = {a for a in fits if (said is None or a == said) and (alg is None or a is alg)}
    if not candidates:
        raise refused("it does not belong to the algorithm that is named", "alg_mismatch")
    if len(candidates) > 1:
        raise refused("an RSA key must name its algorithm, RS256 or PS256, in `alg`", "alg_missing")
    return candidates.pop()


def _check_purpose(jwk: Mapping[str, Any], operation: str) -> None:
    """Refused if `use` or `key_ops` keep the key for something else (RFC 7517 §4.2, §4.3)."""
    if jwk.get("use", "sig") != "sig":
        raise refused("its `use` is not `sig`", "use_mismatch")
    operations = jwk.get("key_ops", [operation])
    if not isinstance(operations, list) or operation not in operations:
        raise refused(f"its `key_ops` do not name `{operation}`", "use_mismatch")


def _usable(jwk: Mapping[str, Any]) -> VerifyKey | None:
    if "kid" not in jwk:
        return None
    try:
        return verify_key(jwk)
    except Misconfigured:
        return None


def _members(jwks: bytes | str | Mapping[str, Any]) -> list[dict[str, Any]]:
    if not isinstance(jwks, Mapping):
        try:
            jwks = strict_json.load_object(jwks.encode() if isinstance(jwks, str) else jwks)
        except ValueError as error:
            raise refused("the set of keys is no JSON object", "set_malformed") from error
    keys = jwks.get("keys")
    if not isinstance(keys, list):
        raise refused("the set of keys has no list `keys`", "set_malformed")
    return [key for key in keys if isinstance(key, dict)]


def _ascii(pem: str | bytes) -> bytes:
    return pem.encode() if isinstance(pem, str) else pem
