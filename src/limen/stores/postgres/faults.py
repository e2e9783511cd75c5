"""What a failure of PostgreSQL means: repeat the step, tell the operator, or tell the developer."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import asyncpg

from limen.errors import LimenError, Misconfigured, Unavailable

CONTENDED = frozenset({"40001", "40P01", "55P03"})
"""serialization_failure, deadlock_detected, lock_not_available: others were in the way, for a moment."""
_LOST = ("08", "57P01", "57P02", "57P03", "57P05", "25006", "25P03", "25P04", "53300", "0A000", "26000")
"""The connection, or the server behind it, is not the one to ask any more: another may be.

0A000 is a plan that a migration has outdated, or `READ WRITE` on a standby; 26000 a statement that a pooler
has lost.
"""
_AT_START = {
    "28P01": "refuses the password",
    "28000": "refuses this user",
    "3D000": "has no such database: create it",
    "3F000": "has no such schema: create it",
    "42501": "does not let this user do what is needed",
}

_UNREACHED: dict[type[BaseException], str] = {
    ConnectionRefusedError: "nothing listens where PostgreSQL should: start it, or put its address right",
    socket.gaierror: "the host of PostgreSQL is not known: put its address right, or mend the DNS",
    FileNotFoundError: "no such file: PostgreSQL's socket, or one that sslrootcert or its like name",
}
_UNFIT: dict[type[BaseException], str] = {
    ssl.SSLCertVerificationError: "PostgreSQL's certificate is not believed: name its authority with "
    "sslrootcert, its host as the certificate does, or renew it",
    asyncpg.ClientConfigurationError: "the options of the PostgreSQL address do not fit: sslmode=verify-full "
    "wants the certificate of the server's authority, as sslrootcert=FILE or in ~/.postgresql/root.crt",
}
"""What waiting does not mend. Of TLS that is the certificate alone: a handshake also fails where the server,
or a proxy before it, is just being started again."""
_NO_TLS = "rejected SSL upgrade"
"""The words of the driver for a server that has none. Its other errors of that kind are cut connections."""


class Crowded(Exception):
    """Somebody made the same rows in the same moment: look again."""


class Undo(Exception):
    """Raised by an operation: take back what it wrote, and give this answer."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer


def is_contended(error: BaseException) -> bool:
    """Whether the step met others, and will fare better a moment later."""
    return isinstance(error, Crowded) or getattr(error, "sqlstate", None) in CONTENDED


def is_lost(error: BaseException) -> bool:
    """Whether the connection is of no use any more, so that the step may be repeated on another.

    The driver's own complaints count: a connection that is closed or in the wrong state is a lost one.
    """
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_LOST)
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # the driver's DataError: the caller's argument
    return isinstance(error, OSError | EOFError | asyncpg.InternalClientError)


def is_foreign(error: BaseException) -> bool:
    """Whether the failure is PostgreSQL's or the way to it, and not the caller's."""
    return isinstance(error, asyncpg.PostgresError | Crowded) or is_lost(error)


def name_of(error: BaseException) -> str:
    """`40001 SerializationError`: what may be logged. The message could quote what was stored."""
    state = getattr(error, "sqlstate", None)
    return f"{state} {type(error).__name__}" if state else type(error).__name__


def unavailable(error: BaseException) -> Unavailable:
    """What a caller is told when PostgreSQL fails while it serves."""
    return Unavailable("the database cannot be used just now", reason=name_of(error))


def at_start(error: BaseException) -> LimenError:
    """What is said when the database cannot be opened: Misconfigured where waiting would not help."""
    if isinstance(error, LimenError):
        return error
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return standby()
    for kind, unfit in _UNFIT.items():
        if isinstance(error, kind):
            return Misconfigured(unfit, reason=name_of(error))
    if isinstance(error, ConnectionError) and _NO_TLS in str(error):
        return Misconfigured(
            "the PostgreSQL server speaks no TLS: give it a certificate, or say sslmode=disable where it is "
            "on this very machine",
            reason=name_of(error),
        )
    for kind, unreached in _UNREACHED.items():
        if isinstance(error, kind):
            return Unavailable(unreached, reason=name_of(error))
    for cause in _causes(error):
        sentence = _AT_START.get(getattr(cause, "sqlstate", None) or "")
        if sentence is not None:
            return Misconfigured(f"the PostgreSQL server {sentence}", reason=name_of(cause))
    return unavailable(error)


def standby() -> Misconfigured:
    return Misconfigured(
        "the PostgreSQL server is a standby, which may not have seen a revocation yet: name the primary, or "
        "all hosts (postgresql://a,b/database)",
        reason="standby",
    )


def closed() -> Unavailable:
    return Unavailable("the database is not open: Limen was not started, or has ended", reason="store_closed")


def forked() -> Unavailable:
    return Unavailable(
        "this store was opened before the process was forked: open one in each process",
        code="store_forked",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
