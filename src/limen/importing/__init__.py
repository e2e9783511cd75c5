"""Coming from elsewhere: what the files of others say, and what becomes of it.

One module a source makes `Incoming` records of rows; `judge` makes accounts of them; `report` counts. Nothing
here opens a file or asks a store: `flows.import_accounts` does the latter, the command line the former.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice

from limen.errors import Rejected
from limen.importing import auth0, better_auth, django, fastapi_users, firebase, mapped, supabase
from limen.importing.csv_rows import csv_rows
from limen.importing.firebase import HashConfig, hash_config
from limen.importing.json_rows import json_rows, looks_like_json
from limen.importing.judge import Planned, Rules, judge
from limen.importing.record import Bad, Incoming, Loss, Refused, Row, Source
from limen.importing.report import Report
from limen.importing.text import checked, lines

__all__ = [
    "HashConfig",
    "Incoming",
    "Loss",
    "Options",
    "Planned",
    "Refused",
    "Report",
    "Row",
    "Rules",
    "Source",
    "auth0_hashes",
    "hash_config",
    "incoming",
    "judge",
    "rows_of",
]

_NEEDED: Mapping[Source, tuple[str, ...]] = {
    Source.FASTAPI_USERS: ("email", "hashed_password"),
    Source.BETTER_AUTH: ("email", "password"),
    Source.SUPABASE: ("email", "encrypted_password"),
    Source.FIREBASE: ("localId",),
}
"""What every record of a source has. A file of another would come without passwords."""

_BLANK_MAX = 1_000
"""Blank lines before a file begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a source's own file does not say."""

    columns: Mapping[str, str] = field(default_factory=dict)
    hash_config: HashConfig | None = None
    auth0_hashes: Mapping[str, str] = field(default_factory=dict, repr=False)


def rows_of(source: Source, pieces: Iterable[str]) -> Iterator[Row | Refused]:
    """The records of a text, JSON or CSV as it begins; Rejected where it cannot be read on.

    `pieces` are its lines, those that are long in parts, with their own line ends.
    """
    text = checked(pieces)
    begin = _begin(text)
    whole = chain(begin, text)
    if looks_like_json("".join(begin)):
        return json_rows(whole)
    if source is Source.FIREBASE and begin:
        raise Rejected(firebase.NO_CSV, code="import_unreadable", status=422)
    return csv_rows(lines(whole))


def _begin(text: Iterator[str]) -> list[str]:
    """The pieces up to the first that says something, or those that are enough to say that nothing will."""
    taken: list[str] = []
    for piece in islice(text, _BLANK_MAX):
        taken.append(piece)
        if not piece.isspace():
            break
    return taken


def incoming(
    source: Source, rows: Iterable[Row | Refused], options: Options | None = None
) -> Iterator[Incoming | Refused]:
    """Each row as an account that may come; Rejected at the end for a named column that no row had."""
    options = options or Options()
    read, needed, unseen = _reader(source, options), _NEEDED.get(source, ()), set(options.columns.values())
    line = 0
    for row in rows:
        if isinstance(row, Refused):
            yield row
            continue
        line = row.line
        unseen.difference_update(row.values)
        try:
            _has(row, needed, source)
            yield read(row)
        except Bad as bad:
            yield Refused(row.line, str(bad))
    if line and unseen:
        # A slip in `--column disabled=…` would let in who is locked out, one in `password_hash` lose hashes.
        raise Rejected(
            f"no record has a column {min(unseen)!r}: see --column", code="import_unreadable", status=422
        )


def auth0_hashes(pieces: Iterable[str]) -> dict[str, str]:
    """See `auth0.hashes`."""
    return auth0.hashes(json_rows(checked(pieces)))


def _reader(source: Source, options: Options) -> Callable[[Row], Incoming]:
    match source:
        case Source.FASTAPI_USERS:
            return fastapi_users.read
        case Source.DJANGO:
            return django.read
        case Source.BETTER_AUTH:
            return better_auth.read
        case Source.SUPABASE:
            return supabase.read
        case Source.FIREBASE:
            return lambda row: firebase.read(row, options.hash_config)
        case Source.AUTH0:
            return lambda row: auth0.read(row, options.auth0_hashes)
        case Source.FILE:
            columns = mapped.check_columns(options.columns)
            return lambda row: mapped.read(row, columns)


def _has(row: Row, needed: tuple[str, ...], source: Source) -> None:
    missing = [name for name in needed if name not in row.values]
    if missing:
        raise Bad(f"it has no {missing[0]}: is this a file of {source}?")
