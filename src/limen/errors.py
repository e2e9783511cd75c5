"""Errors say who must act.

LimenError
├── Denied          the client: not signed in, or not allowed (401, 403)
├── Rejected        whoever wrote the input: it cannot be accepted as it is (400, 409, 413, 415, 422, 431)
├── Throttled       the client: too many attempts, come back after `retry_after` seconds (429)
├── Misconfigured   the developer: raised when an object is made, never while it serves
└── Unavailable     the operator: a part that is needed is down, so the answer is no (503)

`code` is stable and goes over the wire. `reason` is finer, for logs, the lab and the workbench, and
never leaves the server: telling an attacker which check failed helps nobody else. Neither ever
contains a credential, a password or a key.
"""

from __future__ import annotations

from typing import ClassVar


class LimenError(Exception):
    """Base of everything that Limen raises on purpose."""

    status: ClassVar[int] = 500

    def __init__(self, message: str, *, code: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason or code

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, reason={self.reason!r})"


class Denied(LimenError):
    """The client is not signed in (401) or may not do this (403); `scopes` are those that would be needed.

    `max_age`: signed in too long ago; how old, in seconds, the proof of who it is may be.
    """

    status: ClassVar[int] = 401

    def __init__(
        self,
        message: str,
        *,
        code: str,
        reason: str | None = None,
        forbidden: bool = False,
        scopes: tuple[str, ...] = (),
        max_age: float | None = None,
    ) -> None:
        super().__init__(message, code=code, reason=reason)
        self.forbidden = forbidden
        self.scopes = scopes
        self.max_age = max_age


class Rejected(LimenError):
    """The input cannot be accepted as it is; `status` says how, `field` says where.

    `clears` are `Set-Cookie` values for the answer, where a browser would send the same again and again.
    """

    status: ClassVar[int] = 400

    def __init__(
        self,
        message: str,
        *,
        code: str,
        reason: str | None = None,
        status: int = 400,
        field: str | None = None,
        clears: tuple[bytes, ...] = (),
    ) -> None:
        super().__init__(message, code=code, reason=reason)
        self.http_status = status
        self.field = field
        self.clears = clears


class Throttled(LimenError):
    """Too many attempts; the same request may succeed after `retry_after` seconds (RFC 6585 §4)."""

    status: ClassVar[int] = 429

    def __init__(
        self, message: str, *, retry_after: float, code: str = "too_many_attempts", reason: str | None = None
    ) -> None:
        super().__init__(message, code=code, reason=reason)
        self.retry_after = retry_after


class Misconfigured(LimenError):
    """A setting is missing or unsafe; the message says which one and what to do."""

    def __init__(self, message: str, *, code: str = "misconfigured", reason: str | None = None) -> None:
        super().__init__(message, code=code, reason=reason)


class Unavailable(LimenError):
    """A part that is needed cannot be had just now, so nothing is allowed (fails closed)."""

    status: ClassVar[int] = 503

    def __init__(
        self,
        message: str,
        *,
        retry_after: float = 1.0,
        code: str = "unavailable",
        reason: str | None = None,
    ) -> None:
        super().__init__(message, code=code, reason=reason)
        self.retry_after = retry_after
