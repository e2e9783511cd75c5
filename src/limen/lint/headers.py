"""Findings about the header of a token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from limen.jose.algorithms import Algorithm
from limen.lint.catalogue import HEADER
from limen.lint.finding import Finding, find, quoted

_REGISTERED = """
HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 ES256K EdDSA Ed25519 Ed448
"""
SIGNS = frozenset(_REGISTERED.split())
"""The registered signature algorithms of today (IANA JOSE, RFC 7518 §3.1, RFC 8037, RFC 8812, RFC 9864)."""
_PLAIN = re.compile(r"[A-Za-z0-9._~-]{1,128}\Z", re.ASCII)
_PATH = re.compile(r"\.\.|^[/~\\]|^[A-Za-z]:[/\\]|^[a-z][a-z0-9+.-]*:|[/\\]")
_QUERY = re.compile(r"['\";|&`$(){}*<>#\s]|--|/\*")
_WEAK_ENCRYPTION = re.compile(r"RSA1_5\Z|PBES2-")


def header(said: Mapping[str, Any], *, expected: str | None = None) -> Iterator[Finding]:
    """What is odd in a header; `expected` is the algorithm in the record of the key, where it is known."""
    yield from _algorithm(said, expected)
    yield from _kind(said)
    yield from _key_id(said)
    yield from _brought_keys(said)
    yield from _extensions(said)


def _algorithm(said: Mapping[str, Any], expected: str | None) -> Iterator[Finding]:
    alg = said.get("alg")
    if "alg" not in said:
        yield find(HEADER, "alg_missing")
    elif not isinstance(alg, str):
        yield find(HEADER, "alg_malformed", alg=quoted(alg))
    elif "enc" in said:
        if _WEAK_ENCRYPTION.match(alg):
            yield find(HEADER, "alg_weak_encryption", alg=quoted(alg))
    elif alg.strip("\0 \t\r\n").casefold() == "none":
        yield find(HEADER, "alg_none", alg=quoted(alg))
    elif alg not in SIGNS:
        yield find(HEADER, "alg_unknown", alg=quoted(alg))
    else:
        yield from _registered(alg)
    if expected is not None and isinstance(alg, str) and alg != expected:
        yield find(HEADER, "alg_confused", alg=quoted(alg), expected=expected)


def _registered(alg: str) -> Iterator[Finding]:
    if alg.startswith("HS"):
        yield find(HEADER, "alg_symmetric", alg=alg)
    if alg not in set(Algorithm):
        yield find(HEADER, "alg_foreign", alg=alg)


def _kind(said: Mapping[str, Any]) -> Iterator[Finding]:
    typ = said.get("typ")
    if "typ" not in said:
        yield find(HEADER, "typ_missing")
    elif not isinstance(typ, str) or not _PLAIN.match(typ.replace("/", "").replace("+", "")):
        yield find(HEADER, "typ_malformed", typ=quoted(typ))
    elif typ.casefold().removeprefix("application/") == "jwt":
        yield find(HEADER, "typ_generic", typ=quoted(typ))


def _key_id(said: Mapping[str, Any]) -> Iterator[Finding]:
    kid = said.get("kid")
    if "kid" not in said:
        yield find(HEADER, "kid_missing")
    elif not isinstance(kid, str) or not kid:
        yield find(HEADER, "kid_malformed", kid=quoted(kid))
    elif not _PLAIN.match(kid):
        rule = "kid_injection" if _QUERY.search(kid) else "kid_path" if _PATH.search(kid) else "kid_malformed"
        yield find(HEADER, rule, kid=quoted(kid))
    elif ".." in kid:
        yield find(HEADER, "kid_path", kid=quoted(kid))


def _brought_keys(said: Mapping[str, Any]) -> Iterator[Finding]:
    yield from (find(HEADER, "header_url", name=name) for name in ("jku", "x5u") if name in said)
    if "jwk" in said:
        yield find(HEADER, "header_key")
    for name in ("x5c", "x5t", "x5t#S256"):
        if name in said:
            yield find(HEADER, "header_certificate", name=name)


def _extensions(said: Mapping[str, Any]) -> Iterator[Finding]:
    if "crit" in said:
        yield find(
            HEADER,
            "crit_present" if _is_list_of_extensions(said) else "crit_malformed",
            crit=quoted(said["crit"]),
        )
    if "b64" in said:
        yield find(HEADER, "b64_false")
    if "enc" in said:
        yield find(HEADER, "encrypted")
    if "zip" in said:
        yield find(HEADER, "compressed")
    if "cty" in said and "jwt" in str(said["cty"]).casefold():
        yield find(HEADER, "nested")


def _is_list_of_extensions(said: Mapping[str, Any]) -> bool:
    crit = said["crit"]
    if not isinstance(crit, list) or not crit or not all(isinstance(name, str) for name in crit):
        return False
    return len(set(crit)) == len(crit) and all(name in said for name in crit)
