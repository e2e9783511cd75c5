"""Whose word about the client counts."""

from __future__ import annotations

import ipaddress
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.proxies import Client, Trusted, client_of, is_trusted

TRUSTED = Trusted.of(("10.0.0.0/8", "192.0.2.1", "2001:db8::/32"))
PROXY = "10.0.0.1"


def seen(
    *hops: str, peer: str | None = PROXY, trusted: Trusted = TRUSTED, proto: str | None = None
) -> Client:
    headers = [(b"x-forwarded-for", hop.encode("latin-1")) for hop in hops]
    if proto is not None:
        headers.append((b"x-forwarded-proto", proto.encode("latin-1")))
    return client_of([(b"host", b"app.example"), *headers], peer, trusted)


HEADERS = [
    (b"x-forwarded-for", b"203.0.113.9"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"evil.example"),
    (b"x-forwarded-port", b"443"),
    (b"forwarded", b"for=203.0.113.9;proto=https;host=evil.example"),
    (b"x-real-ip", b"203.0.113.9"),
    (b"x-original-url", b"/admin"),
    (b"x-rewrite-url", b"/admin"),
    (b"x-user", b"admin"),
    (b"true-client-ip", b"203.0.113.9"),
    (b"cf-connecting-ip", b"203.0.113.9"),
    (b"x-client-ip", b"203.0.113.9"),
]


@pytest.mark.parametrize("peer", ["198.51.100.7", "192.0.2.2", "2001:db9::1", "11.0.0.1"])
def test_W15_a_peer_that_is_not_trusted_is_the_client_whatever_it_says(peer: str) -> None:
    assert client_of(HEADERS, peer, TRUSTED) == Client(peer)


def test_W15_nobody_is_trusted_by_default() -> None:
    for peer in ("127.0.0.1", "::1", "10.0.0.1"):
        assert client_of(HEADERS, peer, Trusted.of(())) == Client(peer)


def test_W15_of_a_trusted_peer_two_headers_are_read_and_no_other() -> None:
    told = client_of(HEADERS[2:], PROXY, TRUSTED)
    assert told == Client(PROXY)
    assert client_of(HEADERS, PROXY, TRUSTED) == Client("203.0.113.9", "https")


@pytest.mark.parametrize(
    ("hops", "address"),
    [
        (("203.0.113.9",), "203.0.113.9"),
        (("6.6.6.6, 203.0.113.9",), "203.0.113.9"),
        (("6.6.6.6", "203.0.113.9"), "203.0.113.9"),
        (("6.6.6.6, 203.0.113.9, 10.1.2.3",), "203.0.113.9"),
        (("6.6.6.6, 203.0.113.9", "192.0.2.1, 10.1.2.3"), "203.0.113.9"),
        (("10.9.9.9, 10.1.2.3",), "10.9.9.9"),
        (("203.0.113.9\t,\t10.1.2.3 ",), "203.0.113.9"),
        (("203.0.113.9:5678",), "203.0.113.9"),
        (("[2001:db9::7]",), "2001:db9::7"),
        (("[2001:db9::7]:5678",), "2001:db9::7"),
        (("2001:DB9:0::7",), "2001:db9::7"),
        (("::ffff:203.0.113.9",), "203.0.113.9"),
        (("6.6.6.6, ::ffff:10.1.2.3",), "6.6.6.6"),
        (("6.6.6.6, 203.0.113.9, 2001:db8::1",), "203.0.113.9"),
        (("",), PROXY),
        ((), PROXY),
    ],
)
def test_W15_the_right_most_address_that_is_no_proxy_is_the_client(
    hops: tuple[str, ...], address: str
) -> None:
    assert seen(*hops).address == address


@pytest.mark.parametrize(
    "garbage",
    [
        "unknown",
        "_hidden",
        "evil",
        "203.0.113.999",
        "0x7f.1",
        "2130706433",
        "127.1",
        "[::1",
        "[::1]x",
        "[203.0.113.9",
        "fe80::1%eth0",
        "203.0.113.9:port",
        "203.0.113.9\x00",
        "203.0.113.9, ",
        "\xb2\xb20.0.113.9",
        "\xff",
        "a" * 5_000,
    ],
)
def test_W15_garbage_ends_the_walk_at_the_last_proxy_that_was_understood(garbage: str) -> None:
    assert seen(f"203.0.113.9, {garbage}").address == PROXY
    assert seen(f"203.0.113.9, {garbage}, 10.1.2.3").address == "10.1.2.3"


