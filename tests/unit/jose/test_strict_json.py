"""The strict parser beside Python's own: it refuses more, and reads the rest alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.jose import strict_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_json_writes_is_read(value: Any, ascii_only: bool) -> None:
    assert strict_json.loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.dictionaries(TEXT, VALUES, min_size=1, max_size=5), st.data())
def test_J15_a_name_twice_is_refused_wherever_it_stands_and_however_it_is_spelt(
    value: dict[str, Any], data: st.DataObject
) -> None:
    twice = data.draw(st.sampled_from(sorted(value)))
    spelt = "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else json.dumps(c)[1:-1] for c in twice)
    for name in (json.dumps(twice), f'"{spelt}"'):
        text = json.dumps(value)[:-1] + f",{name}:1}}"
        for wrapped in (text, f"[{text}]", f'{{"outer":[{{"inner":{text}}}]}}'):
            with pytest.raises(strict_json.DuplicateNameError):
                strict_json.loads(wrapped.encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"-1e400",
        b"\xef\xbb\xbf{}",
        '"x"'.encode("utf-16"),
        b'"\xff"',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\ud800":1}',
        b"[1,]",
        b'{"a":1,}',
        b"// x\n1",
        b"'a'",
        b"01",
        b"+1",
        b".5",
        b"1.",
        b'"\t"',
        b'"\\x41"',
        b"1 2",
        b"\x001",
        b"1\x00",
        b"9" * 5000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'["\\u0041"' + b",[" * 100_000,
    ],
    ids=lambda raw: raw[:20],
)
def test_J21_J22_J23_J40_what_is_no_json_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError):
        strict_json.loads(raw)


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert strict_json.loads(b'"\\ud83d\\udddd"') == "🗝"[:0] + "\U0001f5dd"


@pytest.mark.parametrize("raw", [b"[]", b"1", b'"a"', b"null"])
def test_J38_J39_an_object_is_asked_for(raw: bytes) -> None:
    with pytest.raises(ValueError):
        strict_json.load_object(raw)
    assert strict_json.load_object(b'{"a":1}') == {"a": 1}
