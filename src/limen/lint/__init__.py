"""Findings about tokens and keys, from what they say: nothing is verified here, and nothing is trusted.

Pure functions of mappings, for the command line and the workbench. Each finding has a stable id, what was
seen, why it matters with the section that says so, and how it is mended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from limen.clock import Instant
from limen.lint.catalogue import CATALOGUE, HEADER
from limen.lint.claims import claims, spell
from limen.lint.finding import Catalogue, Finding, Rule, Severity, find, worst_first
from limen.lint.headers import header
from limen.lint.keys import key, key_set, secret

__all__ = [
    "CATALOGUE",
    "Catalogue",
    "Finding",
    "Rule",
    "Severity",
    "find",
    "key",
    "key_set",
    "secret",
    "spell",
    "token",
    "worst_first",
]

COOKIE_MAX, HEADER_MAX = 4_096, 8_192
_COOKIE_ATTRIBUTES = 96
"""`__Host-token=…; Max-Age=…; Path=/; Secure; HttpOnly; SameSite=Lax` beside the value."""


def token(
    said: Mapping[str, Any],
    about: Mapping[str, Any] | None,
    *,
    size: int,
    now: Instant,
    expected: str | None = None,
    signed_with: bytes | None = None,
    flaws: Collection[str] = (),
) -> tuple[Finding, ...]:
    """What is odd about a token with this header and these claims (None where they cannot be read).

    `size` is its length in bytes, `expected` the algorithm of its key's record, `signed_with` its HMAC
    secret, where these are known; `flaws` is what its reader met in its form (`unverified.Unverified`).
    """
    found = list(header(said, expected=expected))
    if about is not None:
        found += claims(about, now=now)
    found += _form(flaws)
    if size > HEADER_MAX:
        found.append(find(HEADER, "size_header", size=size))
    elif size > COOKIE_MAX - _COOKIE_ATTRIBUTES:
        found.append(find(HEADER, "size_cookie", size=size))
    if signed_with is not None:
        found += secret(signed_with, alg=str(said.get("alg", "HS256")))
    return worst_first(found)


def _form(flaws: Collection[str]) -> Iterator[Finding]:
    if any(flaw.endswith("_duplicate") for flaw in flaws):
        yield find(HEADER, "duplicate_names")
    for part in ("header", "payload", "signature"):
        if f"{part}_malformed" in flaws:
            yield find(HEADER, "form_malformed", part=part)
