"""Better Auth: its table `user`, with the column `password` of the account that has one.

Columns have its names (`emailVerified`) or those of an adapter that writes them its own way
(`email_verified`). Its scrypt is read by `passwords.scrypt`.
"""

from __future__ import annotations

from limen.importing.fields import Fields
from limen.importing.record import Incoming, Loss, Row


def read(row: Row) -> Incoming:
    """An account of Better Auth. Roles are those of its plugin `admin`, several with commas between them."""
    fields = Fields(row.values)
    fields.ignore("updatedAt", "updated_at")
    fields.lose(Loss.PICTURE, "image")
    fields.lose(Loss.PHONE, "phoneNumber", "phone_number", "phoneNumberVerified", "phone_number_verified")
    fields.lose(Loss.USERNAME, "username", "displayUsername", "display_username")
    fields.lose(Loss.FACTOR, "twoFactorEnabled", "two_factor_enabled")
    fields.lose(Loss.PROVIDER, "providers")
    banned, until = fields.flag("banned"), fields.moment("banExpires", "ban_expires")
    return Incoming(
        line=row.line,
        id=fields.text("id"),
        email=fields.text("email"),
        password=fields.text("password") or None,
        verified=fields.proven("emailVerified", "email_verified"),
        created=fields.created("createdAt", "created_at"),
        disabled=until if banned and until is not None and until > 0 else bool(banned),
        name=fields.text("name"),
        roles=fields.several("role"),
        lost=fields.losses(),
    )
