"""The record of everything that can be chosen."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from limen.clock import Seconds
from limen.errors import Misconfigured
from limen.secret import Secret

DEVELOPMENT_DIRECTORY = ".limen"
ADMIN_SCOPE = "limen:admin"
"""What makes an account an administrator's."""


class Transport(StrEnum):
    """How credentials travel."""

    COOKIE = "cookie"
    BEARER = "bearer"


class Registration(StrEnum):
    """Who may make an account."""

    OPEN = "open"
    CLOSED = "closed"
    """Operators alone, by the command line."""


class EmailVerification(StrEnum):
    """Whether an address must be proven before anybody signs in with it."""

    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be chosen, each with what it means: docs/configuration.md is made of these.

    Made by `load`, which checks. Durations are in seconds.
    """

    database: Annotated[
        str,
        "Where everything is kept: `sqlite:///file.db`, `postgresql://user@host/database`, or `memory://` "
        "for tests.",
    ] = field(default=f"sqlite:///{DEVELOPMENT_DIRECTORY}/limen.db", repr=False)
    session_store: Annotated[
        str,
        "Where sessions, revocations and throttles are kept beside the accounts in `database`: "
        "`redis://host:6379/0` and its kin (docs/redis.md). Empty: in `database` too.",
    ] = field(default="", repr=False)
    secret: Annotated[
        Secret | None,
        "At least 32 random bytes, as `limen key secret` prints them. Whoever has it can forge credentials, "
        "so it stays out of code and database.",
    ] = field(default=None, repr=False)
    secret_previous: Annotated[
        tuple[Secret, ...],
        "Further secrets whose seals are still good: the one before while its sessions live, the one to come "
        "while processes are restarted one by one.",
    ] = field(default=(), repr=False)
    strategy: Annotated[str, "`session`, `jwt` or `hybrid`: what a sign-in hands out."] = "hybrid"
    accept: Annotated[
        tuple[str, ...], "Further strategies whose credentials are still good: for moving a live system."
    ] = ()
    issuer: Annotated[
        str,
        "The address that people see: scheme, host, and port if it is not the usual one. https, unless the "
        "host is this very machine, which makes it a development set-up.",
    ] = "http://127.0.0.1:8000"
    audience: Annotated[str, "Whom access tokens are for; empty: the issuer itself."] = ""
    client_id: Annotated[str, "The claim `client_id` (RFC 9068) of our own pages and API."] = "limen"
    transports: Annotated[
        tuple[str, ...], "How credentials may travel. The first is used where a client does not say."
    ] = ("cookie", "bearer")
    prefix: Annotated[str, "The path below which the routes lie."] = "/auth"
    pages: Annotated[
        str, "The path below which the pages for people lie, such as /account; empty: at the root."
    ] = ""
    brand_name: Annotated[str, "What the pages call this service."] = "Limen"
    brand_logo: Annotated[
        str, "A file, .svg, .png or .webp, that the pages show in place of the name; at most 100 kB."
    ] = ""
    brand_color: Annotated[
        str,
        "The one colour of the pages. It must be readable on white paper; for dark pages it is lightened.",
    ] = "#0b665b"
    places: Annotated[
        str,
        "A MaxMind database (.mmdb) of towns and countries, by which the list of sessions names places; "
        "needs `limen[places]`.",
    ] = ""
    templates: Annotated[
        str, "A folder with templates and texts of your own, each in place of ours (docs/pages.md)."
    ] = ""
    algorithm: Annotated[
        str,
        "Of access tokens: ES256, ES384, EdDSA, RS256, PS256, or HS256, which nobody but this service can "
        "verify, so it asks for the `audience` to be the issuer.",
    ] = "ES256"
    access_lifetime: Annotated[Seconds, "Of an access token; at most a day."] = 15 * 60
    idle_lifetime: Annotated[Seconds, "A session that is not used for so long ends."] = 7 * 86_400
    absolute_lifetime: Annotated[Seconds, "A session ends after this, however much it is used."] = 30 * 86_400
    refresh_grace: Annotated[
        Seconds,
        "For so long a spent refresh credential gets the same successor again, for tabs that refresh at once "
        "and answers that were lost; at most 5m. Later it is a replay, and the session ends.",
    ] = 10
    max_staleness: Annotated[
        Seconds,
        "A view of the revocations older than this is not trusted: the store is asked, request by request.",
    ] = 5
    leeway: Annotated[Seconds, "Difference of clocks tolerated between issuer and verifier; at most 1m."] = 5
    cache_size: Annotated[
        int, "Verified credentials remembered by each process; 0 asks the store for every session request."
    ] = 10_000
    session_limit: Annotated[
        int, "Live sessions of one account; the oldest ends when one more is opened. 0: no limit."
    ] = 100
    registration: Annotated[
        str, "`open`: whoever has an address may register; `closed`: operators alone add accounts."
    ] = "open"
    mail: Annotated[
        str,
        "Where letters go: `smtps://user:password@host`, `smtp://host:587` (never without TLS but to this "
        "very machine), or in development `console:`, which writes them into the log, and with a folder "
        "behind it into files there. Empty: none are written, and nothing that needs one is offered.",
    ] = field(default="", repr=False)
    mail_from: Annotated[str, "Who letters are from: `App <no-reply@app.example>`."] = ""
    email_verification: Annotated[
        str,
        "`optional`: one may sign in with an address that is not proven yet; `required`: not before.",
    ] = "optional"
    default_scopes: Annotated[tuple[str, ...], "What a new account may do."] = ()
    password_scheme: Annotated[str, "How new passwords are hashed: `argon2id` or `bcrypt`."] = "argon2id"  # noqa: S105 - the name of a scheme
    password_min_length: Annotated[
        int,
        "Of new passwords. 8 is for where a second factor is enforced (NIST SP 800-63B-4 §3.1.1.2).",
    ] = 15
    argon2_memory_kib: Annotated[
        int, "Memory for each hash. `limen hash calibrate` proposes values for this machine."
    ] = 19_456
    argon2_time_cost: Annotated[int, "Passes over that memory."] = 2
    argon2_parallelism: Annotated[int, "Lanes of each hash."] = 1
    bcrypt_cost: Annotated[int, "Rounds as a power of two, if the scheme is bcrypt; at least 12."] = 12
    hash_threads: Annotated[int, "Passwords hashed at once. 0: as many as there are cores."] = 0
    hash_queue: Annotated[int, "Passwords that may wait for a thread; the next is told to come back."] = 64
    hosts: Annotated[
        tuple[str, ...], "Values of `Host` that are answered besides the issuer's; without a port: on any."
    ] = ()
    origins: Annotated[
        tuple[str, ...],
        "Origins besides the issuer's whose pages may send cookies with unsafe requests, and may use CORS.",
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        "Networks of the proxies whose `X-Forwarded-For` and `-Proto` are believed, and by `/forward-auth` "
        "what a browser asked for: `10.0.0.0/8`, `::1`, or `unix` for whoever connects by a Unix socket.",
    ] = ()
    sign_in_page: Annotated[
        str,
        "Where `/forward-auth` sends a browser that has not signed in: a path of this server, which counts "
        "where it has such a page, or the whole address of one of your own. Empty: nowhere, it answers 401.",
    ] = "/sign-in"
    forward_headers: Annotated[
        tuple[str, ...],
        "What `/forward-auth` tells of the caller as `Remote-…`, of `user`, `email`, `groups`, `name` and "
        "`scopes`. Without `email` and `name` it does not read the account.",
    ] = ("user", "email", "groups", "name", "scopes")
    forward_audience: Annotated[
        str,
        "Whom `X-Limen-JWT` is for, the signed answer of `/forward-auth` (docs/gateways.md); empty: there is "
        "none. Neither `audience` nor the issuer.",
    ] = ""
    status_list: Annotated[
        Seconds,
        "Tokens of the hybrid say where verifiers that are not ours learn whether their session has ended "
        "(`status`, IETF Token Status List), and no list outlives this, 10 s to an hour. 0: none.",
    ] = 0
    jwks_max_age: Annotated[int, "Seconds for which others may keep our public keys (`Cache-Control`)."] = 300
    key_rotation: Annotated[Seconds, "A new signing key is made this often."] = 90 * 86_400
    clients: Annotated[
        tuple[str, ...],
        "Ids of clients that may introspect, revoke and follow the feed; their secrets: `limen key client`.",
    ] = ()

    metrics_address: Annotated[
        str,
        "Where `limen serve` answers `/metrics`, `/healthz` and `/readyz` to whoever may connect: "
        "`127.0.0.1:9464`. Several workers take the ports that follow, one each. Empty: nowhere.",
    ] = ""
    drain_delay: Annotated[
        Seconds,
        "Told to end, `limen serve` goes on for so long while `/readyz` says 503, for balancers to hear of "
        "it; at most 1m. What is begun is finished afterwards, within 8 s.",
    ] = 0
    log_level: Annotated[str, "What `limen serve` logs: `debug`, `info`, `warning` or `error`."] = "info"
    log_format: Annotated[
        str, "Lines of `limen serve` on stderr: `text`, or `json`, an object each, with the request's id."
    ] = "text"
    traces: Annotated[
        str,
        "Of `limen serve`: `off`, or `otlp`, by which spans go over HTTP where the variables `OTEL_…` say; "
        "needs `limen[otel]`. Applications call `limen.tracing.trace(auth)`.",
    ] = "off"
    canary: Annotated[
        Seconds,
        "So often each process makes a session of its own, ends it, and measures until when it is refused; "
        "at least 10 s. It has an account that nobody can sign in to. 0: never.",
    ] = 0
    audit_keep: Annotated[
        Seconds,
        "For how long entries of the audit log are kept in `database`. 0: they are lines of the log alone.",
    ] = 365 * 86_400

    @property
    def place(self) -> str:
        """The address of the database as it may be shown and logged: without the password in it."""
        return without_password(self.database)

    @property
    def development(self) -> bool:
        """Plain http on loopback, and nothing else."""
        return is_loopback_http(self.issuer)


def without_password(address: str) -> str:
    """An address with … in place of every password. A password that was not percent-encoded goes too."""
    scheme, separator, rest = address.partition("://")
    if not separator or scheme == "sqlite":
        return address
    where, mark, options = rest.partition("?")
    if "@" in options and "@" not in where:  # a password with a bare question mark in it
        where, mark, options = rest, "", ""
    who, at, host = where.rpartition("@")
    name, colon, _ = who.partition(":")
    hidden = re.sub(r"(^|&)([a-z]*password)=[^&]*", r"\1\2=…", options)
    return f"{scheme}://{name}{':…' if colon else ''}{at}{host}{mark}{hidden}"


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
    """The secret with all that are still good beside it, or Misconfigured with what to do."""
    if settings.secret is None:
        raise Misconfigured(
            "LIMEN_SECRET is not set; make one with `limen key secret` and keep it outside the database",
            code="secret_missing",
        )
    return settings.secret.beside(*settings.secret_previous)
