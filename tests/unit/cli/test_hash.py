"""`limen hash`."""

from __future__ import annotations

import json

import pytest

from support.shell import Shell

SECRET = "correct horse battery staple"


@pytest.mark.parametrize(("scheme", "begins"), [("argon2id", "$argon2id$"), ("bcrypt", "$bcrypt-sha256$")])
def test_what_is_hashed_is_verified(shell: Shell, scheme: str, begins: str) -> None:
    ran = shell("hash", "password", "--scheme", scheme, "--password-stdin", stdin=SECRET + "\n")
    assert ran.code == 0
    stored = ran.out.strip()
    assert stored.startswith(begins)
    assert shell("hash", "verify", stored, "--password-stdin", stdin=SECRET).code == 0
    assert shell("hash", "verify", "-", stdin=f"{stored}\n{SECRET}\n").code == 0


def test_another_password_is_exit_code_1(shell: Shell) -> None:
    stored = shell("hash", "password", "--password-stdin", stdin=SECRET).out.strip()
    ran = shell("hash", "verify", stored, "--password-stdin", "--json", stdin="another one")
    assert ran.code == 1
    assert ran.json["matches"] is False


def test_what_is_old_is_said_to_be(shell: Shell) -> None:
    old = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
    ran = shell("hash", "verify", old, "--password-stdin", "--json", stdin="U*U")
    assert (ran.code, ran.json["matches"], ran.json["outdated"]) == (0, True, True)
    assert ran.json["advice"]


@pytest.mark.parametrize(
    "stored", ["", "!", "no hash", "$argon2id$v=19$m=4194304,t=9,p=1$c2FsdHNhbHQ$aGFzaA"]
)
def test_a_hash_that_cannot_be_verified_is_input(shell: Shell, stored: str) -> None:
    ran = shell("hash", "verify", stored, "--password-stdin", stdin=SECRET)
    assert ran.code == 2
    assert ran.err.count("\n") == 1


def test_parameters_below_owasp_are_refused(shell: Shell) -> None:
    ran = shell("hash", "password", "--memory-kib", "8", "--password-stdin", stdin=SECRET)
    assert ran.code == 4
    assert "KiB" in ran.err


def test_a_password_is_no_argument(shell: Shell) -> None:
    assert shell("hash", "password", SECRET).code == 2
    ran = shell("hash", "password")
    assert ran.code == 2
    assert "--password-stdin" in ran.err


def test_calibrate_proposes_settings(shell: Shell) -> None:
    ran = shell("hash", "calibrate", "--target", "20", "--json")
    assert ran.code == 0
    kinds = {proposal["scheme"] for proposal in json.loads(ran.out)["proposals"]}
    assert kinds == {"argon2id", "bcrypt"}
