"""Records of CSV: with their lines, and refused one by one or all together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from limen.errors import Rejected
from limen.importing.csv_rows import csv_rows
from limen.importing.record import Refused, Row
from limen.importing.text import LINE_MAX, lines


def rows(text: str) -> list[Row | Refused]:
    return list(csv_rows(text.splitlines(keepends=True)))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_what_stands_between_the_names(separator: str) -> None:
    text = "id,email\n1,ada@example.com\n".replace(",", separator)
    assert rows(text) == [Row(2, {"id": "1", "email": "ada@example.com"})]


def test_a_record_has_the_line_where_it_begins() -> None:
    text = '\n\nid,name\r\n1,"a\nb ""c"", d"\r\n\r\n2,e\n'
    assert rows(text) == [Row(4, {"id": "1", "name": 'a\nb "c", d'}), Row(7, {"id": "2", "name": "e"})]


def test_a_record_of_another_width_is_refused_and_the_others_come() -> None:
    assert rows("id,name\n1\n2,b,c\n3,d\n") == [
        Refused(2, "it has 1 fields, where there are 2 columns"),
        Refused(3, "it has 3 fields, where there are 2 columns"),
        Row(4, {"id": "3", "name": "d"}),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("id,id\n1,2\n", "line 1: column 2 has the name of another"),
        ('id,name\n1,ok\n2,"open\n3,never closed\n', "line 3: this is no CSV: a quote is left open"),
        ('id,name\n1,"a"b\n', "line 2: this is no CSV: a quote stands in the middle of a field"),
        (
            f'id,name\n1,"{"x" * LINE_MAX}y"\n',
            f"line 2: this is no CSV: a record is longer than {LINE_MAX:,}",
        ),
        (",".join(map(str, range(1_001))) + "\n", "line 1: there are more than 1,000 columns"),
    ],
)
def test_a_file_that_cannot_be_read_on_says_where(text: str, said: str) -> None:
    with pytest.raises(Rejected) as failed:
        rows(text)
    assert failed.value.message.startswith(said)
    assert failed.value.code == "import_unreadable"


def test_a_record_of_many_lines_has_an_end() -> None:
    def given() -> Iterator[str]:
        yield "id,name\n"
        yield '1,"'
        for _ in range(8):
            yield "x" * (LINE_MAX // 4) + "\n"
            yield '","'
        raise AssertionError("it was read on")

    with pytest.raises(Rejected, match="line 2: this is no CSV: a record is longer"):
        list(csv_rows(lines(given())))
