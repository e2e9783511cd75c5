"""fastapi-users: the table `user`, or `users`. Its hashes are pwdlib's or passlib's."""

from __future__ import annotations

from limen.importing.fields import Fields
from limen.importing.record import Incoming, Loss, Row


def read(row: Row) -> Incoming:
    """An account of fastapi-users. The role `superuser` is its flag."""
    fields = Fields(row.values)
    fields.lose(Loss.PROVIDER, "oauth_accounts")
    superuser = fields.flag("is_superuser")
    return Incoming(
        line=row.line,
        id=fields.text("id"),
        email=fields.text("email"),
        password=fields.text("hashed_password") or None,
        verified=fields.flag("is_verified"),
        created=fields.created("created_at"),
        disabled=fields.flag("is_active") is False,
        name=fields.text("name", "full_name") or fields.joined("first_name", "last_name"),
        roles=("superuser",) if superuser else (),
        lost=fields.losses(),
    )
