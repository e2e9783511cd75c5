"""Bodies have one meaning or none."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.errors import Rejected
from limen.server.bodies import parse_form, parse_json, read_form, read_json, read_json_if_any
from limen.server.shapes import Login, Logout, Register
from limen.server.wire import BODY_MAX, Call, ClientLeft

pytestmark = pytest.mark.anyio

GOOD = b'{"email":"ada@example.org","password":"x"}'


def call(
    *chunks: bytes,
    headers: list[tuple[bytes, bytes]] | None = None,
    kind: bytes = b"application/json",
    query: bytes = b"",
    leave: bool = False,
) -> Call:
    sent = iter(chunks)
    said = [(b"content-type", kind)] if headers is None else headers

    async def receive() -> dict[str, Any]:
        chunk = next(sent, None)
        if chunk is None and leave:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    return Call({"headers": said, "query_string": query}, receive, "", "https")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'["email","password"]',
        b'"email"',
        b"1",
        b'{"email":"a"}',
        b'{"email":"a","password":null}',
        b'{"email":"a","password":1}',
        b'{"email":"a","password":NaN}',
        b'{"email":"a","password":"b","password":"c"}',
        b'{"email":"a","password":"b","\\u0065mail":"c"}',
        b'{"email":"a","password":"b","admin":true}',
        b'{"email":"a","password":"b"}{}',
        b'{"email":"a","password":"b",}',
        b"{'email':'a','password':'b'}",
        b'{"email":"a","password":"b"} // comment',
        b'\xef\xbb\xbf{"email":"a","password":"b"}',
        '{"email":"a","password":"b"}'.encode("utf-16"),
        '{"email":"a","password":"b"}'.encode("utf-16-le"),
        '{"email":"a","password":"b"}'.encode("utf-32"),
        b'{"email":"\xff","password":"b"}',
        b'{"email":"\xed\xa0\x80","password":"b"}',
        b'{"email":"\\ud800","password":"b"}',
        b'{"email":"\\udc00\\ud800","password":"b"}',
        b'{"email":"\n","password":"b"}',
        b'{"email":' + b"[" * 60_000,
        b'{"email":' * 6_000,
        b"[" * BODY_MAX,
        b'{"a":' * 100_000,
        b"{" + b",".join(b'"k%d":1' % i for i in range(6_000)) + b"}",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_W12_what_is_not_exactly_the_shape_is_rejected(body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        parse_json(body, Register)
    assert (caught.value.http_status, caught.value.code) == (400, "body_malformed")
    assert len(caught.value.message) <= 200


def test_what_is_the_shape_is_read() -> None:
    assert parse_json(GOOD, Register) == Register("ada@example.org", "x")
    assert parse_json(
        '{"email":"é\\u00e9\\ud83d\\ude00","password":"\\u0000"}'.encode(), Register
    ) == Register("éé😀", "\0")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_W12_no_json_at_all_does_more_than_be_rejected(value: Any) -> None:
    with pytest.raises(Rejected):
        parse_json(json.dumps(value).encode(errors="surrogatepass"), Register)


@given(st.binary())
def test_W12_no_bytes_at_all_do_more_than_be_rejected(body: bytes) -> None:
    with pytest.raises(Rejected):
        parse_json(body, Register)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"content-type", b"text/plain")],
        [(b"content-type", b"text/plain; application/json")],
        [(b"content-type", b"application/jsonx")],
        [(b"content-type", b"application/x-www-form-urlencoded")],
        [(b"content-type", b"multipart/form-data")],
        [(b"content-type", b"application/json; charset=utf-16")],
        [(b"content-type", b"application/json; charset=utf-7")],
        [(b"content-type", b"application/json, text/plain")],
        [(b"content-type", b"application/json"), (b"content-type", b"text/plain")],
        [(b"content-type", b"application/json"), (b"content-encoding", b"gzip")],
    ],
    ids=repr,
)
async def test_W12_what_does_not_say_that_it_is_json_is_rejected(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Rejected) as caught:
        await read_json(call(GOOD, headers=headers), Register)
    assert (caught.value.http_status, caught.value.code) == (415, "media_type_unsupported")


@pytest.mark.parametrize(
    "kind",
    [
        b"application/json",
        b"Application/JSON",
        b"application/json; charset=UTF-8",
        b'application/json;charset="utf-8"',
    ],
)
async def test_json_may_be_said_in_several_ways(kind: bytes) -> None:
    assert await read_json(call(GOOD, kind=kind), Register) == Register("ada@example.org", "x")


async def test_a_body_that_may_be_missing_is_none_and_needs_no_type() -> None:
    assert await read_json_if_any(call(headers=[]), Logout) is None
    assert await read_json_if_any(call(b"{}"), Logout) == Logout()
    with pytest.raises(Rejected):
        await read_json_if_any(call(b"{}", kind=b"text/plain"), Logout)


async def test_W01_the_cap_holds_with_a_declared_length() -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(BODY_MAX + 1).encode())]
    with pytest.raises(Rejected) as caught:
        await read_json(call(headers=headers, leave=True), Login)
    assert caught.value.http_status == 413


async def test_W01_the_cap_holds_without_one_and_nothing_is_read_beyond() -> None:
    taken = []

    def endless() -> Any:
        while True:
            taken.append(1)
            yield b"x" * 4_096

    one = call()
    chunks = endless()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": next(chunks), "more_body": True}

    with pytest.raises(Rejected) as caught:
        await Call(one.scope, receive, "", "https").body()
    assert caught.value.http_status == 413
    assert len(taken) == BODY_MAX // 4_096 + 1


async def test_W01_the_largest_body_is_read() -> None:
    assert len(await call(b"x" * (BODY_MAX - 1), b"x").body()) == BODY_MAX


@pytest.mark.parametrize("length", [b"-1", b"+1", b"1 ", b"0x1", b"1,1", b"", b"9" * 19, "٣".encode()])
async def test_W01_a_length_that_is_no_number_is_rejected(length: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        await call(b"x", headers=[(b"content-length", length)]).body()
    assert caught.value.http_status == 400


async def test_W01_two_lengths_are_rejected() -> None:
    with pytest.raises(Rejected):
        await call(b"x", headers=[(b"content-length", b"1"), (b"content-length", b"1")]).body()


async def test_a_client_that_leaves_is_no_empty_body() -> None:
    with pytest.raises(ClientLeft):
        await call(b"{", leave=True).body()


@pytest.mark.parametrize(
    "body",
    [
        b"token=a&token=b",
        b"token=a&tok%65n=b",
        b"token=a&&",
        b"a=%",
        b"a=%4",
        b"a=%zz",
        b"a=%ff",
        b"a=\xff",
        b"a=%u0041",
    ],
)
def test_W11_what_two_parsers_could_read_differently_is_rejected(body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        parse_form(body)
    assert (caught.value.http_status, caught.value.code) == (400, "invalid_request")


def test_W11_a_semicolon_separates_nothing() -> None:
    assert parse_form(b"token=a;token=b") == {"token": "a;token=b"}


async def test_W11_parameters_in_the_address_are_rejected() -> None:
    form = b"application/x-www-form-urlencoded"
    assert await read_form(call(b"token=a", kind=form)) == {"token": "a"}
    with pytest.raises(Rejected):
        await read_form(call(b"token=a", kind=form, query=b"token=b"))
    with pytest.raises(Rejected):
        await read_form(call(b"token=a", kind=b"multipart/form-data"))


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_a_form_comes_out_as_it_went_in(values: dict[str, str]) -> None:
    values = {k: v for k, v in values.items() if not any(0xD800 <= ord(c) <= 0xDFFF for c in k + v)}
    assert parse_form(urlencode(values).encode()) == values


def test_W07_what_a_client_calls_itself_is_short_and_printable() -> None:
    agent = b"\x1b[2J\x85" + b"x" * 1_048_576
    said = call(headers=[(b"user-agent", agent)]).user_agent
    assert said == "?[2J?" + "x" * 251
    assert call(headers=[]).user_agent == ""
