"""What stands in a token, as text: whatever it is, it can be shown, and nothing in it hides or turns."""

from __future__ import annotations

import pytest

from limen.clock import Instant
from limen.explanation.written import ago, beside, moment, read, shown
from limen.jose import b64

NOW = Instant(1_800_000_000.0)


def token(header: str, claims: str) -> str:
    return f"{b64.encode(header.encode())}.{b64.encode(claims.encode())}.AAAA"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        ("plain", "plain"),
        (["a", 1], '["a", 1]'),
        ("a\u202eb\x1b[2J\u200b", "a\\u202eb\\x1b[2J\\u200b"),
        ("A" * 500, f"{'A' * 160}… (500 characters)"),
    ],
)
def test_values_are_one_short_visible_line(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    "text",
    ["exp", True, None, [], float("nan"), float("inf"), 10**400, -1e30, 1e15],
)
def test_what_is_no_moment_is_shown_as_it_stands(text: object) -> None:
    assert beside(text, NOW) == shown(text)


def test_moments_have_their_distance() -> None:
    assert beside(1_800_000_042, NOW) == "2027-01-15T08:00:42Z, 42 s ahead"
    assert [ago(s) for s in (-599, -600, -7_500, -4_420_132)] == [
        "599 s ago",
        "10 min ago",
        "2 h 5 min ago",
        "51 d 3 h ago",
    ]
    assert moment(1e18) == "1e+18"


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "x" * 100, "é.é.é", "." * 5000, "[" * 9 + ".e30."])
def test_whatever_is_no_token_is_read_as_one_without_members(text: str) -> None:
    found = read(text)
    assert (found.header, found.claims, found.parts) == ({}, {}, text.count(".") + 1)


def test_a_header_is_read_where_the_claims_cannot_be() -> None:
    assert read(token('{"alg":"ES256"}', "no JSON")).header == {"alg": "ES256"}
    deep = read(token('{"kid":' + "[" * 400 + "]" * 400 + "}", "{}"))
    assert shown(deep.header["kid"])
