"""From where a session was opened, by a MaxMind database that the operator has; nothing is asked of anybody.

Such databases know towns at best roughly and addresses of companies and phones not at all: what is shown is
a help to recognise a session, and proof of nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from limen.errors import Misconfigured


class Places:
    """Names of places, if there is a database; else none."""

    def __init__(self, reader: Any = None) -> None:
        self._reader = reader

    @classmethod
    def of(cls, setting: str) -> Self:
        """Misconfigured where the file cannot be read or its reader is not installed."""
        if not setting:
            return cls()
        try:
            import maxminddb
        except ImportError as error:
            raise Misconfigured("places: maxminddb is not installed: pip install 'limen[places]'") from error
        try:
            return cls(maxminddb.open_database(Path(setting)))
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise Misconfigured(f"places: {setting} is no database that can be read: {error}") from error

    def name(self, address: str, language: str) -> str:
        """Town and country in this language, else in English; empty where nobody knows."""
        if self._reader is None or not address:
            return ""
        try:
            found = self._reader.get(address)
        except ValueError:  # no address, or one of a kind that the database does not have
            return ""
        if not isinstance(found, dict):
            return ""
        parts = (_named(found.get(what), language) for what in ("city", "country"))
        return ", ".join(part for part in parts if part)


def _named(what: Any, language: str) -> str:
    names = what.get("names") if isinstance(what, dict) else None
    if not isinstance(names, dict):
        return ""
    return str(names.get(language) or names.get("en") or "")
