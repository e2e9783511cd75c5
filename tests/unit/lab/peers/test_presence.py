"""What is missing is said with how to get it, and what is here with its version."""

from __future__ import annotations

from pathlib import Path

import pytest

from limen.errors import Misconfigured, Unavailable
from limen.lab.peers import PEERS, Ends, Peer, named, presence
from limen.lab.records import BARE, Cell

DOCS = Path(__file__).parents[4] / "docs"


def peer(name: str) -> Peer:
    found = named(name)
    assert found is not None
    return found


def test_a_package_that_is_not_here_is_named_with_its_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(presence, "FOLDER", tmp_path)
    assert presence.missing(peer("PyJWT, HS256")) is None
    if presence.node() is None:
        pytest.skip("no Node: install it, or `make peers`")
    assert presence.missing(peer("fast-jwt, ES256")) == (
        "fast-jwt, fastify are not here: `limen lab peers --install`"
    )
    assert presence.missing(peer("Express alone")) == "express is not here: `limen lab peers --install`"
    assert {"fast-jwt, ES256", "fast-jwt, ES256, cached"} <= {
        name for names in presence.absent().values() for name in names
    }
    assert not any(one.node for one in presence.here())


def test_no_node_keeps_its_peers_away_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "node", lambda: None)
    assert "Node 22.13 or newer is not here" in str(presence.missing(peer("Better Auth")))
    assert presence.missing(peer("joserfc, ES256")) is None
    with pytest.raises(Misconfigured, match="npm, or Node"):
        presence.install()


@pytest.mark.parametrize(
    ("said", "new_enough"), [("22.12.0", False), ("22.13.0", True), ("24.1.0", True), ("9.11.2", False)]
)
def test_a_node_that_is_too_old_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, new_enough: bool
) -> None:
    program = tmp_path / "node"
    program.write_text(f'#!/bin/sh\necho \'["/real/node", "{said}"]\'\n')
    program.chmod(0o755)
    monkeypatch.setattr(presence, "_candidates", lambda: [str(tmp_path / "none"), str(program)])
    presence.node.cache_clear()
    try:
        found = presence.node()
    finally:
        presence.node.cache_clear()
    assert found == (presence.Node("/real/node", said) if new_enough else None)


def test_an_npm_that_fails_says_its_last_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\necho begun >&2\necho 'no such host' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:/usr/bin:/bin")
    monkeypatch.setattr(presence, "FOLDER", tmp_path / "peers")
    monkeypatch.setattr(presence, "node", lambda: presence.Node("node", "24.0.0"))
    with pytest.raises(Unavailable, match="npm failed: no such host"):
        presence.install()


def test_npm_is_given_the_lock_and_runs_no_script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    npm, folder = tmp_path / "bin" / "npm", tmp_path / "peers"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\necho $* > asked\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:/usr/bin:/bin")
    monkeypatch.setattr(presence, "FOLDER", folder)
    monkeypatch.setattr(presence, "node", lambda: presence.Node("node", "24.0.0"))
    presence.install()
    assert "ci --ignore-scripts" in (folder / "asked").read_text()
    for name in ("package.json", "package-lock.json"):
        assert (folder / name).read_bytes() == (presence.SOURCE / name).read_bytes()


def test_a_package_of_npm_is_told_from_one_of_python() -> None:
    both = [peer("fastapi-users, Redis"), peer("express-session, Redis")]
    if any(presence.missing(one, redis=True) for one in both):
        pytest.skip("not all peers are here: `make peers`")
    assert {"redis", "redis (npm)", "node"} <= set(presence.versions(both))


def test_a_peer_is_compared_with_the_framework_that_it_stands_on() -> None:
    assert Cell("Django session", "peers").beneath == Cell("Django alone", "peers")
    assert Cell("PyJWT, HS256", "peers").beneath == Cell(BARE)
    assert Cell("Express alone", "peers").beneath == Cell("Express alone", "peers")
    assert Cell("hybrid", "sqlite").beneath == Cell(BARE)
    assert Cell("of an earlier release", "peers").beneath == Cell(BARE)
    assert all(named(one.frame) is not None for one in PEERS if one.frame)


def test_a_framework_that_no_peer_stands_on_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    django = [peer("Django session"), peer("Django alone")]
    monkeypatch.setattr(presence, "PEERS", (*django, peer("FastAPI alone")))
    assert presence.here() == django


def test_names_are_no_two_and_no_two_share_a_file() -> None:
    assert (
        len({one.name for one in PEERS}) == len({one.name.replace(", ", "-") for one in PEERS}) == len(PEERS)
    )


@pytest.mark.parametrize("one", [one for one in PEERS if one.door], ids=lambda one: one.name)
def test_its_row_in_the_documentation_says_when_a_sign_out_ends_it(one: Peer) -> None:
    rows = [line for line in (DOCS / "lab.md").read_text().splitlines() if line.startswith(f"| {one.name} |")]
    assert len(rows) == 1
    assert rows[0].endswith(f"| {one.ends} |")
    assert isinstance(one.ends, Ends)
