"""Answers are read whole, whichever way they are cut."""

from __future__ import annotations

import pytest

from limen.lab.http import parsed, request

LENGTH = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx: y\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 503 Service Unavailable\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\nx: y\r\n\r\n"


@pytest.mark.parametrize(("raw", "status"), [(LENGTH, 200), (CHUNKED, 503), (EMPTY, 204)])
def test_an_answer_is_there_at_its_last_byte_and_not_before(raw: bytes, status: int) -> None:
    assert [parsed(raw[:end]) for end in range(len(raw))] == [None] * len(raw)
    found = parsed(raw)
    assert found is not None
    assert (found.status, found.size) == (status, len(raw))


def test_the_length_of_the_body_is_not_looked_for_in_the_body() -> None:
    found = parsed(b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\ncontent-length: 999")
    assert found is not None
    assert found.body == b"content-length: 999"


def test_a_request_says_what_an_api_client_would() -> None:
    raw = request("POST", "/auth/logout", port=8000, credential="abc", body={})
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"POST /auth/logout HTTP/1.1"
    assert b"Authorization: Bearer abc" in head
    assert b"Content-Length: 2" in head
    assert body == b"{}"
