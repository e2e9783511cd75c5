"""What is wrong with a deployment: its settings, its files, its keys, its clock, as findings.

Pure: whoever asks brings what was observed. That a configuration cannot even be read is a finding too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from limen import lint
from limen.clock import Instant, Seconds
from limen.doctor.catalogue import CATALOGUE
from limen.errors import LimenError
from limen.jose import b64
from limen.keys import KeyState, StoredRing
from limen.lint import Finding, Severity, find, spell
from limen.passwords.argon2 import too_weak
from limen.settings import Settings, is_loopback_http, mail_server, without_password
from limen.stores.base import Schema

HOUR: Seconds = 3_600
DAY: Seconds = 86_400
_BCRYPT_LEAST = 12
_ALONE = 15
"""Characters of a password that is the only factor (NIST SP 800-63B-4 §3.1.1.2)."""
_CLOCK_SLACK: Seconds = 60
_NOT_THE_OWNER, _BEYOND_THE_GROUP, _EVERYBODY_READS, _EVERYBODY_WRITES, _STICKY = (
    0o077,
    0o037,
    0o004,
    0o002,
    0o1000,
)


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file or directory of the deployment, which not everybody may write to."""

    path: str
    mode: int
    foreign: bool
    """Owned by neither this user nor root."""
    private: bool
    """Nobody but its owner may read it either."""
    group: bool = False
    """Its group may: root owns the secret's file, and the service reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything that the findings are made from. What could not be had is None, with its error beside it."""

    now: Instant
    settings: Settings | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    unreadable: LimenError | None = None
    """Why there are no settings."""
    unusable: LimenError | None = None
    """Why the database cannot be asked."""
    schema: Schema | None = None
    ring: StoredRing | None = None
    files: Sequence[SeenFile] = ()
    insecure: Sequence[str] = ()
    """Names of `LIMEN_INSECURE_*` that are set."""
    sqlite: str | None = None
    """What its store says of this SQLite library."""
    newest: Instant | None = None
    """The latest moment that a file or a row claims to be of."""
    synchronised: bool | None = None
    """Whether the system says that its clock follows a time server."""


def examine(seen: Observed) -> tuple[Finding, ...]:
    """Every finding, worst first."""
    found = [_told(error, rule) for error, rule in _failures(seen) if error is not None]
    if seen.settings is not None:
        found += [*_secret(seen.settings, seen.sources), *_lifetimes(seen.settings)]
        found += [*_wire(seen.settings), *_networks(seen.settings), *_passwords(seen.settings)]
        found += [*_mail(seen.settings), *_choices(seen.settings)]
        found += [*_keys(seen.settings, seen.ring, seen.now), *_passwords_read(seen.settings, seen)]
    found += [find(CATALOGUE, "insecure", name=name) for name in seen.insecure]
    found += [*_database(seen), *_files(seen.files), *_clock(seen)]
    return lint.worst_first(found)


def _failures(seen: Observed) -> tuple[tuple[LimenError | None, str], ...]:
    return (seen.unreadable, "configuration_broken"), (seen.unusable, "database_unusable")


def _told(error: LimenError, rule: str) -> Finding:
    return find(CATALOGUE, rule, problem=error.message, code=error.reason)


def _secret(settings: Settings, sources: Mapping[str, str]) -> Iterator[Finding]:
    if settings.secret is None:
        yield find(CATALOGUE, "secret_missing")
    else:
        yield from lint.secret(b64.decode(settings.secret.reveal()))
    if sources.get("secret", "").endswith(".toml"):
        yield find(CATALOGUE, "secret_in_configuration", source=sources["secret"])


def _lifetimes(settings: Settings) -> Iterator[Finding]:
    bounds: tuple[tuple[str, Seconds, Seconds], ...] = (
        ("access_lifetime", settings.access_lifetime, HOUR),
        ("idle_lifetime", settings.idle_lifetime, 30 * DAY),
        ("absolute_lifetime", settings.absolute_lifetime, 90 * DAY),
        ("refresh_grace", settings.refresh_grace, 60),
        ("max_staleness", settings.max_staleness, 60),
        ("leeway", settings.leeway, 30),
        ("key_rotation", settings.key_rotation, 366 * DAY),
    )
    for name, value, most in bounds:
        if value > most:
            yield find(CATALOGUE, f"{name}_long", value=spell(value))
    if "jwt" in (settings.strategy, *settings.accept) and settings.access_lifetime > HOUR / 4:
        yield find(CATALOGUE, "jwt_lag_long", value=spell(settings.access_lifetime))


def _wire(settings: Settings) -> Iterator[Finding]:
    if settings.development:
        yield find(CATALOGUE, "development", issuer=settings.issuer)
    elif urlsplit(settings.issuer).scheme != "https":
        yield find(CATALOGUE, "issuer_plain_http", issuer=settings.issuer)
        if "cookie" in settings.transports:
            yield find(CATALOGUE, "cookies_bare")
    if not settings.audience and not settings.development:
        yield find(CATALOGUE, "audience_default")
    if settings.algorithm == "HS256":
        yield find(CATALOGUE, "algorithm_symmetric")


