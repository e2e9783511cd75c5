"""An account that comes from elsewhere, as its file says it, and what Limen has no place for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from limen.clock import Instant
from limen.errors import Rejected

_NUMBER = re.compile(r"\b[0-9][0-9,]*")


class Source(StrEnum):
    """Where accounts come from."""

    FASTAPI_USERS = "fastapi-users"
    DJANGO = "django"
    BETTER_AUTH = "better-auth"
    SUPABASE = "supabase"
    FIREBASE = "firebase"
    AUTH0 = "auth0"
    FILE = "file"
    """Any CSV or JSON whose columns are named by whoever imports it."""


class Loss(StrEnum):
    """What stays behind."""

    PHONE = "phone numbers: people sign in by address"
    USERNAME = "user names: people sign in by address"
    PICTURE = "pictures"
    METADATA = "metadata and custom claims: keep them in a table of yours, by the account's id"
    FACTOR = "further factors: they are enrolled anew"
    PROVIDER = "links to other providers: who has no password sets one by a letter"
    LAST_SIGN_IN = "moments of the last sign-in"
    END_OF_BAN = "ends of bans: who is disabled stays so until somebody enables them"
    CREATED = "moments of creation that are in the future or before 1970"
    NAME = "names that are too long or more than one line"
    ID = "ids that are no plain text: they are not in the list of ids"
    HASH = "password hashes that cannot be verified: these accounts come without a password"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One account of a file. Nothing of it is checked yet but its types."""

    line: int
    """Of the file, counted from one, where the record begins; of a database, which row it was."""
    id: str
    """As its maker has it; empty: it has none."""
    email: str
    password: str | None = field(repr=False)
    """The hash, in a form that `limen.passwords` reads. None: there is none."""
    verified: bool | Instant | None
    """Whether, or when, the address was proven. None: the source does not know."""
    created: Instant | None
    disabled: bool | Instant
    """Whether, or until when, nobody may sign in to it."""
    name: str
    roles: tuple[str, ...]
    lost: tuple[str, ...]
    """Each a `Loss`, or the name of a column."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that does not come, and why. Says nothing of what is in it."""

    line: int
    why: str

    @property
    def kind(self) -> str:
        """What it has in common with others: the reason without its numbers."""
        return _NUMBER.sub("…", self.why)


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file, by the names of its columns."""

    line: int
    values: Mapping[str, object] = field(repr=False)


class Bad(Exception):
    """A record cannot come; the message says why, and repeats nothing that is in it."""


def unreadable(line: int, why: str) -> Rejected:
    """The file cannot be read on from here. Nothing of it is written."""
    return Rejected(f"line {line:,}: {why}", code="import_unreadable", status=422)
