"""`limen key`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from limen.jose import jwk
from limen.secret import Secret
from support.shell import Shell


def states(shell: Shell) -> dict[str, str]:
    return {one["kid"]: one["state"] for one in shell("key", "list", "--json").json["keys"]}


def in_state(shell: Shell, state: str) -> list[str]:
    return [kid for kid, found in states(shell).items() if found == state]


def test_a_new_ring_has_one_that_signs_and_one_that_waits(ada: Shell) -> None:
    assert sorted(states(ada).values()) == ["active", "next"]
    said = ada("key", "list", "--json").json
    assert all("d" not in one for one in said["published"]["keys"])


def test_rotate_waits_for_publication(ada: Shell) -> None:
    early = ada("key", "rotate")
    assert early.code == 2
    assert "try again in" in early.err
    (waiting,) = in_state(ada, "next")
    assert ada("key", "rotate", LIMEN_JWKS_MAX_AGE="0").code == 0
    assert in_state(ada, "active") == [waiting]
    (retiring,) = in_state(ada, "retiring")
    assert ada("key", "retire", retiring).code == 2


def test_compromise_ends_a_key_at_once(ada: Shell) -> None:
    (active,) = in_state(ada, "active")
    assert ada("key", "compromise", active).code == 2
    assert ada("key", "compromise", active, "--yes").code == 0
    assert states(ada)[active] == "retired"
    assert ada("key", "compromise", "nobody", "--yes").code == 2


@pytest.mark.parametrize(
    "kid", ["-WcsgVjzkRBjmdYBTRS0TvVBYKV7jlKScu4RsIzyNa0", "--csgVjzkRBjmdYBTRS0TvVBYKV7jlKScu4"]
)
def test_a_kid_that_begins_with_a_dash_is_no_option(ada: Shell, kid: str) -> None:
    for ran in (ada("key", "compromise", kid, "--yes"), ada("key", "retire", kid)):
        assert ran.code == 2
        assert kid in ran.err
        assert "option" not in ran.err
    assert ada("key", "compromise", "--yse", kid).code == 2


def test_a_secret_is_fresh_and_taken(shell: Shell) -> None:
    first, second = shell("key", "secret").out.strip(), shell("key", "secret", "--json").json["secret"]
    assert first != second
    Secret.parse(first)


def test_a_client_secret_follows_from_the_secret(shell: Shell) -> None:
    secret = shell("key", "secret").out.strip()
    ran = shell("key", "client", "gateway", LIMEN_SECRET=secret, LIMEN_CLIENTS="gateway")
    again = shell("key", "client", "gateway", LIMEN_SECRET=secret, LIMEN_CLIENTS="gateway")
    assert ran.code == 0
    assert ran.out == again.out
    assert ran.err == ""
    unknown = shell("key", "client", "other", LIMEN_SECRET=secret)
    assert unknown.out != ran.out
    assert "clients" in unknown.err


def test_without_a_secret_production_says_what_to_do(shell: Shell) -> None:
    ran = shell("key", "client", "gateway", LIMEN_ISSUER="https://app.example")
    assert ran.code == 4
    assert "limen key secret" in ran.err


def test_keys_are_linted(shell: Shell) -> None:
    weak = {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "a"}
    ran = shell("key", "lint", "--json", stdin=json.dumps(weak))
    assert ran.code == 1
    assert "secret_short" in {one["id"] for one in ran.json["findings"]}
    assert shell("key", "lint", stdin="no json").code == 2
    assert shell("key", "lint", "nowhere.json").code == 3


def test_the_keys_are_written_for_what_reads_no_jwks(ada: Shell) -> None:
    folder = ada.folder / "made" / "keys"
    said = ada("key", "export", str(folder), "--json").json["keys"]
    assert [Path(one["file"]).name for one in said] == ["active.pem", "next.pem", "retiring.pem"]
    kids = [one["kid"] for one in said]
    assert kids == [*in_state(ada, "active"), *in_state(ada, "next"), *in_state(ada, "active")]
    assert sorted(path.name for path in folder.iterdir()) == ["active.pem", "next.pem", "retiring.pem"]
    for one in said:
        pem = Path(one["file"]).read_text()
        assert "PRIVATE" not in pem
        assert jwk.verify_key_from_pem(pem, jwk.Algorithm.ES256).to_jwk()["kid"] == one["kid"]
    assert ada("key", "rotate", LIMEN_JWKS_MAX_AGE="0").code == 0
    assert [one["kid"] for one in ada("key", "export", str(folder), "--json").json["keys"]][2] == kids[0]


def test_a_secret_key_is_not_written(shell: Shell) -> None:
    assert shell("migrate", LIMEN_ALGORITHM="HS256").code == 0
    ran = shell("key", "export", "keys", LIMEN_ALGORITHM="HS256", LIMEN_STRATEGY="session")
    assert (ran.code, "no public half" in ran.err) == (2, True)
    assert not (shell.folder / "keys").exists()