def _networks(settings: Settings) -> Iterator[Finding]:
    for network in settings.trusted_proxies:
        yield from _proxy(network)
    if not settings.trusted_proxies and not settings.development:
        yield find(CATALOGUE, "proxies_none")
    for origin in settings.origins:
        if "*" in origin or origin == "null":
            yield find(CATALOGUE, "origins_wildcard", origin=origin)
        elif origin.startswith("http://") and not is_loopback_http(origin):
            yield find(CATALOGUE, "origins_plain_http", origin=origin)
    if any("*" in host for host in settings.hosts):
        yield find(CATALOGUE, "hosts_wildcard")


def _proxy(text: str) -> Iterator[Finding]:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        yield find(CATALOGUE, "proxies_malformed", network=text)
        return
    if network.prefixlen == 0:
        yield find(CATALOGUE, "proxies_everyone", network=text)
    elif network.num_addresses > 1 << 16 and not network.is_private:
        yield find(CATALOGUE, "proxies_wide", network=text)


def _passwords(settings: Settings) -> Iterator[Finding]:
    if settings.password_scheme == "argon2id":  # noqa: S105 - the name of a scheme
        why = too_weak(settings.argon2_memory_kib, settings.argon2_time_cost)
        if why is not None:
            yield find(CATALOGUE, "hashing_weak", problem=why)
    elif settings.bcrypt_cost < _BCRYPT_LEAST:
        yield find(CATALOGUE, "hashing_weak", problem=f"bcrypt's cost is {settings.bcrypt_cost}")
    if settings.password_min_length < _ALONE:
        yield find(CATALOGUE, "passwords_short", length=settings.password_min_length)


def _choices(settings: Settings) -> Iterator[Finding]:
    if settings.database.startswith("memory:"):
        yield find(CATALOGUE, "database_forgets")
    for name in settings.accept:
        if name != settings.strategy:
            yield find(CATALOGUE, "accept_further", name=name, strategy=settings.strategy)
    if not settings.session_limit:
        yield find(CATALOGUE, "sessions_unlimited")


def _mail(settings: Settings) -> Iterator[Finding]:
    if not settings.mail and not settings.development:
        yield find(CATALOGUE, "mail_none")
    if settings.mail.startswith("smtp://"):
        server = mail_server.parse(settings.mail)
        if not server.local:
            yield find(CATALOGUE, "mail_begins_clear", place=f"{server.host}:{server.port}")


def _keys(settings: Settings, ring: StoredRing | None, now: Instant) -> Iterator[Finding]:
    if ring is None or not ring.keys:
        return
    active = ring.in_state(KeyState.ACTIVE)
    if len(active) != 1:
        yield find(CATALOGUE, "ring_broken", count=len(active))
        return
    if not ring.in_state(KeyState.NEXT):
        yield find(CATALOGUE, "ring_without_next")
    age = now - active[0].since
    if age > settings.key_rotation + DAY:
        yield find(CATALOGUE, "rotation_overdue", age=spell(age))
    if active[0].algorithm != settings.algorithm:
        yield find(CATALOGUE, "ring_algorithm", active=active[0].algorithm, wanted=settings.algorithm)


def _database(seen: Observed) -> Iterator[Finding]:
    if seen.sqlite is not None:
        yield find(CATALOGUE, "sqlite_old", problem=seen.sqlite)
    if seen.schema is not None and seen.schema.pending:
        rule = "schema_pending" if seen.schema.applied else "database_missing"
        yield find(CATALOGUE, rule, names=", ".join(seen.schema.pending))


def _files(files: Sequence[SeenFile]) -> Iterator[Finding]:
    for file in files:
        mode = f"{file.mode & 0o7777:04o}"
        if file.private and file.mode & (_BEYOND_THE_GROUP if file.group else _NOT_THE_OWNER):
            yield find(CATALOGUE, "file_readable", path=file.path, mode=mode)
        elif file.mode & _EVERYBODY_WRITES and not file.mode & _STICKY:
            yield find(CATALOGUE, "file_writable", path=file.path, mode=mode)
        if file.foreign:
            yield find(CATALOGUE, "file_foreign", path=file.path)


def _passwords_read(settings: Settings, seen: Observed) -> Iterator[Finding]:
    """Passwords of other servers, in a file that everybody may read."""
    for name in ("database", "session_store", "mail"):
        address, source = getattr(settings, name), seen.sources.get(name, "default")
        for file in seen.files if without_password(address) != address else ():
            if file.path.rpartition("/")[2] == source and file.mode & _EVERYBODY_READS:
                yield find(CATALOGUE, "password_readable", name=name, path=file.path, mode=f"{file.mode:04o}")


def _clock(seen: Observed) -> Iterator[Finding]:
    if seen.newest is not None and seen.newest > seen.now + _CLOCK_SLACK:
        yield find(CATALOGUE, "clock_behind", behind=spell(seen.newest - seen.now))
    if seen.synchronised is False:
        yield find(CATALOGUE, "clock_alone")


def healthy(found: Sequence[Finding]) -> bool:
    """Whether none of the findings is an error."""
    return all(finding.severity is not Severity.ERROR for finding in found)
