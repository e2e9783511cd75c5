"""The text of a file as it streams by: in UTF-8, in lines that end somewhere, each with its number.

Bytes that are no UTF-8 arrive as lone surrogates (the error handler `surrogateescape`), so that the line
that has them can be named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from limen.importing.record import unreadable

LINE_MAX = 1 << 20
"""Characters of one line, and of one record."""
_BOM = "\ufeff"
_UTF16 = ("\udcff\udcfe", "\udcfe\udcff")
_SAVE = "save the file as UTF-8 and repeat"


def checked(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces, their byte order mark left out; Rejected where they are not UTF-8.

    A piece is a line or, of a long line, a part.
    """
    line = 1
    for number, piece in enumerate(pieces):
        if number == 0:
            piece = _begun(piece)
        if not piece.isascii():
            _whole(piece, line)
        yield piece
        line += ends(piece)


def lines(pieces: Iterable[str]) -> Iterator[str]:
    """Whole lines with their ends; Rejected for one longer than LINE_MAX."""
    kept: list[str] = []
    size, number = 0, 1
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size > LINE_MAX:
            raise unreadable(number, f"it is longer than {LINE_MAX:,} characters")
        if piece.endswith(("\n", "\r")):
            yield "".join(kept)
            kept, size, number = [], 0, number + 1
    if kept:
        yield "".join(kept)


def ends(text: str) -> int:
    """How many lines end in a text: at LF, CR LF or CR."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _begun(piece: str) -> str:
    if piece.startswith(_UTF16) or piece[:4].count("\0") >= 2:
        raise unreadable(1, f"this is UTF-16 or UTF-32; {_SAVE}")
    return piece.removeprefix(_BOM)


def _whole(piece: str, line: int) -> None:
    try:
        piece.encode()
    except UnicodeEncodeError as error:
        at = line + ends(piece[: error.start])
        raise unreadable(at, f"there is a byte that is no UTF-8; {_SAVE}") from None
