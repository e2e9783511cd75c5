"""The id of the request that is being answered: in its answer, and in every line that is written for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from limen import ids
from limen.clock import Instant
from limen.ids import Entropy
from limen.proxies import Trusted, is_trusted

HEADER = b"x-request-id"
_SHAPE = re.compile(rb"[A-Za-z0-9._~-]{1,128}\Z")
_current: ContextVar[str] = ContextVar("limen.request_id", default="")


def current() -> str:
    """The id of the request at hand; empty where there is none."""
    return _current.get()


@contextmanager
def under(request: str) -> Iterator[None]:
    """What is done inside is done for this request."""
    token = _current.set(request)
    try:
        yield
    finally:
        _current.reset(token)


def of(
    headers: Iterable[tuple[bytes, bytes]],
    peer: str | None,
    trusted: Trusted,
    *,
    now: Instant,
    entropy: Entropy,
) -> str:
    """The one id that a trusted proxy gave the request, if it looks like one; else a new UUIDv7.

    From anybody else it would be text of theirs in our log, and a way to be taken for somebody.
    """
    said = [value for name, value in headers if name == HEADER]
    if len(said) == 1 and _SHAPE.match(said[0]) and is_trusted(peer, trusted):
        return said[0].decode("ascii")
    return ids.uuid7(now, entropy)
