"""Django: the table `auth_user` or of a model like it, or what `dumpdata` makes of it."""

from __future__ import annotations

from typing import Any

from limen.importing.fields import Fields
from limen.importing.record import Bad, Incoming, Loss, Row

_FLAGS = ("superuser", "staff")
"""A group of such a name is none of them: whoever may name groups need not be one."""


def read(row: Row) -> Incoming:
    """An account of Django. Roles: `superuser`, `staff`, and the names of groups where there are any."""
    values = _flat(row.values)
    if "email" not in values or "password" not in values:
        raise Bad("it has no email or no password: is this a model of users of Django?")
    fields = Fields(values)
    fields.lose(Loss.LAST_SIGN_IN, "last_login")
    _lose_username(fields)
    roles = [role for role in _FLAGS if fields.flag(f"is_{role}")]
    password = fields.text("password")
    return Incoming(
        line=row.line,
        id=fields.text("id", "pk"),
        email=fields.text("email"),
        password=None if password.startswith("!") else password or None,
        verified=fields.proven("email_verified"),
        created=fields.created("date_joined"),
        disabled=fields.flag("is_active") is False,
        name=fields.text("name") or fields.joined("first_name", "last_name"),
        roles=(*roles, *(f"group {name}" if name in _FLAGS else name for name in _groups(fields))),
        lost=fields.losses(),
    )


def _flat(values: Any) -> dict[str, object]:
    """`dumpdata` has the fields of a model inside of it."""
    inner = values.get("fields")
    if inner is None:
        return dict(values)
    if not isinstance(inner, dict):
        raise Bad("fields is no JSON object")
    return {**inner, "pk": values.get("pk")}


def _groups(fields: Fields) -> tuple[str, ...]:
    """Their names. `dumpdata` has numbers, unless told to use natural keys (`[["editors"]]`)."""
    value = fields.take("groups")
    if isinstance(value, str):
        return tuple(name for name in value.split("\n") if name)
    if not isinstance(value, list):
        return ()
    return tuple(str(one[0] if isinstance(one, list) and one else one) for one in value)


def _lose_username(fields: Fields) -> None:
    """A user name that is the address, as many sites have it, is no loss."""
    name = fields.take("username")
    if name is not None and name != fields.peek("email"):
        fields.lost.append(Loss.USERNAME)
