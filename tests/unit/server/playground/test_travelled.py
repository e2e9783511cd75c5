"""What a request and an answer weigh, against the bytes themselves."""

from __future__ import annotations

from typing import Any

import pytest

from limen.server.playground import travelled

TOKEN = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"


def scope(query: bytes = b"") -> dict[str, Any]:
    return {
        "method": "POST",
        "path": "/playground/jwt/browser/api",
        "raw_path": b"/playground/jwt/browser/api",
        "query_string": query,
        "headers": [(b"host", b"127.0.0.1:8000"), (b"cookie", f"theme=dark; token={TOKEN}".encode())],
    }


@pytest.mark.parametrize(("query", "target"), [(b"", b""), (b"a=1", b"?a=1")])
def test_a_request_weighs_what_is_on_the_wire(query: bytes, target: bytes) -> None:
    wire = (
        b"POST /playground/jwt/browser/api" + target + b" HTTP/1.1\r\nhost: 127.0.0.1:8000\r\n"
        b"cookie: theme=dark; token=" + TOKEN.encode() + b"\r\n\r\n" + b"body"
    )
    found = travelled.request(scope(query), 4, ["token"])
    assert found.bytes == len(wire)
    assert found.body == 4
    assert found.line == len(wire.split(b"\r\n")[0]) + 2
    assert dict(found.headers)["host"] == len("host: 127.0.0.1:8000\r\n")


def test_a_body_that_nobody_read_travelled_all_the_same() -> None:
    unread = scope()
    unread["headers"].append((b"content-length", b"12"))
    plain = travelled.request(scope(), 0, [])
    assert travelled.request(unread, 0, []).bytes == plain.bytes + len("content-length: 12\r\n") + 12


def test_no_cookie_is_told_whole_and_nothing_of_a_strangers() -> None:
    found = travelled.request(scope(), 0, ["token"])
    assert [(one.name, one.shown) for one in found.cookies] == [("theme", ""), ("token", "eyJh…")]
    assert found.cookies[1].bytes == len(f"token={TOKEN}")


def test_an_answer_weighs_what_is_on_the_wire_and_shows_what_its_cookies_say() -> None:
    line = f"token={TOKEN}; Path=/; Max-Age=10; HttpOnly; SameSite=Lax"
    gone = "sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    headers = [(b"set-cookie", line.encode()), (b"set-cookie", gone.encode()), (b"content-length", b"2")]
    head = f"HTTP/1.1 401 Unauthorized\r\nset-cookie: {line}\r\nset-cookie: {gone}\r\n"
    wire = head + "content-length: 2\r\n\r\n{}"
    found = travelled.answer(401, headers, 2)
    assert found.bytes == len(wire)
    assert [(one.name, one.shown) for one in found.cookies] == [("token", "eyJh…"), ("sid", "")]
    assert found.cookies[0].said == "Path=/; Max-Age=10; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize("value", ["", "a", "four", "fifteen-letters"])
def test_of_a_short_value_nothing_is_shown(value: str) -> None:
    assert travelled.masked(value) == "…"
