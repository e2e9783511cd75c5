"""What can go wrong between us and Redis, and what each means to whom.

Inside the store two things matter: whether the step may have been carried out, and whether asking again can
help.
"""

from __future__ import annotations

import hiredis

from limen.clock import Seconds
from limen.errors import LimenError, Misconfigured, Unavailable

_NOT_DONE = {
    "READONLY": "redis_readonly",
    "MOVED": "redis_moved",
    "ASK": "redis_moving",
    "TRYAGAIN": "redis_moving",
    "CLUSTERDOWN": "redis_cluster_down",
    "MASTERDOWN": "redis_master_down",
    "LOADING": "redis_loading",
    "BUSY": "redis_busy",
    "NOREPLICAS": "redis_no_replicas",
    "OOM": "redis_full",
    "MISCONF": "redis_cannot_save",
    "NOAUTH": "redis_refused",
    "WRONGPASS": "redis_refused",
    "NOPERM": "redis_refused",
    "ERR": "redis_error",
}
"""The first word of an error → our word for it. After each, nothing was done."""
_ELSEWHERE_IN_SCRIPT = "attempted to access a non local key"
"""Said by a script's first command on a key that has moved; each of ours asks after them before it writes."""
ELSEWHERE = frozenset(
    {"redis_readonly", "redis_moved", "redis_moving", "redis_cluster_down", "redis_master_down"}
)
"""The master may be another one by now: look for it."""
REFUSED = frozenset({"redis_refused"})


class Lost(Exception):
    """It was sent, and no answer came: it may have been done or not."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotDone(Exception):
    """It was not done: nobody could be asked, or Redis said no."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unsettled(Exception):
    """Redis is not known to hold what it should: it was flushed, restored, restarted or failed over."""

    reason = "redis_unsettled"


def refused(error: Exception) -> NotDone:
    """An error that Redis answered. Its text could quote what we sent, so its first word alone is kept."""
    if _ELSEWHERE_IN_SCRIPT in str(error):
        return NotDone("redis_moving")
    word = str(error).split(" ", 1)[0] if isinstance(error, hiredis.ReplyError) else ""
    return NotDone(_NOT_DONE.get(word, "redis_error"))


def is_noscript(error: object) -> bool:
    return isinstance(error, hiredis.ReplyError) and str(error).startswith("NOSCRIPT")


def unavailable(reason: str, *, retry_after: Seconds = 1.0) -> Unavailable:
    """What a caller is told when Redis fails while it serves."""
    return Unavailable("sessions cannot be reached just now", reason=reason, retry_after=retry_after)


def unconfirmed() -> Unavailable:
    """The step was carried out, and too few replicas say that they have it: a failover could undo it."""
    return Unavailable(
        "this was done, but too few replicas have confirmed it: repeat it",
        code="unconfirmed",
        retry_after=1.0,
    )


def closed() -> Unavailable:
    return Unavailable(
        "the sessions' store is not open: Limen was not started, or has ended", reason="store_closed"
    )


def forked() -> Unavailable:
    return Unavailable(
        "this store was opened before the process was forked: open one in each process", code="store_forked"
    )


def at_start(reason: str) -> LimenError:
    """What is said when Redis cannot be used at the start: Misconfigured where waiting would not help."""
    if reason in REFUSED:
        return Misconfigured("Redis refused the user or password of session_store, or one of our commands")
    if reason == "redis_tls":
        return Misconfigured("Redis speaks no TLS that we trust: see `ca`, `cert` and `key` of session_store")
    return unavailable(reason)
