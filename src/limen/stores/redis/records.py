"""Sessions and events as Redis keeps them, and read back as what they should be.

A session is one string: fixed fields first, where the scripts find them, then four texts. Instants are
doubles in it, so nothing is rounded on the way through Lua. What cannot be read counts as absent and is
logged without content.
"""

from __future__ import annotations

import logging
import struct
from math import isfinite
from typing import Any

from limen import ids
from limen.clock import Instant
from limen.ids import AccountID, SessionID
from limen.revocations import Kind, Revocation
from limen.sessions import Digest, Session, StrategyName
from limen.stores.base import joined, split

_log = logging.getLogger("limen.stores")

_HEADER = struct.Struct(">BQ16s16sI32sddddddBIII")
_VERSION = 1
_STRATEGIES = (StrategyName.SESSION, StrategyName.JWT, StrategyName.HYBRID)


def pack(session: Session) -> bytes:
    """The record of a session; the script that keeps it fills in the epoch."""
    s = session
    amr, agent, source = joined(s.amr).encode(), s.user_agent.encode(), s.source.encode()
    return b"".join(
        (
            _HEADER.pack(
                _VERSION, 0, ids.to_bytes(s.id), ids.to_bytes(s.account), s.generation, s.digest, s.rotated,
                s.touched, s.ends, s.expires, s.created, s.authenticated, _STRATEGIES.index(s.strategy),
                len(amr), len(agent), len(source),
            ),
            amr, agent, source, joined(s.scopes).encode(),
        )
    )  # fmt: skip


def session(record: bytes, epoch: int, sid: SessionID | None = None) -> Session | None:
    """The session of a record; None if it is none, of another epoch, or not the one that was asked for."""
    try:
        return _session(record, epoch, sid)
    except (ValueError, IndexError, struct.error):
        _log.error("a session in Redis cannot be read and counts as absent")
        return None


def _session(record: bytes, epoch: int, asked: SessionID | None) -> Session | None:
    (
        version, of, raw, owner, generation, digest, rotated, touched, ends, expires, created, authenticated,
        strategy, amr_size, agent_size, source_size,
    ) = _HEADER.unpack_from(record)  # fmt: skip
    sid = SessionID(ids.from_bytes(raw))
    if of != epoch or (asked is not None and sid != asked):
        _log.critical("Redis answered with the session of another id or epoch; it counts as absent")
        return None
    # One sum sees what is no moment in any of them: with nan nothing compares.
    if version != _VERSION or not isfinite(rotated + touched + ends + expires + created + authenticated):
        raise ValueError
    amr = _HEADER.size + amr_size
    agent = amr + agent_size
    source = agent + source_size
    if source > len(record):
        raise ValueError
    return Session(
        sid,
        AccountID(ids.from_bytes(owner)),
        _STRATEGIES[strategy],
        Digest(digest),
        generation,
        Instant(rotated),
        Instant(created),
        Instant(authenticated),
        split(record[_HEADER.size : amr].decode()),
        split(record[source:].decode()),
        Instant(touched),
        Instant(ends),
        Instant(expires),
        record[amr:agent].decode(),
        record[agent:source].decode(),
    )


def raw(uuid: str) -> bytes | None:
    """The 16 bytes of an id; None of what is no canonical UUID, which names nothing."""
    try:
        return ids.to_bytes(ids.parse(uuid))
    except ValueError:
        return None


def event(entry: Any) -> Revocation | None:
    """The event of an entry of the stream; None if it is none."""
    try:
        fields = entry[1]
        named = dict(zip(fields[::2], fields[1::2], strict=True))
        return Revocation(
            Kind(named[b"k"].decode()),
            named[b"s"].decode(),
            _moment(named[b"u"]),
            _moment(named[b"n"]),
            _moment(named[b"a"]),
            named[b"w"].decode(),
            position(entry),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        _log.error("an event in Redis cannot be read and counts as absent")
        return None


def _moment(text: bytes) -> Instant:
    """ValueError for what is no moment: with one nothing compares, and the event would cover nobody."""
    value = float(text)
    if not isfinite(value):
        raise ValueError
    return Instant(value)


def position(entry: Any) -> int:
    """The position of an entry of the stream."""
    return int(entry[0].split(b"-")[0])
