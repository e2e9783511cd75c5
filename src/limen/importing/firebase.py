"""Firebase: what `firebase auth:export` writes as JSON, with the project's hash parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from limen.errors import Rejected
from limen.importing.fields import Fields
from limen.importing.record import Bad, Incoming, Loss, Row
from limen.passwords import UnusableHash, from_firebase

NO_CSV = (
    "the CSV of Firebase does not quote names, so people can write records of their own into it: "
    "export JSON (firebase auth:export users.json)"
)
"""Its CLI writes the name that somebody chose as it is, with its quotes and line ends."""
_SETTING = re.compile(r'"?([a-z0-9_]+)"?\s*[:=]\s*"?([A-Za-z0-9+/=_-]*)"?')


@dataclass(frozen=True, slots=True, kw_only=True)
class HashConfig:
    """The project's parameters: in its console under Authentication, Users, Password hash parameters."""

    signer_key: str = field(repr=False)
    salt_separator: str
    rounds: int
    mem_cost: int


def hash_config(text: str) -> HashConfig:
    """The block `hash_config { … }` as the console shows it; Rejected where something is missing."""
    said: Mapping[str, str] = dict(_SETTING.findall(text))
    try:
        return HashConfig(
            signer_key=said["base64_signer_key"],
            salt_separator=said["base64_salt_separator"],
            rounds=int(said["rounds"]),
            mem_cost=int(said["mem_cost"]),
        )
    except (KeyError, ValueError):
        message = "the hash parameters need base64_signer_key, base64_salt_separator, rounds and mem_cost"
        raise Rejected(message, code="import_unreadable", status=422) from None


def read(row: Row, config: HashConfig | None) -> Incoming:
    """An account of Firebase. Roles are the custom claims `role` and `roles`, and those that are true."""
    fields = Fields(row.values)
    _lose(fields)
    claims = fields.object("customAttributes")
    roles = _roles(claims)
    if claims:
        fields.lost.append(Loss.METADATA)
    return Incoming(
        line=row.line,
        id=fields.text("localId"),
        email=fields.text("email"),
        password=_password(fields.text("passwordHash"), fields.text("salt"), config),
        verified=fields.flag("emailVerified") or False,
        created=fields.created("createdAt"),
        disabled=bool(fields.flag("disabled")),
        name=fields.text("displayName"),
        roles=roles,
        lost=fields.losses(),
    )


def _lose(fields: Fields) -> None:
    fields.ignore("version", "validSince", "passwordUpdatedAt", "lastRefreshAt")
    fields.lose(Loss.PICTURE, "photoUrl")
    fields.lose(Loss.PHONE, "phoneNumber")
    fields.lose(Loss.LAST_SIGN_IN, "lastSignedInAt", "lastLoginAt")
    fields.lose(Loss.FACTOR, "mfaInfo")
    fields.lose(Loss.PROVIDER, "providerUserInfo")


def _password(digest: str, salt: str, config: HashConfig | None) -> str | None:
    if not digest:
        return None
    if config is None:
        raise Rejected(
            "Firebase's hashes need the project's parameters: name a file that holds them (--hash-config)",
            code="import_unreadable",
            status=422,
        )
    try:
        return from_firebase(
            digest,
            salt,
            signer_key=config.signer_key,
            salt_separator=config.salt_separator,
            rounds=config.rounds,
            mem_cost=config.mem_cost,
        )
    except UnusableHash as error:
        raise Bad(f"its password hash cannot be verified: {error}") from None


def _roles(claims: dict[str, Any]) -> tuple[str, ...]:
    """Taken out of the claims."""
    one, several = claims.pop("role", None), claims.pop("roles", None)
    named = [*(several if isinstance(several, list) else [several]), one]
    flags = [name for name, value in claims.items() if value is True]
    for name in flags:
        del claims[name]
    return tuple(dict.fromkeys(role for role in (*named, *flags) if isinstance(role, str)))
