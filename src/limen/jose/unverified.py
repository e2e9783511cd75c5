"""What a token says, for people who look at one. Nothing here is checked, and nothing here is `Claims`.

Only the decoder of the command line and the explanation of a verdict may import this (a lint sees to it):
whoever acts on what a token says must have it verified.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from limen.errors import Denied, Rejected
from limen.jose import b64, jws, strict_json

MAXIMUM_CHARACTERS = 1 << 20
_SEGMENTS, _SEGMENTS_OF_JWE = 3, 5


@dataclass(frozen=True, slots=True)
class Unverified:
    """Header and claims as written, which anybody may have written."""

    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    signature: bytes = field(repr=False)
    flaws: tuple[str, ...]
    """Why its form alone keeps every verifier of ours from taking it, in the words of `Denied.reason`."""


def read(token: str) -> Unverified:
    """What `token` says, as leniently as can be; Rejected (`token_unreadable`) where that is nothing."""
    if len(token) > MAXIMUM_CHARACTERS:
        raise _unreadable("longer than 1 MiB", "token_too_large")
    segments = token.split(".")
    if len(segments) == _SEGMENTS_OF_JWE:
        raise _unreadable("encrypted (JWE), and only who has the key can read it", "token_encrypted")
    if len(segments) != _SEGMENTS:
        raise _unreadable(f"of {len(segments)} parts, where a token has 3", "segments_wrong")
    head, body, tail = segments
    header, claims = _object(head, "header"), _object(body, "payload")
    return Unverified(header, claims, _lenient(tail, "signature"), tuple(_flaws(head, body, tail)))


def _flaws(head: str, body: str, tail: str) -> list[str]:
    found = []
    try:
        jws.read_header(head.encode())
    except Denied as error:
        found.append(error.reason)
    try:
        strict_json.load_object(b64.decode(body))
    except strict_json.DuplicateNameError:
        found.append("claims_duplicate")
    except ValueError:
        found.append("payload_malformed")
    try:
        b64.decode(tail)
    except ValueError:
        found.append("signature_malformed")
    return found


def _object(segment: str, part: str) -> dict[str, Any]:
    try:
        value = json.loads(_lenient(segment, part))
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"none: its {part} is no JSON", f"{part}_malformed") from error
    if not isinstance(value, dict):
        raise _unreadable(f"none: its {part} is no JSON object", f"{part}_malformed")
    return value


def _lenient(segment: str, part: str) -> bytes:
    """The bytes of base64 in either alphabet, padded or not."""
    text = segment.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise _unreadable(f"none: its {part} is not base64url", f"{part}_malformed") from error


def _unreadable(what: str, reason: str) -> Rejected:
    return Rejected(f"this text is {what}", code="token_unreadable", reason=reason, status=422)
