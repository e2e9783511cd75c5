"""Files of others, opened as text that can be read twice, and SQLite databases, for their tables."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import IO, BinaryIO
from urllib.parse import quote

from limen.cli.answer import visible
from limen.errors import Rejected
from limen.importing import Refused, Row, Source, rows_of
from limen.importing.text import LINE_MAX

_PIECE = 1 << 16
_SQLITE = b"SQLite format 3\0"
_STDIN = "-"
_ROW_MAX = 16 * LINE_MAX
"""Bytes of a row of a database, and of each of its fields: a view makes a gigabyte of nothing."""

Rows = Callable[[], Iterator[Row | Refused]]
"""Reads from the beginning each time it is called."""


@contextmanager
def opened(source: Source, place: str, *, table: str | None) -> Iterator[Rows]:
    """The records of a file, of stdin (`-`), or of a SQLite database; Rejected where there can be none."""
    with contextlib.ExitStack() as kept:
        raw = sys.stdin.buffer if place == _STDIN else kept.enter_context(Path(place).open("rb"))
        if place == _STDIN or not raw.seekable():
            raw = kept.enter_context(_twice(raw))
        if raw.read(len(_SQLITE)) == _SQLITE:
            if place == _STDIN:
                raise _rejected("a database is read where it lies: name its file")
            yield partial(_of_database, source, Path(place), table or _TABLES.get(source, ""))
            return
        if table is not None:
            raise _rejected(f"{place} is no SQLite database, and has no table {table}")
        text = TextIOWrapper(raw, encoding="utf-8", errors="surrogateescape", newline="")
        kept.callback(text.detach)
        yield partial(_of_text, source, text)


def _of_text(source: Source, text: TextIOWrapper) -> Iterator[Row | Refused]:
    text.seek(0)
    return rows_of(source, iter(partial(text.readline, _PIECE), ""))


def pieces(place: str) -> Iterator[str]:
    """The text of a file in lines, those that are long in parts."""
    with Path(place).open(encoding="utf-8", errors="surrogateescape", newline="") as text:
        yield from iter(partial(text.readline, _PIECE), "")


def _twice(stream: BinaryIO) -> IO[bytes]:
    """What can be read once, where it can be read twice: in a file without a name, gone with this process."""
    kept = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever asked
    shutil.copyfileobj(stream, kept)
    kept.seek(0)
    return kept


# -- tables ----------------------------------------------------------------------------------------------

_TABLES = {Source.FASTAPI_USERS: "user", Source.DJANGO: "auth_user", Source.BETTER_AUTH: "user"}
_GROUPS = (
    "(SELECT group_concat(g.name, char(10)) FROM {members} m JOIN auth_group g ON g.id = m.group_id "
    "WHERE m.{whose} = u.{key}) AS groups"
)
_PERMISSIONS = "(SELECT count(*) FROM {members} m WHERE m.{whose} = u.{key}) AS user_permissions"
_OF_DJANGO = (
    ("groups", "group_id", "auth_group", _GROUPS),
    ("user_permissions", "permission_id", "auth_permission", _PERMISSIONS),
)
_PROVEN = (
    "(SELECT max(e.verified) FROM account_emailaddress e WHERE e.user_id = u.{key} AND "
    "lower(e.email) = lower(u.email)) AS email_verified"
)
_LINKED = "(SELECT count(*) FROM oauth_account o WHERE o.user_id = u.id) AS oauth_accounts"
_SECRETS = (
    "(SELECT a.{password} FROM account a WHERE a.{user} = u.id AND a.{provider} = 'credential') AS password, "
    "(SELECT count(*) FROM account a WHERE a.{user} = u.id AND a.{provider} <> 'credential') AS providers"
)
_COLUMNS_OF_BETTER_AUTH = (
    {"password": "password", "user": "userId", "provider": "providerId"},
    {"password": "password", "user": "user_id", "provider": "provider_id"},
)


def _of_database(source: Source, path: Path, table: str) -> Iterator[Row | Refused]:
    """The rows of a table or a view, read and never written, in the order in which they lie there."""
    if source is Source.FILE and not table:
        raise _rejected(f"{path} is a SQLite database: say which table, --table")
    if source not in _TABLES and source is not Source.FILE:
        raise _rejected(f"accounts of {source} come from an export and not from a SQLite database")
    db = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
    try:
        db.row_factory, db.text_factory = sqlite3.Row, _text
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _ROW_MAX)
        db.execute("PRAGMA trusted_schema = OFF")  # its views may be anybody's
        known = {str(row[0]): _columns(db, str(row[0])) for row in db.execute(_NAMES)}
        if table not in known:
            raise _rejected(f"{path} has no table {table!r}; is it called something else? Say --table")
        statement = f"SELECT u.*{_beside(source, known, table, _key(db, table))} FROM {_quoted(table)} u"  # noqa: S608 - names that the database has
        for line, row in enumerate(db.execute(statement), 1):
            yield _row(line, row)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter: a column's name
        raise _rejected(f"{path} cannot be read: {visible(str(error))}") from None
    finally:
        db.close()


_NAMES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {str(row["name"]) for row in db.execute(f"PRAGMA table_info({_quoted(table)})")}


def _key(db: sqlite3.Connection, table: str) -> str:
    """The column that other tables mean: a model may call its key otherwise. Empty where there is none."""
    columns = {str(row["name"]): row["pk"] for row in db.execute(f"PRAGMA table_info({_quoted(table)})")}
    keys = [name for name, part in columns.items() if part]
    return "id" if "id" in columns else keys[0] if len(keys) == 1 else ""


def _beside(source: Source, known: dict[str, set[str]], table: str, key: str) -> str:
    """What other tables say of an account, as further columns, where there are those tables."""
    found = []
    if source is Source.DJANGO and key:
        found += _of_django(known, table, key)
        found += [_PROVEN.format(key=_quoted(key))] if "account_emailaddress" in known else []
    elif source is Source.FASTAPI_USERS:
        found += [_LINKED] if "oauth_account" in known else []
    elif source is Source.BETTER_AUTH:
        names = [n for n in _COLUMNS_OF_BETTER_AUTH if set(n.values()) <= known.get("account", set())]
        if not names:
            raise _rejected("there is no table `account` as Better Auth makes one, and passwords are in it")
        found.append(_SECRETS.format(**names[0]))
    return "".join(f", {one}" for one in found)


def _of_django(known: dict[str, set[str]], table: str, key: str) -> list[str]:
    """Groups and permissions are tables of the model's own, called after its table and its name.

    Those of `auth_user` say nothing of another table, whose ids are other people's.
    """
    found = []
    for ending, of, needs, column in _OF_DJANGO:
        members = f"{table}_{ending}"
        whose = known.get(members, set()) - {"id", of}
        if len(whose) == 1 and needs in known:
            names = {"members": members, "whose": min(whose), "key": key}
            found.append(column.format(**{name: _quoted(said) for name, said in names.items()}))
    return found


def _text(raw: bytes) -> str | bytes:
    """What is no UTF-8 stays bytes, for SQLite's own error would repeat what stands there: a hash."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _row(line: int, row: sqlite3.Row) -> Row | Refused:
    if any(isinstance(value, bytes) for value in tuple(row)):
        return Refused(line, "it holds bytes where text is expected")
    return Row(line, dict(zip(row.keys(), tuple(row), strict=True)))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _rejected(why: str) -> Rejected:
    return Rejected(why, code="import_unreadable", status=422)
