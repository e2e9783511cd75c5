"""Records of JSON: one object a line, or one document that is an array or holds one.

A document is read object by object, so that a million need no more memory than one. A name that is there
twice refuses its record: two readers would take different ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from limen.errors import Rejected
from limen.importing.record import Refused, Row, unreadable
from limen.importing.text import LINE_MAX, ends, lines

_ENOUGH = 1 << 16
_DOCUMENT = re.compile(r'\s*(?:\{\s*"(?:users|accounts|rows|data)"\s*:\s*)?\[')
_END = re.compile(r"\s*\]\s*\}?\s*")
_BETWEEN = re.compile(r"[\s,]*")
_DIGITS_MAX = 40


def json_rows(pieces: Iterable[str]) -> Iterator[Row | Refused]:
    """The records. Refused: a line that is no JSON object. Rejected where a document cannot be read on."""
    window = _Window(pieces)
    window.read(_ENOUGH)
    opened = _DOCUMENT.match(window.text)
    if opened is None:
        yield from _by_lines(window)
    else:
        window.skip(opened.end())
        yield from _of_document(window)


class _Twice(dict[str, Any]):
    """An object in which a name stands twice, or that holds such an object."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs) or any(isinstance(value, _Twice) for value in made.values()):
        return _Twice(made)
    return made


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= _DIGITS_MAX else None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_constant=lambda _: None, strict=True
)


class _Window:
    """The part of a text that is looked at, and in which line it begins."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = iter(pieces)
        self.text, self.at, self.line = "", 0, 1
        self.ended = False

    def read(self, most: int) -> None:
        """Let go of what was skipped, and read on by `most` characters or more, if there are."""
        more, size = [self.text[self.at :]], 0
        while size < most and not self.ended:
            piece = next(self._pieces, None)
            if piece is None:
                self.ended = True
            else:
                more.append(piece)
                size += len(piece)
        self.text, self.at = "".join(more), 0

    def skip(self, to: int) -> None:
        self.line += ends(self.text[self.at : to])
        self.at = to

    def rest(self) -> Iterator[str]:
        """What was not skipped, in pieces. `splitlines` knows more ends than files have; `lines` does not."""
        yield from self.text[self.at :].splitlines(keepends=True)
        yield from self._pieces


def _by_lines(window: _Window) -> Iterator[Row | Refused]:
    for number, line in enumerate(lines(window.rest()), 1):
        if not line.strip():
            continue
        try:
            found = _DECODER.decode(line)
        except (ValueError, RecursionError):
            yield Refused(number, "it is no JSON object")
            continue
        yield _row(number, found)


def _of_document(window: _Window) -> Iterator[Row | Refused]:
    while True:
        _to_next(window)
        if window.text[window.at : window.at + 1] == "]":
            return _ended(window)
        line = window.line
        yield _row(line, _next(window))


def _to_next(window: _Window) -> None:
    while True:
        found = _BETWEEN.match(window.text, window.at)
        window.skip(found.end() if found else window.at)
        if window.at < len(window.text):
            return
        if window.ended:
            raise unreadable(window.line, "the file ends in the middle")
        window.read(_ENOUGH)


def _next(window: _Window) -> object:
    while True:
        try:
            found, end = _DECODER.raw_decode(window.text, window.at)
        except (ValueError, RecursionError):
            found, end = None, len(window.text)
        if end < len(window.text):
            window.skip(end)
            return found
        if window.ended or len(window.text) - window.at > LINE_MAX:
            raise unreadable(window.line, "the object that begins here is no JSON, or the file ends in it")
        window.read(_ENOUGH)


def _ended(window: _Window) -> None:
    window.read(_ENOUGH)
    if not window.ended or _END.fullmatch(window.text) is None:
        raise unreadable(window.line, "something stands behind the end of the list")


def _row(line: int, found: object) -> Row | Refused:
    if isinstance(found, _Twice):
        return Refused(line, "a name stands in it twice")
    return Row(line, found) if isinstance(found, dict) else Refused(line, "it is no JSON object")


def looks_like_json(start: str) -> bool:
    """Whether a file that begins like this is JSON and not CSV."""
    return start.lstrip()[:1] in ("{", "[")


def json_object(text: str) -> dict[str, Any]:
    """The object that a text is, empty for none; Rejected for anything else."""
    try:
        found = _DECODER.decode(text) if text.strip() else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or isinstance(found, _Twice):
        raise Rejected("this is no JSON object", code="import_unreadable", status=422)
    return found
