"""Any file, its columns named by whoever imports it."""

from __future__ import annotations

from collections.abc import Mapping

from limen.errors import Rejected
from limen.importing.fields import Fields
from limen.importing.record import Bad, Incoming, Row

COLUMNS = ("id", "email", "password_hash", "verified", "created", "disabled", "name", "roles")
"""What a file may say of an account. Only the address must be there."""


def check_columns(columns: Mapping[str, str]) -> Mapping[str, str]:
    """Ours → theirs, those that are not given as they are called here; Rejected for one that is unknown."""
    unknown = sorted(set(columns) - set(COLUMNS))
    if unknown:
        message = f"{unknown[0]} is no column: there are {', '.join(COLUMNS)}"
        raise Rejected(message, code="import_unreadable", status=422)
    return {**{name: name for name in COLUMNS}, **columns}


def read(row: Row, columns: Mapping[str, str]) -> Incoming:
    """An account of a file whose columns are called so."""
    if columns["email"] not in row.values:
        raise Bad(f"it has no column {columns['email']!r}: say which holds the address, --column email=…")
    fields = Fields(row.values)
    return Incoming(
        line=row.line,
        id=fields.text(columns["id"]),
        email=fields.text(columns["email"]),
        password=fields.text(columns["password_hash"]) or None,
        verified=fields.proven(columns["verified"]),
        created=fields.created(columns["created"]),
        disabled=bool(fields.flag(columns["disabled"])),
        name=fields.text(columns["name"]),
        roles=fields.words(columns["roles"]),
        lost=fields.losses(),
    )
