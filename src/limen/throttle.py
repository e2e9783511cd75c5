"""Throttles: guessing gets slower and slower, and a stranger keeps nobody out of a device that is known.

An attempt is charged *before* its password is looked at, in one atomic step over all its buckets, so two
hundred parallel guesses at a limit of ten give ten evaluations. Success clears the account's bucket and gives
the source back its one charge; it never clears the source's (else an attacker resets it with an account of
his own).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from limen.clock import Instant, Seconds


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` charges at once; after them each further one waits twice as long, from `first` to `longest`.

    One charge is forgotten every `drain` seconds; None forgets none (NIST SP 800-63B-4 §3.2.2 counts
    consecutive failures of an authenticator). At `cap` charges the bucket is shut until it is cleared.
    """

    free: int
    first: Seconds = 1
    longest: Seconds = 3_600
    drain: Seconds | None = None
    cap: int | None = None
    keep: Seconds = 30 * 86_400
    """How long an untouched bucket is kept."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The charges on one key. No attempt before `opens`; worth keeping until `ends`."""

    key: str
    charges: float
    opens: Instant
    last: Instant
    ends: Instant


@dataclass(frozen=True, slots=True)
class Charged:
    """The attempt may go on; `bucket` is what the store must keep."""

    bucket: Bucket


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: come back after `seconds`. `shut`: time alone does not open it, only recovery does."""

    key: str
    seconds: Seconds
    shut: bool = False


def charge(key: str, bucket: Bucket | None, limit: Limit, *, now: Instant) -> Charged | Wait:
    """Count one attempt against a bucket, or say how long to wait. A clock that jumped back frees nobody."""
    charges, last = _drained(bucket, limit, now)
    if limit.cap is not None and charges >= limit.cap:
        return Wait(key, limit.longest, shut=True)
    left = 0.0 if bucket is None else _left(bucket, limit, now)
    if left > 0:
        return Wait(key, min(left, limit.longest))
    charges += 1
    over = charges - limit.free
    delay = 0.0 if over < 0 else min(limit.first * 2.0 ** min(over, 40), limit.longest)
    return Charged(Bucket(key, charges, Instant(last + delay), last, Instant(last + limit.keep)))


def refunded(bucket: Bucket, *, free: int) -> Bucket:
    """The bucket with one charge given back; its waiting time stays unless it is back within `free`."""
    charges = max(bucket.charges - 1, 0.0)
    opens = bucket.last if charges < free else bucket.opens
    return Bucket(bucket.key, charges, Instant(min(opens, bucket.opens)), bucket.last, bucket.ends)


def sources(address: str) -> tuple[str, str]:
    """The two prefixes that a source is counted by: host (/32, /64) and network (/24, /48).

    An IPv4 address inside IPv6 counts as the IPv4 address; what is no address counts as one source.
    """
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return ("unknown/host", "unknown/network")
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    host, network = (32, 24) if ip.version == 4 else (64, 48)
    return tuple(str(ipaddress.ip_network((ip, bits), strict=False)) for bits in (host, network))  # type: ignore[return-value]


def _left(bucket: Bucket, limit: Limit, now: Instant) -> Seconds:
    """How long the bucket is still closed, counted from its last charge where that seems to lie ahead.

    Ahead by a little: another process was faster, and what is free stays free. By more than the longest wait:
    the clock was wrong then, and closing the bucket until that moment comes could take years.
    """
    ahead = max(bucket.last - now, 0.0)
    return 0.0 if ahead > limit.longest else bucket.opens - now - ahead


def _drained(bucket: Bucket | None, limit: Limit, now: Instant) -> tuple[float, Instant]:
    """The charges that are left, and the moment from which on the next ones drain."""
    if bucket is None:
        return 0.0, now
    last = now if bucket.last - now > limit.longest else max(now, bucket.last)
    if limit.drain is None:
        return bucket.charges, last
    return max(bucket.charges - max(last - bucket.last, 0.0) / limit.drain, 0.0), last
