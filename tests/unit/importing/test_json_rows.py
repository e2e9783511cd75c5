"""Records of JSON: a line each, or a document that is read object by object."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.errors import Rejected
from limen.importing.json_rows import json_object, json_rows, looks_like_json
from limen.importing.record import Refused, Row
from limen.importing.text import LINE_MAX


def rows(text: str, size: int = 1 << 16) -> list[Row | Refused]:
    cut = [
        line[at : at + size] for line in text.splitlines(keepends=True) for at in range(0, len(line), size)
    ]
    return list(json_rows(cut))


PEOPLE = [{"id": 1, "name": "Ada \u2028 L"}, {"id": 2, "tags": [{"a": []}], "name": "}]"}, {"id": 3}]


def test_one_object_a_line() -> None:
    text = "\n".join(map(json.dumps, PEOPLE))
    assert [row.values for row in rows(text) if isinstance(row, Row)] == PEOPLE
    assert [row.line for row in rows("\n" + text + "\n\n")] == [2, 3, 4]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_a_document_that_is_an_array_or_holds_one(indent: int | None, size: int) -> None:
    for document in (PEOPLE, {"users": PEOPLE}):
        found = rows(json.dumps(document, indent=indent), size)
        assert [row.values for row in found if isinstance(row, Row)] == PEOPLE
    assert rows("[]") == rows(' {"users": [ ] } \n') == []


def test_the_line_of_an_object_in_a_document_is_where_it_begins() -> None:
    assert [row.line for row in rows(json.dumps(PEOPLE, indent=2))] == [2, 6, 15]


def test_a_list_in_the_first_line_does_not_make_a_document_of_it() -> None:
    assert [row.line for row in rows('{"roles": [{"a": 1}]}\n{"roles": []}\n')] == [1, 2]


@pytest.mark.parametrize(
    "line",
    ["{", "[1]", "1", "null", "{'a': 1}", '{"a": 1} {"b": 2}', "[" * 5_000, '{"a":' * 5_000, '{"a": "\t"}'],
)
def test_a_line_that_is_no_object_is_refused_and_the_others_come(line: str) -> None:
    found = rows('{"id": 1}\n' + line + '\n{"id": 2}\n')
    assert found == [Row(1, {"id": 1}), Refused(2, "it is no JSON object"), Row(3, {"id": 2})]


def test_a_name_that_is_there_twice_refuses_its_record() -> None:
    twice = '{"email": "a@example.com", "email": "b@example.com"}'
    assert rows(f'{twice}\n{{"id": 2}}') == [Refused(1, "a name stands in it twice"), Row(2, {"id": 2})]
    assert rows(f'[{{"id": 1}}, {{"in": {twice}}}]')[1] == Refused(1, "a name stands in it twice")


def test_numbers_that_are_none_are_absent() -> None:
    assert rows('{"a": NaN, "b": -Infinity, "c": ' + "9" * 5_000 + ', "d": 12}') == [
        Row(1, {"a": None, "b": None, "c": None, "d": 12})
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[{"id": 1},\n{"id": 2},', 2),
        ('[{"id": 1},\n{"id": ', 2),
        ('[{"id": 1},\n{"id": oops}]', 2),
        ('[{"id": 1}]\n{"id": 2}', 1),
        ('{"users": [{"id": 1}], "more": 1}', 1),
        ('[{"id": 1}]' + " " * 200_000 + '{"id": 2}', 1),
        ("[" + '{"a":' * 5_000, 1),
        ('[{"id": "' + "x" * 2 * LINE_MAX, 1),
    ],
)
def test_a_document_that_breaks_off_says_where(text: str, line: int) -> None:
    with pytest.raises(Rejected, match=f"^line {line}: "):
        rows(text)


def test_a_long_document_needs_no_more_memory_than_a_short_one() -> None:
    one = '{"id": "' + "x" * 1_000 + '"},\n'

    def document() -> object:
        yield "["
        yield from (one for _ in range(20_000))
        yield "{}]"

    tracemalloc.start()
    assert sum(1 for _ in json_rows(document())) == 20_001  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000, "20 MB went by"


@given(st.lists(st.dictionaries(st.text(max_size=5), st.none() | st.text() | st.lists(st.integers(0, 9)))))
def test_what_was_written_is_read(people: list[dict[str, object]]) -> None:
    for text in (json.dumps(people), "\n".join(map(json.dumps, people)), json.dumps({"users": people})):
        assert [row.values for row in rows(text, 3) if isinstance(row, Row)] == people


def test_objects_as_text_and_how_json_begins() -> None:
    assert json_object(' {"a": 1}') == {"a": 1}
    assert json_object("") == {}
    for bad in ("[]", "{", '{"a": 1, "a": 2}'):
        with pytest.raises(Rejected):
            json_object(bad)
    assert looks_like_json("\n [")
    assert not looks_like_json("id,email")
