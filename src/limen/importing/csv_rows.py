"""Records of a CSV file (RFC 4180), under the names of its first line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from limen.errors import Rejected
from limen.importing.record import Refused, Row, unreadable
from limen.importing.text import LINE_MAX

_COLUMNS_MAX = 1_000
_SEPARATORS = ",;\t"


def csv_rows(lines: Iterable[str]) -> Iterator[Row | Refused]:
    """The records.

    Refused: a record with more or fewer fields than there are names. Rejected where it cannot be read on.
    """
    csv.field_size_limit(LINE_MAX)
    given = iter(lines)
    first, skipped = _first(given)
    head = _Records([first], delimiter=_separator(first), strict=True)
    found = _names(next(_fields(head, skipped))[1], skipped + 1)
    body = _Records(given, delimiter=_separator(first), strict=True)
    yield from _records(body, found, skipped + 1)


class _Records:
    """A reader of CSV that takes no more than LINE_MAX for one record, over however many lines."""

    def __init__(self, lines: Iterable[str], **how: Any) -> None:
        self._size = 0
        self._reader = csv.reader(self._measured(lines), **how)

    def _measured(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            self._size += len(line)
            if self._size > LINE_MAX:
                raise csv.Error("record larger")
            yield line

    @property
    def line_num(self) -> int:
        return self._reader.line_num

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        self._size = 0
        return next(self._reader)


def _first(lines: Iterator[str]) -> tuple[str, int]:
    for number, line in enumerate(lines):
        if line.strip():
            return line, number
    raise Rejected("the file is empty", code="import_unreadable", status=422)


def _separator(line: str) -> str:
    """What stands most often between the names: comma, semicolon (spreadsheets in Europe) or tabulator."""
    return max(_SEPARATORS, key=line.count)


def _names(fields: Sequence[str], line: int) -> list[str]:
    names = [field.strip() for field in fields]
    if len(names) > _COLUMNS_MAX:
        raise unreadable(line, f"there are more than {_COLUMNS_MAX:,} columns")
    twice = [number for number, name in enumerate(names, 1) if names.index(name) + 1 != number]
    if twice:
        raise unreadable(line, f"column {twice[0]} has the name of another")
    return names


def _records(reader: Iterable[list[str]], names: Sequence[str], before: int) -> Iterator[Row | Refused]:
    for line, fields in _fields(reader, before):
        if not any(fields):
            continue
        if len(fields) == len(names):
            yield Row(line, dict(zip(names, fields, strict=True)))
        else:
            yield Refused(line, f"it has {len(fields)} fields, where there are {len(names)} columns")


def _fields(reader: Iterable[list[str]], before: int) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line where it begins."""
    begins = before + 1
    iterator = iter(reader)
    while True:
        try:
            fields = next(iterator)
        except StopIteration:
            return
        except csv.Error as error:
            raise unreadable(begins, f"this is no CSV: {_said(error)}") from None
        yield begins, fields
        begins = before + 1 + int(getattr(reader, "line_num", 0))


def _said(error: csv.Error) -> str:
    known = {
        "record larger": f"a record is longer than {LINE_MAX:,} characters; is a quote left open?",
        "unexpected end": "a quote is left open",
        "'": "a quote stands in the middle of a field",
    }
    return next((said for start, said in known.items() if str(error).startswith(start)), "quotes do not fit")
