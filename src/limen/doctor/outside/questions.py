"""What a stranger asks of a deployment: a few requests that change nothing and need no credential."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from limen.doctor.outside.seen import EXAMPLE, REQUEST, STRANGER
from limen.transport import CookieNames

LARGE = 4_096
"""Bytes of the largest access token that fits a cookie."""
_LOCAL = "limen-sid=a; limen-sid=b"
"""What they are called in development."""
_SIGN_IN = b'{"email":"nobody@limen-doctor.invalid","password":"limen-doctor","transport":"cookie"}'
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `clear`: by plain http."""

    name: str
    method: str
    path: str
    headers: Headers = ()
    clear: bool = False
    body: bytes = b""
    """JSON, if any."""


def questions(origin: str, prefix: str) -> Iterator[Question]:
    """All of them in their order; `plain` is the first, and without its answer the others mean nothing."""
    session, login = f"{prefix}/session", f"{prefix}/login"
    names = CookieNames()
    yield Question("plain", "GET", session)
    yield Question("bearer", "GET", session, (("Authorization", "Bearer limen-doctor"),))
    yield Question("large", "GET", session, (("Authorization", "Bearer " + "x" * LARGE),))
    # Two cookies of one name: Limen refuses both and takes them away: a Set-Cookie without a sign-in.
    yield Question("twice", "GET", session, (("Cookie", f"{names.sid}=a; {names.sid}=b; {_LOCAL}"),))
    # Whether either transport is allowed here. Both are refused before anything is tried: the one because no
    # page of ours says that it sent it, the other because nothing of ours looks like that.
    yield Question("cookies", "POST", login, body=_SIGN_IN)
    yield Question("bearers", "POST", f"{prefix}/refresh", body=b'{"refresh_token":"limen-doctor"}')
    yield Question("scheme", "GET", session, (("X-Forwarded-Proto", "http"),))
    forged = (("X-Forwarded-For", EXAMPLE), ("Remote-User", "limen-doctor"), ("Limen-Probe", "1"))
    yield Question("source", "GET", session, forged)
    yield Question("named", "GET", session, (("X-Request-Id", REQUEST),))
    yield Question("cors", "GET", session, (("Origin", STRANGER),))
    preflight = (("Origin", STRANGER), ("Access-Control-Request-Method", "POST"))
    yield Question("preflight", "OPTIONS", session, preflight)
    # Without a body it is no attempt to sign in, and charges nothing; whose page sent it is asked before.
    yield Question("forged", "POST", login, (("Origin", STRANGER), ("Content-Length", "0")))
    yield Question("own", "POST", login, (("Origin", origin), ("Content-Length", "0")))
    yield Question("missing", "GET", f"{prefix}/status-list/limen-doctor")
    yield Question(
        "page", "GET", "/sign-in", (("Accept", "text/html"), ("Accept-Encoding", "gzip, br, zstd"))
    )
    yield Question("keys", "GET", "/.well-known/jwks.json")
    yield Question("metadata", "GET", "/.well-known/oauth-authorization-server")
    for name in ("readyz", "metrics", "openapi.json", "workbench", "playground"):
        yield Question(name, "GET", f"/{name}")


def in_clear(prefix: str) -> Iterator[Question]:
    """What is asked of the port for plain http."""
    yield Question("clear", "GET", "/sign-in", (("Accept", "text/html"),), clear=True)
    yield Question("clear_forged", "GET", f"{prefix}/session", (("X-Forwarded-Proto", "https"),), clear=True)


def with_credential(prefix: str, credential: str) -> Question:
    """What needs somebody who has signed in."""
    headers = (("Authorization", f"Bearer {credential}"), ("Limen-Activity", "none"))
    return Question("signed_in", "GET", f"{prefix}/session", (*headers, ("Accept-Encoding", "gzip, br")))
