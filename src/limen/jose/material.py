"""Members of a JWK to keys of `cryptography` and back (RFC 7518 §6, RFC 8037 §2), every number checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from limen.jose import b64, weak
from limen.jose.algorithms import Algorithm, Private, Public
from limen.jose.weak import refused

_CURVES: dict[str, tuple[Algorithm, ec.EllipticCurve, int]] = {
    "P-256": (Algorithm.ES256, ec.SECP256R1(), 32),
    "P-384": (Algorithm.ES384, ec.SECP384R1(), 48),
}
_NAMES = {"secp256r1": "P-256", "secp384r1": "P-384"}
_CRT = ("p", "q", "dp", "dq", "qi")


def public_key(jwk: Mapping[str, Any]) -> Public:
    """The public key that the members say; Misconfigured if they say none that can be used."""
    match jwk.get("kty"):
        case "RSA":
            return _rsa_numbers(jwk).public_key()
        case "EC":
            return _ec_public(jwk)
        case "OKP":
            _curve_is(jwk, "Ed25519")
            raw = octets(jwk, "x", 32)
            weak.check_ed25519(raw)
            return Ed25519PublicKey.from_public_bytes(raw)
    raise refused("its `kty` is not RSA, EC or OKP", "kty_unknown")


def private_key(jwk: Mapping[str, Any]) -> Private:
    """The private key that the members say, whose public half is the one that they say."""
    public = public_key(jwk)
    private: Private
    try:
        if isinstance(public, RSAPublicKey):
            private = _rsa_private(jwk)
        elif isinstance(public, EllipticCurvePublicKey):
            _, curve, size = _CURVES[jwk["crv"]]
            private = ec.derive_private_key(int.from_bytes(octets(jwk, "d", size), "big"), curve)
        else:
            private = Ed25519PrivateKey.from_private_bytes(octets(jwk, "d", 32))
    except ValueError as error:
        raise refused("its private half is none", "private_malformed") from error
    if private.public_key() != public:
        raise refused("its public half belongs to another key", "halves_differ")
    return private


def public_members(key: Public) -> dict[str, str]:
    """The required members of its JWK, in the order of their names (RFC 7638 §3)."""
    if isinstance(key, RSAPublicKey):
        numbers = key.public_numbers()
        return {"e": _uint(numbers.e), "kty": "RSA", "n": _uint(numbers.n)}
    if isinstance(key, EllipticCurvePublicKey):
        name = _NAMES[key.curve.name]
        size, point = _CURVES[name][2], key.public_numbers()
        return {"crv": name, "kty": "EC", "x": _uint(point.x, size), "y": _uint(point.y, size)}
    if isinstance(key, Ed25519PublicKey):
        return {"crv": "Ed25519", "kty": "OKP", "x": b64.encode(key.public_bytes_raw())}
    assert_never(key)


def public_pem(key: Public) -> bytes:
    """The key in PEM (SubjectPublicKeyInfo)."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def private_members(key: Private) -> dict[str, str]:
    """The members that only its holder knows."""
    if isinstance(key, RSAPrivateKey):
        n = key.private_numbers()
        numbers = {"d": n.d, "p": n.p, "q": n.q, "dp": n.dmp1, "dq": n.dmq1, "qi": n.iqmp}
        return {name: _uint(value) for name, value in numbers.items()}
    if isinstance(key, EllipticCurvePrivateKey):
        size = _CURVES[_NAMES[key.curve.name]][2]
        return {"d": _uint(key.private_numbers().private_value, size)}
    if isinstance(key, Ed25519PrivateKey):
        return {"d": b64.encode(key.private_bytes_raw())}
    assert_never(key)


def checked(key: object) -> Public:
    """A public key that came in another form than a JWK, after the same checks."""
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name not in _NAMES:
        raise refused("its curve is not P-256, P-384 or Ed25519", "curve_unknown")
    if isinstance(key, RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey):
        return public_key(public_members(key))
    raise refused("it is of no kind that signs tokens", "kty_unknown")


def fitting(key: Public) -> frozenset[Algorithm]:
    """The algorithms that a key of this kind can belong to."""
    if isinstance(key, RSAPublicKey):
        return frozenset({Algorithm.RS256, Algorithm.PS256})
    if isinstance(key, EllipticCurvePublicKey):
        return frozenset({_CURVES[_NAMES[key.curve.name]][0]})
    if isinstance(key, Ed25519PublicKey):
        return frozenset({Algorithm.EDDSA})
    assert_never(key)


def octets(jwk: Mapping[str, Any], name: str, size: int | None = None) -> bytes:
    """The bytes of a member, of exactly `size` if one is given."""
    text = jwk.get(name)
    if not isinstance(text, str):
        raise refused(f"its `{name}` is missing or no text", "member_missing")
    try:
        raw = b64.decode(text)
    except ValueError:
        raise refused(f"its `{name}` is not base64url", "member_malformed") from None
    if size is not None and len(raw) != size:
        raise refused(f"its `{name}` has {len(raw)} bytes and not {size}", "member_malformed")
    return raw


def _number(jwk: Mapping[str, Any], name: str) -> int:
    raw = octets(jwk, name)
    if not raw or raw[0] == 0 or len(raw) * 8 > weak.MAXIMUM_RSA_BITS:
        raise refused(f"its `{name}` is not the shortest form of a number", "member_malformed")
    return int.from_bytes(raw, "big")


def _uint(value: int, size: int | None = None) -> str:
    return b64.encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def _curve_is(jwk: Mapping[str, Any], name: str) -> None:
    if jwk.get("crv") != name:
        raise refused("its curve is not P-256, P-384 or Ed25519", "curve_unknown")


def _rsa_numbers(jwk: Mapping[str, Any]) -> rsa.RSAPublicNumbers:
    modulus, exponent = _number(jwk, "n"), _number(jwk, "e")
    weak.check_rsa(modulus, exponent)
    return rsa.RSAPublicNumbers(exponent, modulus)


def _rsa_private(jwk: Mapping[str, Any]) -> RSAPrivateKey:
    if "oth" in jwk:
        raise refused("an RSA key of more than two primes", "rsa_primes")
    p, q, dp, dq, qi = (_number(jwk, name) for name in _CRT)
    numbers = rsa.RSAPrivateNumbers(p, q, _number(jwk, "d"), dp, dq, qi, _rsa_numbers(jwk))
    return numbers.private_key()


def _ec_public(jwk: Mapping[str, Any]) -> EllipticCurvePublicKey:
    name = jwk.get("crv")
    if not isinstance(name, str) or name not in _CURVES:
        raise refused("its curve is not P-256, P-384 or Ed25519", "curve_unknown")
    _, curve, size = _CURVES[name]
    x, y = octets(jwk, "x", size), octets(jwk, "y", size)
    try:
        return EllipticCurvePublicKey.from_encoded_point(curve, b"\4" + x + y)
    except ValueError as error:
        raise refused(f"no point of {name}", "not_on_curve") from error
