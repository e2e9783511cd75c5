"""A parser with a fault in it, for the test that sees whether a search finds one."""

from __future__ import annotations

from fuzz.target import target
from limen.jose import b64


@target("e30")
def planted(raw: bytes) -> None:
    """It does not declare what `b64` raises."""
    try:
        b64.decode(raw)
    except ValueError:
        raise RuntimeError("not declared") from None
