"""Addresses of Redis: what they say, and that no sentence quotes a password."""

from __future__ import annotations

import pytest

from limen.errors import Misconfigured
from limen.stores.redis.address import Address, Kind, parse


def test_a_single_server() -> None:
    address = parse("redis://ada:p%40ss%2Fword@cache.example:6380/3?replicas=2&prefix=app&patience=0.5")
    assert address == Address(
        kind=Kind.SINGLE,
        nodes=(("cache.example", 6380),),
        db=3,
        user="ada",
        password="p@ss/word",
        prefix="app",
        replicas=2,
        patience=0.5,
    )
    assert address.meta == b"{app}:meta"
    assert address.base(7) == b"{app}:7:"


@pytest.mark.parametrize(
    ("url", "nodes"),
    [
        ("redis://localhost", (("localhost", 6379),)),
        ("valkey://[::1]:7000", (("::1", 7000),)),
        ("redis://[::1]", (("::1", 6379),)),
        ("redis+sentinel://a,b:7,c/main", (("a", 26379), ("b", 7), ("c", 26379))),
        ("redis+cluster://a:1,b:2", (("a", 1), ("b", 2))),
    ],
)
def test_nodes(url: str, nodes: tuple[tuple[str, int], ...]) -> None:
    assert parse(url).nodes == nodes


def test_a_socket() -> None:
    for scheme in ("redis+unix", "valkey+unix", "unix"):
        address = parse(f"{scheme}://:hush@/run/redis/redis.sock?db=2")
        assert (address.path, address.db, address.password) == ("/run/redis/redis.sock", 2, "hush")


def test_a_sentinel_address_names_the_master_and_its_own_credentials() -> None:
    address = parse("redis+sentinel://u:p@a/main/1?sentinel_user=s&sentinel_password=q")
    assert (address.kind, address.master, address.db) == (Kind.SENTINEL, "main", 1)
    assert (address.user, address.password) == ("u", "p")
    assert (address.sentinel_user, address.sentinel_password) == ("s", "q")


def test_tls_checks_certificates() -> None:
    context = parse("rediss://host").tls
    assert context is not None
    assert context.check_hostname
    assert parse("valkeys+sentinel://a/main").tls is not None
    assert parse("redis://host").tls is None


@pytest.mark.parametrize(
    "url",
    [
        "http://u:hush@host",
        "redis://u:hush@",
        "redis://u:hush@host:0",
        "redis://u:hush@host:99999",
        "redis://u:hush@a,b",
        "redis://u:hush@host/one",
        "redis://u:hush@host/1/2",
        "redis://u:hush@host?nonsense=1",
        "redis://u:pa?hush=ss@host",
        f"redis://u:hush@host:{'9' * 5_000}",
        f"redis://u:hush@host/{'9' * 5_000}",
        "redis://u:hush@host?db=1&db=2",
        "redis://u:hush@host?replicas=1.5",
        "redis://u:hush@host?replicas=-1",
        "redis://u:hush@host?patience=nan",
        "redis://u:hush@host?prefix={a}",
        "redis://u:hush@host?prefix=",
        "redis+sentinel://u:hush@host",
        "redis+cluster://u:hush@host/1",
        "redis+unix://u:hush@",
        "rediss://u:hush@host?ca=/nowhere",
    ],
)
def test_what_is_no_address_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        parse(url)
    assert "hush" not in raised.value.message


def test_no_password_is_shown() -> None:
    assert "hush" not in repr(parse("redis+sentinel://u:hush@a/m?sentinel_password=hushhush"))
