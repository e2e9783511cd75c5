"""The six signature algorithms (RFC 7518 §3, RFC 8037) as functions of bytes, on `cryptography`'s primitives.

`verifier` and `signer` close over one key, so that the path of a request asks neither for the algorithm nor
for parameters. Signatures are as JWS has them: ECDSA as r ‖ s of fixed length, never DER.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from enum import StrEnum
from typing import assert_never

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.hmac import HMAC


class Algorithm(StrEnum):
    """What signs. A key belongs to exactly one (RFC 8725 §3.1)."""

    HS256 = "HS256"
    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"
    ES384 = "ES384"
    EDDSA = "EdDSA"

    @property
    def symmetric(self) -> bool:
        """Whoever verifies can sign as well."""
        return self is Algorithm.HS256


Verifies = Callable[[bytes, bytes], bool]
"""(what was signed, signature) → whether the signature is this key's."""
Signs = Callable[[bytes], bytes]
Public = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey
Private = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey

_HALF = {Algorithm.ES256: 32, Algorithm.ES384: 48}
"""Bytes of r and of s (RFC 7518 §3.4)."""


def public_half(private: Private) -> Public:
    return private.public_key()


def verifier(alg: Algorithm, public: Public) -> Verifies:
    """Checks signatures of `public` under `alg`, which its type must fit."""
    if isinstance(public, RSAPublicKey):
        return _rsa_verifier(public, _padding(alg))
    if isinstance(public, EllipticCurvePublicKey):
        return _ec_verifier(public, alg)
    if isinstance(public, Ed25519PublicKey):
        return _ed25519_verifier(public)
    assert_never(public)


def signer(alg: Algorithm, private: Private) -> Signs:
    """Signs with `private` under `alg`, which its type must fit.

    ECDSA takes OpenSSL's nonces, which are drawn from its generator *and* from key and message: neither a
    weak generator nor a forked one repeats them for two messages.
    """
    if isinstance(private, RSAPrivateKey):
        padding, digest = _padding(alg), SHA256()
        return lambda message: private.sign(message, padding, digest)
    if isinstance(private, EllipticCurvePrivateKey):
        return _ec_signer(private, alg)
    if isinstance(private, Ed25519PrivateKey):
        return private.sign
    assert_never(private)


def mac(secret: bytes) -> Signs:
    """HMAC-SHA-256 under `secret`. The key is scheduled once; each call starts from a copy."""
    keyed = HMAC(secret, SHA256())

    def sign(message: bytes) -> bytes:
        running = keyed.copy()
        running.update(message)
        return running.finalize()

    return sign


def mac_verifier(secret: bytes) -> Verifies:
    sign, equal = mac(secret), hmac.compare_digest
    return lambda message, signature: equal(sign(message), signature)


def der(signature: bytes) -> bytes:
    """r ‖ s as the DER that OpenSSL reads. The caller has checked the length, so that one byte says it."""
    half = len(signature) // 2
    r, s = signature[:half].lstrip(b"\0"), signature[half:].lstrip(b"\0")
    if not r or r[0] & 0x80:
        r = b"\0" + r
    if not s or s[0] & 0x80:
        s = b"\0" + s
    return b"0%c\x02%c%b\x02%c%b" % (len(r) + len(s) + 4, len(r), r, len(s), s)


def _padding(alg: Algorithm) -> AsymmetricPadding:
    return PKCS1v15() if alg is Algorithm.RS256 else PSS(MGF1(SHA256()), SHA256.digest_size)


def _ecdsa(alg: Algorithm) -> ECDSA:
    return ECDSA(SHA256() if alg is Algorithm.ES256 else SHA384())


def _rsa_verifier(public: RSAPublicKey, padding: AsymmetricPadding) -> Verifies:
    check, digest, size = public.verify, SHA256(), (public.key_size + 7) // 8

    def verifies(message: bytes, signature: bytes) -> bool:
        if len(signature) != size:
            return False
        try:
            check(signature, message, padding, digest)
        except InvalidSignature:
            return False
        return True

    return verifies


def _ec_verifier(public: EllipticCurvePublicKey, alg: Algorithm) -> Verifies:
    check, ecdsa, size = public.verify, _ecdsa(alg), 2 * _HALF[alg]

    def verifies(message: bytes, signature: bytes) -> bool:
        if len(signature) != size:  # before anything is made of it
            return False
        try:
            check(der(signature), message, ecdsa)
        except InvalidSignature:
            return False
        return True

    return verifies


def _ec_signer(private: EllipticCurvePrivateKey, alg: Algorithm) -> Signs:
    ecdsa, half = _ecdsa(alg), _HALF[alg]

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(message, ecdsa))
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")

    return sign


def _ed25519_verifier(public: Ed25519PublicKey) -> Verifies:
    check = public.verify

    def verifies(message: bytes, signature: bytes) -> bool:
        if len(signature) != 64:
            return False
        try:
            check(signature, message)
        except InvalidSignature:
            return False
        return True

    return verifies
