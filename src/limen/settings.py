"""Settings: what can be chosen, checked when made, each with a sentence that says what to do.

They come from keyword arguments, `limen.toml` and the environment (`LIMEN_*`), in rising precedence, and
each knows where its value came from. A deployment is in development exactly when its issuer is plain http on
a loopback address: only there is a secret made for you, and only there do cookies go without `Secure`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from limen.clock import Seconds
from limen.errors import Misconfigured
from limen.secret import Secret

DEVELOPMENT_DIRECTORY = ".limen"


class Transport(StrEnum):
    """How credentials travel."""

    COOKIE = "cookie"
    BEARER = "bearer"


class Registration(StrEnum):
    """Who may make an account."""

    OPEN = "open"
    CLOSED = "closed"
    """Operators alone, by the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be chosen. Durations are in seconds."""

    database: str = f"sqlite:///{DEVELOPMENT_DIRECTORY}/limen.db"
    secret: Secret | None = field(default=None, repr=False)
    strategy: str = "hybrid"
    """`session`, `jwt` or `hybrid`: what a sign-in hands out."""
    accept: tuple[str, ...] = ()
    """Further strategies whose credentials are still good: for moving a live system."""
    issuer: str = "http://127.0.0.1:8000"
    audience: str = ""
    """Whom access tokens are for; empty: the issuer itself."""
    client_id: str = "limen"
    """The `client_id` claim of RFC 9068 for our own pages and API."""
    transports: tuple[str, ...] = ("cookie", "bearer")
    prefix: str = "/auth"
    algorithm: str = "ES256"
    access_lifetime: Seconds = 15 * 60
    idle_lifetime: Seconds = 7 * 86_400
    absolute_lifetime: Seconds = 30 * 86_400
    refresh_grace: Seconds = 10
    max_staleness: Seconds = 5
    leeway: Seconds = 5
    """Clock difference tolerated between issuer and verifier; at most 60."""
    cache_size: int = 10_000
    """Verified credentials remembered per process; 0 asks the store for every session request."""
    session_limit: int = 100
    """Live sessions per account; the oldest ends when one more is opened."""
    registration: str = "open"
    default_scopes: tuple[str, ...] = ()
    """What a new account may do."""
    password_scheme: str = "argon2id"  # noqa: S105 - the name of a scheme
    password_min_length: int = 15
    """8 is for deployments where a second factor is enforced (NIST SP 800-63B-4 §3.1.1.2)."""
    argon2_memory_kib: int = 19_456
    argon2_time_cost: int = 2
    argon2_parallelism: int = 1
    bcrypt_cost: int = 12
    hash_threads: int = 0
    """0: as many as there are cores."""
    hash_queue: int = 64
    hosts: tuple[str, ...] = ()
    """`Host` values answered besides the issuer's."""
    origins: tuple[str, ...] = ()
    """Origins besides the issuer's that may send cookies with unsafe requests, and may use CORS."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks whose `X-Forwarded-*` is believed."""
    jwks_max_age: int = 300
    key_rotation: Seconds = 90 * 86_400
    clients: tuple[str, ...] = ()
    """Client ids that may introspect and revoke; each secret is printed by `limen key client`."""

    @property
    def development(self) -> bool:
        """Plain http on loopback, and nothing else."""
        return is_loopback_http(self.issuer)


def is_loopback_http(url: str) -> bool:
    """Whether `url` is plain http on this very machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http":
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_secret(settings: Settings) -> Secret:
    """The secret, or Misconfigured with what to do."""
    if settings.secret is None:
        raise Misconfigured(
            "LIMEN_SECRET is not set; make one with `limen key secret` and keep it outside the database",
            code="secret_missing",
        )
    return settings.secret
