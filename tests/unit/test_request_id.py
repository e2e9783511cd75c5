"""Whose word for the id of a request is believed, and where it stands."""

from __future__ import annotations

import secrets

import pytest

from limen import ids, request_id
from limen.clock import Instant
from limen.proxies import Trusted

NOW = Instant(1_800_000_000.0)
PROXIES = Trusted.of(["10.0.0.0/8"])


def of(*said: bytes, peer: str | None = "10.1.2.3") -> str:
    headers = [(b"host", b"x"), *((b"x-request-id", value) for value in said)]
    return request_id.of(headers, peer, PROXIES, now=NOW, entropy=secrets.token_bytes)


def test_a_trusted_proxy_names_the_request() -> None:
    assert of(b"0af7-51.a_b~C") == "0af7-51.a_b~C"
    assert of(b"a" * 128) == "a" * 128


@pytest.mark.parametrize("peer", ["192.0.2.7", "nonsense", "", None])
def test_nobody_else_does(peer: str | None) -> None:
    made = of(b"mine", peer=peer)
    assert ids.created_ms(made) == NOW * 1000


@pytest.mark.parametrize(
    "said",
    [(b"",), (b"a" * 129,), (b"a\nb",), (b"a b",), (b"a\x1b[2J",), ("é".encode(),), (b"a\n",), (b"a", b"b")],
)
def test_W07_what_is_no_id_is_not_taken_from_a_proxy_either(said: tuple[bytes, ...]) -> None:
    assert ids.created_ms(of(*said)) == NOW * 1000


def test_it_holds_for_what_is_done_inside() -> None:
    assert request_id.current() == ""
    with request_id.under("one"):
        with request_id.under("two"):
            assert request_id.current() == "two"
        assert request_id.current() == "one"
    assert request_id.current() == ""
