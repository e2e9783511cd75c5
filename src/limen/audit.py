"""The audit log: who did what, on whom, from where, with what result. One JSON object a line, no secrets.

It is written through the logger `limen.audit`, so that an operator sends it wherever logs go.
"""

from __future__ import annotations

import logging

import msgspec

from limen.clock import Instant

_log = logging.getLogger("limen.audit")


def record(
    event: str,
    *,
    at: Instant,
    result: str = "ok",
    account: str | None = None,
    session: str | None = None,
    source: str = "",
) -> None:
    """Write one line. `event` is a fixed word; `account` is an id, never an address that was typed."""
    line = {"event": event, "at": round(at, 3), "result": result}
    if account is not None:
        line["account"] = account
    if session is not None:
        line["session"] = session
    if source:
        # An address is ASCII. What is not must neither break the line nor, as half a character, the sign-in.
        line["source"] = source[:64].encode("ascii", "backslashreplace").decode()
    _log.info("%s", msgspec.json.encode(line).decode())