def test_W15_a_chain_of_fifty_is_walked_from_the_right() -> None:
    written = ", ".join(f"6.6.6.{n}" for n in range(50))
    assert seen(f"{written}, 203.0.113.9, 10.1.2.3").address == "203.0.113.9"


def test_W15_a_chain_of_proxies_is_walked_so_far_and_no_further() -> None:
    assert seen(", ".join(["203.0.113.9", *["10.1.2.3"] * 50])).address == "10.1.2.3"


def test_W15_a_long_header_costs_no_memory() -> None:
    header = [(b"x-forwarded-for", b"6.6.6.6," * 8_000 + b"203.0.113.9")]
    tracemalloc.start()
    try:
        assert client_of(header, PROXY, TRUSTED).address == "203.0.113.9"
        assert tracemalloc.get_traced_memory()[1] < 3 * len(header[0][1])
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("said", "scheme"),
    [
        ("https", "https"),
        ("HTTPS", "https"),
        ("http", "http"),
        ("wss", "https"),
        ("ws", "http"),
        ("http, https", "https"),
        ("https, http", "http"),
        ("https ", "https"),
        ("", None),
        ("javascript", None),
        ("https,", None),
        ("https\x00", None),
        ("\xff", None),
    ],
)
def test_W15_the_scheme_is_the_right_most_that_the_peer_told(said: str, scheme: str | None) -> None:
    assert seen("203.0.113.9", proto=said).scheme == scheme


def test_a_peer_without_an_address_is_trusted_by_name_alone() -> None:
    unix = Trusted.of(("unix",))
    assert seen("203.0.113.9", peer=None, trusted=unix, proto="https") == Client("203.0.113.9", "https")
    assert seen("203.0.113.9", peer="", trusted=unix).address == "203.0.113.9"
    assert seen("203.0.113.9", peer=None, proto="https") == Client("")
    assert seen("203.0.113.9", peer=PROXY, trusted=unix) == Client(PROXY)


@pytest.mark.parametrize("peer", ["testclient", "unix", "x" * 5_000, "10.0.0.1.evil"])
def test_a_peer_that_is_no_address_is_shown_and_not_trusted(peer: str) -> None:
    for trusted in (TRUSTED, Trusted.of(("unix",))):
        assert seen("203.0.113.9", peer=peer, trusted=trusted) == Client(peer[:64])


def test_a_peer_is_the_same_in_every_notation() -> None:
    assert seen(peer="::ffff:198.51.100.7") == Client("198.51.100.7")
    assert seen("203.0.113.9", peer="::ffff:10.0.0.1").address == "203.0.113.9"
    assert seen(peer="fe80::1%eth0") == Client("fe80::1")


@given(
    st.lists(st.one_of(st.binary(max_size=20), st.ip_addresses().map(lambda a: str(a).encode())), max_size=6)
)
def test_W15_whatever_is_told_the_address_is_one(hops: list[bytes]) -> None:
    found = client_of([(b"x-forwarded-for", b", ".join(hops))], PROXY, TRUSTED)
    assert str(ipaddress.ip_address(found.address)) == found.address


@pytest.mark.parametrize(
    ("peer", "believed"),
    [
        (PROXY, True),
        ("::ffff:10.0.0.1", True),
        ("192.0.2.1", True),
        ("192.0.2.2", False),
        ("2001:db8::1%eth0", True),
        ("testclient", False),
        ("10.0.0.1 ", False),
        ("", False),
        (None, False),
    ],
)
def test_W15_who_is_believed_is_who_is_named(peer: str | None, believed: bool) -> None:
    assert is_trusted(peer, TRUSTED) is believed
    headers = [(b"x-forwarded-for", b"203.0.113.9")]
    assert (client_of(headers, peer, TRUSTED).address == "203.0.113.9") is believed
    unix = Trusted.of(("unix",))
    assert is_trusted(peer, unix) is (not peer)
