"""Supabase: its table `auth.users`. Hashes are bcrypt, argon2, or Firebase's where people came from there."""

from __future__ import annotations

import re
from typing import Any

from limen.importing.fields import Fields
from limen.importing.record import Bad, Incoming, Loss, Row
from limen.passwords import UnusableHash, from_firebase

_FIREBASE = re.compile(
    r"\$fbscrypt\$v=1,n=([0-9]{1,2}),r=([0-9]{1,4}),p=1,ss=([^,$]{0,128}),sk=([^,$]{1,128})"
    r"\$([^$]{1,128})\$([^$]{1,256})"
)
_INTERNAL = (
    "instance_id", "aud", "updated_at", "invited_at", "confirmation_token", "confirmation_sent_at",
    "recovery_token", "recovery_sent_at", "email_change_token_new", "email_change_token_current",
    "email_change", "email_change_sent_at", "email_change_confirm_status", "phone_change",
    "phone_change_token", "phone_change_sent_at", "reauthentication_token", "reauthentication_sent_at",
    "confirmed_at", "is_sso_user",
)  # fmt: skip


def read(row: Row) -> Incoming:
    """An account of Supabase. Roles are `role` and `roles` of its app metadata; `superuser` its flag."""
    fields = Fields(row.values)
    if fields.moment("deleted_at") is not None:
        raise Bad("it was deleted there")
    fields.ignore(*_INTERNAL)
    fields.lose(Loss.LAST_SIGN_IN, "last_sign_in_at")
    fields.lose(Loss.PHONE, "phone", "phone_confirmed_at")
    own, theirs = fields.object("raw_app_meta_data"), fields.object("raw_user_meta_data")
    return Incoming(
        line=row.line,
        id=fields.text("id"),
        email=fields.text("email"),
        password=_password(fields.text("encrypted_password")),
        verified=fields.moment("email_confirmed_at") or False,
        created=fields.created("created_at"),
        disabled=fields.moment("banned_until") or False,
        name=_name(theirs),
        roles=(*_roles(own), *_superuser(fields)),
        lost=_losses(fields, own, theirs),
    )


def _password(text: str) -> str | None:
    found = _FIREBASE.fullmatch(text)
    if found is None:
        return text or None
    n, r, separator, key, salt, digest = found.groups()
    try:
        return from_firebase(
            digest, salt, signer_key=key, salt_separator=separator, rounds=int(r), mem_cost=int(n)
        )
    except UnusableHash as error:
        raise Bad(f"its password hash cannot be verified: {error}") from None


def _name(theirs: dict[str, Any]) -> str:
    names = (theirs.pop("full_name", None), theirs.pop("name", None))
    return next((name for name in names if isinstance(name, str)), "")


def _roles(own: dict[str, Any]) -> tuple[str, ...]:
    one, several = own.pop("role", None), own.pop("roles", None)
    named = [*(several if isinstance(several, list) else [several]), one]
    return tuple(dict.fromkeys(role for role in named if isinstance(role, str)))


def _superuser(fields: Fields) -> tuple[str, ...]:
    """`role` is what its database takes people for, and the same for all of them but those who matter."""
    role = fields.text("role")
    named = () if role in ("", "authenticated", "anon") else (role,)
    return (*named, "superuser") if fields.flag("is_super_admin") else named


def _losses(fields: Fields, own: dict[str, Any], theirs: dict[str, Any]) -> tuple[str, ...]:
    one, several = own.pop("provider", None), own.pop("providers", None)
    providers = {one, *(several if isinstance(several, list) else [])} - {None, "email", "phone"}
    if providers:
        fields.lost.append(Loss.PROVIDER)
    for known in ("email", "email_verified", "phone_verified", "sub"):
        theirs.pop(known, None)
    if any(theirs.pop(known, None) for known in ("avatar_url", "picture")):
        fields.lost.append(Loss.PICTURE)
    if own or theirs:
        fields.lost.append(Loss.METADATA)
    return fields.losses()
