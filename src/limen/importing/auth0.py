"""Auth0: its bulk export of users, its export of password hashes, or both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from limen.errors import Rejected
from limen.importing.fields import Fields
from limen.importing.record import Bad, Incoming, Loss, Refused, Row

_DATABASE = "auth0|"
"""How the ids of people begin who have a password there."""


def hashes(rows: Iterable[Row | Refused]) -> dict[str, str]:
    """User id → hash, out of the export of hashes. Rejected for a line that is none of it."""
    found: dict[str, str] = {}
    for row in rows:
        try:
            id_, hashed = _hashed(row)
        except Bad as bad:
            message = f"line {row.line:,} of the password hashes: {bad}"
            raise Rejected(message, code="import_unreadable", status=422) from None
        found[id_] = hashed
    return found


def _hashed(row: Row | Refused) -> tuple[str, str]:
    if isinstance(row, Refused):
        raise Bad(row.why)
    fields = Fields(row.values)
    hashed = fields.text("passwordHash")
    if not hashed:
        raise Bad("it has no passwordHash")
    return _id(fields), hashed


def read(row: Row, found: Mapping[str, str]) -> Incoming:
    """An account of Auth0. Roles are `role` and `roles` of its app metadata."""
    fields = Fields(row.values)
    _lose(fields)
    own = fields.object("app_metadata")
    roles = _roles(own)
    if own or fields.object("user_metadata"):
        fields.lost.append(Loss.METADATA)
    password = fields.text("passwordHash", "password_hash")
    email, verified = _address(fields)
    id_ = _id(fields)
    return Incoming(
        line=row.line,
        id=id_,
        email=email,
        password=password or found.get(id_),
        verified=verified or False,
        created=fields.created("created_at"),
        disabled=bool(fields.flag("blocked")),
        name=_name(fields, email),
        roles=roles,
        lost=fields.losses(),
    )


def _id(fields: Fields) -> str:
    """`user_id`; in the export of hashes what it is made of."""
    own, object_id, other = fields.text("user_id"), fields.take("_id"), fields.text("alt_id")
    if own:
        return own
    made = other or (object_id.get("$oid", "") if isinstance(object_id, dict) else "")
    if not isinstance(made, str) or not made:
        raise Bad("it has no id")
    return _DATABASE + made


def _address(fields: Fields) -> tuple[str, bool | None]:
    """Address and whether it is proven: at the root, or among the identifiers."""
    email, verified = fields.text("email"), fields.flag("email_verified")
    several = fields.take("identifiers")
    for one in several if isinstance(several, list) else []:
        if not email and isinstance(one, dict) and one.get("type") == "email":
            email, verified = str(one.get("value", "")), one.get("verified") is True
    return email, verified


def _lose(fields: Fields) -> None:
    fields.ignore("tenant", "connection", "_tmp_is_unique", "password_set_date", "updated_at", "logins_count")
    fields.ignore("last_ip", "last_password_reset", "global_client_id", "clientID", "nickname")
    fields.lose(Loss.PICTURE, "picture")
    fields.lose(Loss.PHONE, "phone_number", "phone_verified")
    fields.lose(Loss.USERNAME, "username")
    fields.lose(Loss.FACTOR, "multifactor", "guardian_authenticators", "mfa_factors")
    fields.lose(Loss.LAST_SIGN_IN, "last_login")
    identities = fields.take("identities")
    if isinstance(identities, list) and any(_is_elsewhere(one) for one in identities):
        fields.lost.append(Loss.PROVIDER)


def _is_elsewhere(identity: object) -> bool:
    return isinstance(identity, dict) and identity.get("provider") != "auth0"


def _name(fields: Fields, email: str) -> str:
    """Its name; where nobody gave one Auth0 takes the address, which is none."""
    whole = fields.joined("given_name", "family_name")
    name = fields.text("name")
    return whole if name in ("", email) else name


def _roles(own: dict[str, Any]) -> tuple[str, ...]:
    """Taken out of the metadata."""
    one, several = own.pop("role", None), own.pop("roles", None)
    named = [*(several if isinstance(several, list) else [several]), one]
    return tuple(dict.fromkeys(role for role in named if isinstance(role, str)))
