"""Text as it streams by: what is no UTF-8 is named by its line, and no line goes on for ever."""

from __future__ import annotations

import io

import pytest

from limen.errors import Rejected
from limen.importing.text import LINE_MAX, checked, ends, lines


def pieces(raw: bytes, most: int = 1 << 16) -> list[str]:
    """As the command line reads them."""
    text = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", errors="surrogateescape", newline="")
    return list(iter(lambda: text.readline(most), ""))


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert "".join(checked(pieces("id\nü\n".encode("utf-8-sig")))) == "id\nü\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_named(encoding: str) -> None:
    with pytest.raises(Rejected, match=r"line 1: this is UTF-16 or UTF-32; save the file as UTF-8"):
        list(checked(pieces("id,email\n1,a@b.example\n".encode(encoding))))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_line_of_a_byte_that_is_no_utf8_is_named(end: bytes) -> None:
    with pytest.raises(Rejected, match="line 3: there is a byte that is no UTF-8"):
        list(checked(pieces(end.join([b"id,name", b"1,ok", b"2,M\xfcller", b"3,ok"]))))


@pytest.mark.parametrize("raw", [b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xff\xfe"])
def test_what_only_looks_like_utf8_is_refused(raw: bytes) -> None:
    with pytest.raises(Rejected):
        list(checked(pieces(b"id,name\n1," + raw)))


def test_lines_end_in_any_way_and_are_whole() -> None:
    raw = b"a\nb\r\nc\rd\xe2\x80\xa8still d"
    assert list(lines(pieces(raw))) == ["a\n", "b\r\n", "c\r", "d\u2028still d"]
    assert list(lines(pieces(b"x" * 1_000 + b"\ny", most=64))) == ["x" * 1_000 + "\n", "y"]
    assert ends("a\nb\r\nc\rd") == 3


def test_a_line_without_an_end_is_given_up_before_it_fills_the_memory() -> None:
    endless = ("x" * 65_536 for _ in iter(int, 1))
    with pytest.raises(Rejected, match=f"line 2: it is longer than {LINE_MAX:,} characters"):
        list(lines(iter(["first\n", *(next(endless) for _ in range(40))])))
