"""Problem documents (RFC 9457): how an error is told over HTTP, and what a client may know of it.

`detail` is the sentence that the error was raised with; `reason` stays here. `type` is a name and no address,
so that it means the same wherever an application lies; docs/errors.md explains each `code`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from limen.errors import Denied, LimenError, Misconfigured, Rejected, Throttled, Unavailable

_CONTENT_TYPE = (b"content-type", b"application/problem+json")
_NO_STORE = (b"cache-control", b"no-store")
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""The phrases of RFC 9110 that older Pythons do not know yet: a title must not depend on the interpreter."""
_INVALID_TOKEN = frozenset(
    {
        "credential_expired",
        "credential_invalid",
        "credential_revoked",
        "token_expired",
        "token_invalid",
        "token_stale",
    }
)
_INVALID_REQUEST = frozenset({"credential_ambiguous", "credential_malformed"})
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+\Z", re.ASCII)  # RFC 6749 §3.3: no quote, no backslash


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer, but for its length."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def problem(error: LimenError, *, instance: str | None = None) -> Problem:
    """The document for `error`. `instance` names this occurrence, as the log does."""
    status = status_of(error)
    headers = [_CONTENT_TYPE, _NO_STORE]
    challenge = _challenge(error, status)
    if challenge is not None:
        headers.append((b"www-authenticate", challenge.encode("ascii")))
    document: dict[str, Any] = {
        "type": f"urn:limen:problem:{error.code}",
        "title": _TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": _detail(error),
        "code": error.code,
    }
    if isinstance(error, Rejected):
        headers += [(b"set-cookie", value) for value in error.clears]
        if error.field is not None:
            document["field"] = error.field
    if isinstance(error, Throttled | Unavailable):
        document["retry_after"] = seconds = _whole(error.retry_after)
        headers.append((b"retry-after", b"%d" % seconds))
    if instance is not None:
        document["instance"] = instance
    return Problem(status, headers, msgspec.json.encode(document))


def refusal(error: LimenError) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of the answer that tells `error`, with its length."""
    found = problem(error)
    return found.status, [*found.headers, (b"content-length", b"%d" % len(found.body))], found.body


def status_of(error: LimenError) -> int:
    """The HTTP status that says who must act."""
    if isinstance(error, Denied):
        return 403 if error.forbidden else 401
    return error.http_status if isinstance(error, Rejected) else error.status


def shown(path: str) -> str:
    """A path for a line of the log: whoever asks for it begins no line of their own there, nor fills it."""
    return path[:200].encode("unicode_escape").decode("ascii")


def _detail(error: LimenError) -> str:
    if isinstance(error, Misconfigured):  # it speaks to whoever set this up, of files and settings
        return "the server is not set up as it must be; its log says what to do"
    return error.message.encode("utf-8", "replace").decode()


def _challenge(error: LimenError, status: int) -> str | None:
    """`WWW-Authenticate` by RFC 6750 §3 and RFC 9470 §3: why a token was not enough, and nothing more if none
    was sent."""
    plain = 'Bearer realm="limen"'
    if isinstance(error, Denied) and error.max_age is not None:
        return f'{plain}, error="insufficient_user_authentication", max_age="{math.floor(error.max_age)}"'
    if status == 401:
        return f'{plain}, error="invalid_token"' if error.code in _INVALID_TOKEN else plain
    if error.code in _INVALID_REQUEST:
        return f'{plain}, error="invalid_request"'
    if error.code == "insufficient_scope":
        needed = error.scopes if isinstance(error, Denied) else ()
        named = f', scope="{" ".join(needed)}"' if needed and all(map(_SCOPE.match, needed)) else ""
        return f'{plain}, error="insufficient_scope"{named}'
    return None


def _whole(seconds: float) -> int:
    """Whole seconds, rounded up, so that coming back then is not too early; a day if it is more, or NaN."""
    return math.ceil(max(seconds, 1.0)) if seconds <= 86_400 else 86_400
