"""JSONTestSuite through the parser of headers, payloads and sets of keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from limen.errors import Denied
from limen.jose import payloads, strict_json

FOLDER = Path(__file__).parent / "data/json"
PARSING = sorted((FOLDER / "test_parsing").glob("*.json"))
TRANSFORM = sorted((FOLDER / "test_transform").glob("*.json"))

STRICTER = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}
"""JSON, and refused as RFC 7515 §4 and RFC 7519 §4 allow: two parsers would read them differently."""
TAKEN = {
    "i_number_double_huge_neg_exp.json": "a number so small that it is 0",
    "i_number_real_underflow.json": "a number so small that it is 0",
    "i_number_too_big_neg_int.json": "an integer of 21 digits, exact in Python",
    "i_number_too_big_pos_int.json": "an integer of 21 digits, exact in Python",
    "i_number_very_big_negative_int.json": "an integer of 38 digits, exact in Python",
    "i_structure_500_nested_arrays.json": "nested, but not more deeply than the interpreter can",
}
"""Left open by the suite and taken. The other 29 are refused: not UTF-8, a byte order mark, half a surrogate
pair, a number beyond a double."""
SAID_OTHERWISE = {
    "object_same_key_different_values.json",
    "object_same_key_same_value.json",
    "object_same_key_unclear_values.json",
    "string_1_escaped_invalid_codepoint.json",
    "string_1_invalid_codepoint.json",
    "string_2_escaped_invalid_codepoints.json",
    "string_2_invalid_codepoints.json",
    "string_3_escaped_invalid_codepoints.json",
    "string_3_invalid_codepoints.json",
}
"""What parsers turn into different values: refused."""


def read(path: Path) -> bool:
    try:
        strict_json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


def test_the_suite_is_whole() -> None:
    kinds = [path.name[0] for path in PARSING]
    assert (kinds.count("y"), kinds.count("n"), kinds.count("i")) == (95, 188, 35)
    assert len(TRANSFORM) == 22


@pytest.mark.parametrize("path", [p for p in PARSING if p.name[0] == "n"], ids=lambda p: p.stem)
def test_J40_what_is_no_json_is_refused(path: Path) -> None:
    assert not read(path)


@pytest.mark.parametrize("path", [p for p in PARSING if p.name[0] == "y"], ids=lambda p: p.stem)
def test_J15_what_is_json_is_read_unless_two_parsers_would_differ(path: Path) -> None:
    assert read(path) == (path.name not in STRICTER)


@pytest.mark.parametrize("path", [p for p in PARSING if p.name[0] == "i"], ids=lambda p: p.stem)
def test_J40_what_the_suite_leaves_open_is_decided(path: Path) -> None:
    assert read(path) == (path.name in TAKEN)


@pytest.mark.parametrize("path", TRANSFORM, ids=lambda p: p.stem)
def test_J15_J40_what_parsers_read_differently_is_refused(path: Path) -> None:
    assert read(path) == (path.name not in SAID_OTHERWISE)


@pytest.mark.parametrize("path", [*PARSING, *TRANSFORM], ids=lambda p: p.stem)
def test_J21_J38_none_of_it_is_a_payload_of_ours(path: Path) -> None:
    """No file of the suite speaks of an account; each is refused as Denied, and with nothing else."""
    with pytest.raises(Denied):
        payloads.read(path.read_bytes())
