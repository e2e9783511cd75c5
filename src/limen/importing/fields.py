"""The fields of one record: each is taken by name, and what nobody took is known to be lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Never

from limen.clock import Instant
from limen.errors import Rejected
from limen.importing.json_rows import json_object
from limen.importing.record import Bad, Loss

_YES = frozenset({"true", "t", "1", "yes", "y"})
_NO = frozenset({"false", "f", "0", "no", "n"})
_NUMBER = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,9})?\Z", re.ASCII)
_MILLISECONDS = 100_000_000_000
"""Of this size or larger it is no number of seconds: those of the year 5138."""
_LATEST = 4_102_444_800.0  # 2100
COLUMN_MAX = 64


class Fields:
    """One record. `None`, empty text and empty lists and objects are as good as absent."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values
        self._left = {name for name, value in values.items() if not _is_empty(value)}
        self.lost: list[str] = []

    def take(self, *names: str) -> Any:
        """The value under the first of these names that has one; None for none. All count as taken."""
        found = [self._values[name] for name in names if name in self._left]
        self._left.difference_update(names)
        return found[0] if found else None

    def peek(self, name: str) -> object:
        """A value that stays there to be taken."""
        return self._values.get(name)

    def proven(self, *names: str) -> bool | Instant | None:
        """Yes or no, or since when; None for none of them."""
        value = self.take(*names)
        if isinstance(value, bool) or value is None:
            return value
        said = str(value).strip().lower()
        if said in _YES or said in _NO:
            return said in _YES
        try:
            return _moment(value, names[0]) if isinstance(value, str | int | float) else _no_moment(names[0])
        except Bad:
            raise Bad(f"{names[0]} is neither yes nor no, nor a moment") from None

    def text(self, *names: str) -> str:
        """As text; Bad for a list or an object."""
        value = self.take(*names)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise Bad(f"{names[0]} is no text")
        return str(value)

    def joined(self, first: str, last: str) -> str:
        """A name in two columns."""
        return f"{self.text(first)} {self.text(last)}".strip()

    def flag(self, *names: str) -> bool | None:
        """Yes or no, in the words of databases; None for none of them. Bad for anything else."""
        value = self.take(*names)
        if value is None or isinstance(value, bool):
            return value
        said = str(value).strip().lower() if isinstance(value, str | int) else ""
        if said in _YES or said in _NO:
            return said in _YES
        raise Bad(f"{names[0]} is neither yes nor no")

    def moment(self, *names: str) -> Instant | None:
        """A moment: ISO 8601, or seconds or milliseconds since 1970. Without a zone it is UTC."""
        value = self.take(*names)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            _no_moment(names[0])
        return _moment(value, names[0])

    def created(self, *names: str) -> Instant | None:
        """A moment of creation. What cannot be one is lost and not Bad."""
        found = self.moment(*names)
        if found is not None and not 0 <= found <= _LATEST:
            self.lost.append(Loss.CREATED)
            return None
        return found

    def words(self, *names: str) -> tuple[str, ...]:
        """Several words: a list, or one text with commas, blanks or line ends between them."""
        value = self.take(*names)
        if isinstance(value, str):
            if value.startswith(("[", "{")):
                value = value.strip("[]{}").replace('"', "").replace("'", "")
            return tuple(word for word in re.split(r"[,;\n]\s*|\s+", value.strip()) if word)
        if isinstance(value, list) and all(isinstance(word, str) for word in value):
            return tuple(value)
        if value is None:
            return ()
        raise Bad(f"{names[0]} is no list of words")

    def several(self, *names: str) -> tuple[str, ...]:
        """A list, or one text with commas between and nothing else: `not admin` is no `admin`."""
        if any(isinstance(self._values.get(name), list) for name in names):
            return self.words(*names)
        return tuple(one for word in self.text(*names).split(",") if (one := word.strip()))

    def object(self, *names: str) -> dict[str, Any]:
        """A JSON object, also as text; Bad for anything else."""
        value = self.take(*names)
        if value is None:
            return {}
        try:
            found = json_object(value) if isinstance(value, str) else value
        except Rejected:
            found = None
        if not isinstance(found, dict):
            raise Bad(f"{names[0]} is no JSON object")
        return found

    def ignore(self, *names: str) -> None:
        """What has no meaning elsewhere."""
        self._left.difference_update(names)

    def lose(self, loss: Loss, *names: str) -> None:
        """What has a meaning and no place here."""
        found = [name for name in names if name in self._left]
        self._left.difference_update(names)
        if any(_says_something(self._values[name]) for name in found):
            self.lost.append(loss)

    def losses(self) -> tuple[str, ...]:
        """All that is lost of it: with the names of the columns that nobody took."""
        rest = sorted(name for name in self._left if _says_something(self._values[name]))
        return (*dict.fromkeys(self.lost), *(name[:COLUMN_MAX] for name in rest))


def _is_empty(value: object) -> bool:
    return (
        value is None or value in ("", [], {}) or (isinstance(value, str) and value in ("{}", "[]", "null"))
    )


def _says_something(value: object) -> bool:
    return str(value).strip().lower() not in _NO


def _moment(value: str | float, name: str) -> Instant:
    if isinstance(value, str) and not _NUMBER.match(value):
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            _no_moment(name)
        return Instant((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    number = float(value)
    if not abs(number) < 1e17:
        _no_moment(name)
    return Instant(number / 1000 if abs(number) >= _MILLISECONDS else number)


def _no_moment(name: str) -> Never:
    raise Bad(f"{name} is no moment") from None
