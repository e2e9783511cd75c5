"""Findings about secrets and keys. Nothing here repeats any of a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from limen.jose import b64
from limen.lint import known_secrets
from limen.lint.catalogue import KEYS
from limen.lint.finding import Finding, find, quoted, worst_first

_LEAST = {"HS256": 32, "HS384": 48, "HS512": 64}
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_FAMILY = {"RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("EdDSA", "Ed25519", "Ed448"), "oct": ("HS",)}
_PUBLIC_KEYS = (b"-----BEGIN PUBLIC", b"-----BEGIN RSA PUBLIC", b"-----BEGIN CERT", b"ssh-", b"ecdsa-sha2-")


def secret(raw: bytes, *, alg: str = "HS256") -> tuple[Finding, ...]:
    """What is wrong with a secret that signs by `alg`."""
    return worst_first(list(_secret(raw, alg)))


def _secret(raw: bytes, alg: str) -> Iterator[Finding]:
    least = _LEAST.get(alg, 32)
    if known_secrets.contains(raw) or known_secrets.contains(raw.strip()):
        yield find(KEYS, "secret_public")
    if raw.lstrip().startswith(_PUBLIC_KEYS):
        yield find(KEYS, "secret_is_public_key")
    elif len(raw) < least:
        yield find(KEYS, "secret_short", bytes=len(raw), alg=alg, least=least)
    elif len(set(raw)) < 8 or raw in (raw + raw)[1:-1]:
        yield find(KEYS, "secret_repeats")
    elif _is_words(raw):
        yield find(KEYS, "secret_words")


def _is_words(raw: bytes) -> bool:
    """Letters and blanks, hyphens or underscores alone: chance gives 32 such characters in no life time."""
    return bytes(c for c in raw if c not in b" -_").isalpha() and (raw.islower() or b" " in raw)


def key(jwk: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What is wrong with a JWK."""
    return worst_first(list(_key(jwk)))


def key_set(jwks: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What is wrong with a JWK set and its keys."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not all(isinstance(one, Mapping) for one in keys):
        return (find(KEYS, "key_malformed", problem="`keys` is no list of objects"),)
    found = [finding for one in keys for finding in _key(one)]
    ids = [one["kid"] for one in keys if isinstance(one.get("kid"), str)]
    twice = dict.fromkeys(kid for kid in ids if ids.count(kid) > 1)
    found += [find(KEYS, "key_kid_twice", kid=quoted(kid)) for kid in twice]
    kinds = {one.get("kty") for one in keys if isinstance(one.get("kty"), str)}
    if "oct" in kinds and len(kinds) > 1:
        found.append(find(KEYS, "key_mixed"))
    return worst_first(found)


def _key(jwk: Mapping[str, Any]) -> Iterator[Finding]:
    kty, alg = jwk.get("kty"), jwk.get("alg")
    if not isinstance(kty, str) or kty not in _FAMILY:
        yield find(KEYS, "key_malformed", problem=f"`kty` is {quoted(kty)}")
        return
    if alg is None:
        yield find(KEYS, "key_alg_missing")
    elif not isinstance(alg, str) or not alg.startswith(_FAMILY[kty]):
        yield find(KEYS, "key_alg_mismatch", kty=kty, alg=quoted(alg))
    if jwk.get("use", "sig") != "sig" or not _signs(jwk.get("key_ops")):
        yield find(KEYS, "key_use")
    if not isinstance(jwk.get("kid"), str):
        yield find(KEYS, "key_kid_missing")
    if any(name in jwk for name in _PRIVATE):
        yield find(KEYS, "key_private")
    yield from _material(kty, jwk, alg if isinstance(alg, str) else "HS256")


def _signs(operations: object) -> bool:
    if operations is None:
        return True
    return isinstance(operations, list) and bool({"sign", "verify"} & {str(one) for one in operations})


def _material(kty: str, jwk: Mapping[str, Any], alg: str) -> Iterator[Finding]:
    needed = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x"), "oct": ("k",)}[kty]
    raw: dict[str, bytes] = {}
    for name in needed:
        held = _bytes(jwk.get(name), plain=name == "crv")
        if held is None:
            yield find(KEYS, "key_malformed", problem=f"`{name}` is missing or no base64url")
            return
        raw[name] = held
    if kty == "oct":
        yield from _secret(raw["k"], alg)
    elif kty == "RSA":
        yield from _rsa(int.from_bytes(raw["n"], "big"), int.from_bytes(raw["e"], "big"))


def _bytes(value: object, *, plain: bool) -> bytes | None:
    """What a member of a key holds; None unless it is text, of base64url where it is not `plain`."""
    if not isinstance(value, str):
        return None
    try:
        return value.encode() if plain else b64.decode(value)
    except ValueError:
        return None


def _rsa(modulus: int, exponent: int) -> Iterator[Finding]:
    if modulus.bit_length() < 2048:
        yield find(KEYS, "key_small", bits=f"{modulus.bit_length():,}")
    if exponent < 65_537 or not exponent % 2:
        yield find(KEYS, "key_exponent", exponent=exponent if exponent < 65_537 else "even")
