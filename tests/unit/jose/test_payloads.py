"""Two ways of reading a payload give one answer: the fast one takes nothing that the strict one refuses."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from limen.errors import Denied
from limen.jose import payloads, strict_json
from limen.jose.payloads import Claims
from support.tokens import said

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
TIME = st.integers(0, payloads.LATEST - 1) | st.floats(0, payloads.LATEST - 1, allow_nan=False)
CLAIMS = st.builds(
    Claims,
    iss=TEXT,
    sub=TEXT,
    aud=TEXT | st.lists(TEXT, max_size=3).map(tuple),
    exp=TIME,
    iat=TIME,
    jti=TEXT,
    client_id=TEXT,
    nbf=st.none() | TIME,
    sid=st.none() | TEXT,
    auth_time=st.none() | TIME,
    amr=st.none() | st.lists(TEXT, max_size=3).map(tuple),
    scope=st.none() | TEXT,
    strategy=st.none() | TEXT,
)


@given(CLAIMS)
def test_what_is_written_is_read_and_is_strict_json(claims: Claims) -> None:
    payload = payloads.write(claims)
    assert payloads.read(payload) == claims
    assert strict_json.load_object(payload) == json.loads(payload)
    assert payloads.read(json.dumps(json.loads(payload), indent=1).encode()) == claims


def read(payload: bytes) -> Claims | str:
    try:
        return payloads.read(payload)
    except Denied as error:
        return error.reason


def strictly(payload: bytes) -> Claims | None:
    """The claims by the slow way alone, written down here a second time."""
    try:
        claims = strict_json.load_object(payload)
        if any(claims.get(name, 0) is None for name in Claims.__struct_fields__):
            return None
        return msgspec.convert(claims, Claims)
    except ValueError:
        return None


PAYLOAD = payloads.write(Claims(**said(scope="a b", amr=("pwd",))))


@given(st.integers(0, len(PAYLOAD)), st.integers(0, 12), st.binary(max_size=3) | st.sampled_from(
    [b',"sub":"x"', b"\\u0061", b'"', b"\\", b" ", b":", b",", b"{}", b'"sub":"y",', b"\xff", b"null", b"1e5"]
))  # fmt: skip
@example(len(PAYLOAD) - 1, 0, b',"sub":"admin"')
@example(1, 0, b'"sub":"admin",')
def test_J15_a_payload_changed_anywhere_is_read_as_the_strict_way_reads_it(
    at: int, cut: int, put: bytes
) -> None:
    payload = PAYLOAD[:at] + put + PAYLOAD[at + cut :]
    found = read(payload)
    assert (found if isinstance(found, Claims) else None) == strictly(payload)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | TEXT,
                    lambda x: st.lists(x, max_size=3) | st.dictionaries(TEXT, x, max_size=3), max_leaves=6),
       st.sampled_from(Claims.__struct_fields__))  # fmt: skip
def test_whatever_a_claim_holds_the_answer_is_claims_or_denied(value: Any, name: str) -> None:
    payload = json.dumps(said(**{name: value})).encode()
    found = read(payload)
    assert (found if isinstance(found, Claims) else None) == strictly(payload)


@given(st.binary(max_size=60))
def test_whatever_the_bytes_the_answer_is_denied(payload: bytes) -> None:
    assert isinstance(read(payload), str)
