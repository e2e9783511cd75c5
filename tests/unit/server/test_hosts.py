"""Which hosts are ours."""

from __future__ import annotations

import pytest

from limen.errors import Rejected
from limen.server.hosts import Hosts
from limen.settings import Settings

OURS = Hosts.of(
    Settings(issuer="https://limen.example", hosts=("other.example", "[2001:db8::1]", "port.example:8443"))
)
LOCAL = Hosts.of(Settings(issuer="http://127.0.0.1:8000"))


@pytest.mark.parametrize(
    "host",
    [
        "limen.example",
        "LIMEN.example",
        "limen.example:443",
        "other.example:9",
        "[2001:db8::1]",
        "[2001:DB8::1]:443",
        "port.example:8443",
    ],
)
def test_W08_the_issuers_host_and_the_named_ones_are_ours(host: str) -> None:
    OURS.check([host.encode()])


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "evil.example",
        "limen.example.evil.example",
        "evil.limen.example",
        "xlimen.example",
        "limen.example.",
        "limen.example/abc?bar=",
        "limen.example?",
        "limen.example#",
        "limen.example\\",
        "user@limen.example",
        "limen.example@evil.example",
        "limen.example:99999",
        "limen.example:0",
        "limen.example:",
        "limen.example:44x",
        "limen.example:443:443",
        "limen.example, evil.example",
        "limen.example\r\nx: y",
        "limen.example\n",
        "limen.example\0",
        "port.example",
        "port.example:8444",
        "127.0.0.1",
        "localhost",
        "[::1]",
        "limen。example",
    ],
)
def test_W08_every_other_host_is_refused(host: str) -> None:
    with pytest.raises(Rejected) as caught:
        OURS.check([host.encode()])
    assert (caught.value.http_status, caught.value.code) == (400, "host_unknown")


@pytest.mark.parametrize(
    "hosts", [[], [b"limen.example", b"limen.example"], [b"limen.example", b"evil.example"]]
)
def test_W08_none_and_two_are_refused(hosts: list[bytes]) -> None:
    with pytest.raises(Rejected):
        OURS.check(hosts)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "127.0.0.1:1234", "localhost", "localhost:9", "[::1]:8000", "a.localhost"]
)
def test_in_development_this_machine_has_many_names(host: str) -> None:
    LOCAL.check([host.encode()])


@pytest.mark.parametrize(
    "host", ["evil.example", "192.0.2.1", "localhost.evil.example", "127.0.0.1.evil.example"]
)
def test_in_development_a_rebound_name_is_refused(host: str) -> None:
    with pytest.raises(Rejected):
        LOCAL.check([host.encode()])
