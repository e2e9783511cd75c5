"""The same work for every wrong password, while some hashes are Django's still and others Limen's.

A hash of Django's takes ten times as long to verify as one of Limen's, so whoever measured would learn who is
known, and who has signed in since. While there are both kinds a wrong password is compared with one of each.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from functools import lru_cache

from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hasher, make_password
from django.db.models import F

from limen.clock import Mono, Seconds
from limen.django.models import Link

_ASKED_EVERY: Seconds = 60.0
_asked: dict[str, tuple[Mono, bool]] = {}


def balance(*, now: Mono) -> Callable[[str], tuple[str, ...]] | None:
    """What else a wrong password is compared with, by the hash that it was compared with; None once there
    are hashes of one kind alone."""
    asked, found = _asked.get("", (Mono(0.0), False))
    if not _asked or now - asked >= _ASKED_EVERY:
        found = Link.objects.filter(account_hash=F("user_hash")).exists()
        _asked[""] = now, found
    return others if found else None


def forget() -> None:
    """Ask again: somebody was adopted."""
    _asked.clear()


def others(stored: str) -> tuple[str, ...]:
    """Hashes of no password that cost what a hash of Django's preferred kind costs beyond `stored`."""
    hasher = get_hasher("default")
    if isinstance(hasher, PBKDF2PasswordHasher) and hasher.digest().name == "sha256":
        done = int(stored.split("$")[1]) if stored.startswith(f"{hasher.algorithm}$") else 0
        left = hasher.iterations - done
        return (_pbkdf2(left),) if left > 0 else ()
    return () if stored.startswith(f"{hasher.algorithm}$") else (_made(hasher.algorithm),)


@lru_cache(maxsize=64)
def _pbkdf2(iterations: int) -> str:
    nothing = base64.b64encode(secrets.token_bytes(32)).decode()
    return f"pbkdf2_sha256${iterations}${secrets.token_hex(8)}${nothing}"


@lru_cache(maxsize=8)
def _made(algorithm: str) -> str:
    made: str = make_password(secrets.token_hex(16), hasher=algorithm)
    return made
