"""`limen account`, against a real database."""

from __future__ import annotations

import asyncio

import pytest

from limen.auth import Limen
from limen.errors import Denied
from support.mail import sink
from support.shell import Shell

EMAIL, PASSWORD, OTHER = "ada@example.com", "correct horse battery staple", "another horse, another staple"


def signs_in(shell: Shell, password: str) -> bool:
    """Whether the account can sign in: asked of the library, on the same file."""

    async def ask() -> bool:
        auth = Limen(f"sqlite:///{shell.folder}/.limen/limen.db")
        async with auth:
            try:
                await auth.sign_in(EMAIL, password)
            except Denied:
                return False
            return True

    return asyncio.run(ask())


def test_an_account_that_is_added_signs_in(ada: Shell) -> None:
    assert signs_in(ada, PASSWORD)
    assert not signs_in(ada, OTHER)


def test_add_says_who_it_is(shell: Shell) -> None:
    said = shell("account", "add", EMAIL, "--no-password", "--scope", "b", "--scope", "a", "--json").json
    assert (said["email"], said["scopes"], said["has_password"]) == (EMAIL, ["a", "b"], False)


def test_an_address_is_taken_once(ada: Shell) -> None:
    ran = ada("account", "add", EMAIL.upper(), "--no-password")
    assert ran.code == 2
    assert "already" in ran.err


@pytest.mark.parametrize("password", ["", "short", "a\0" * 20])
def test_a_password_that_is_refused_is_input(shell: Shell, password: str) -> None:
    ran = shell("account", "add", EMAIL, "--password-stdin", "--json", stdin=password)
    assert ran.code == 2
    assert '"password_' in ran.err


def test_list_goes_on_where_it_ended(shell: Shell) -> None:
    ids = [
        shell("account", "add", f"p{i}@example.com", "--no-password", "--json").json["id"] for i in range(3)
    ]
    first = shell("account", "list", "--limit", "2", "--json").json
    assert [one["id"] for one in first["accounts"]] == ids[:2]
    rest = shell("account", "list", "--after", first["next"], "--json").json
    assert [one["id"] for one in rest["accounts"]] == ids[2:]
    assert rest["next"] is None
    assert shell("account", "list", "--after", "x").code == 2


def test_show_takes_address_and_id(ada: Shell) -> None:
    by_address = ada("account", "show", EMAIL, "--json").json
    assert ada("account", "show", by_address["id"], "--json").json == by_address
    assert by_address["scopes"] == ["read"]


def test_disable_enable_and_delete(ada: Shell) -> None:
    ended = ada("account", "disable", EMAIL, "--json").json
    assert ended["effective_at"].endswith("Z")
    assert not signs_in(ada, PASSWORD)
    assert ada("account", "enable", EMAIL).code == 0
    assert signs_in(ada, PASSWORD)
    assert ada("account", "delete", EMAIL).code == 2
    assert ada("account", "delete", EMAIL, "--yes").code == 0
    assert ada("account", "show", EMAIL).code == 2


def test_set_password_replaces_it(ada: Shell) -> None:
    assert ada("account", "set-password", EMAIL, "--password-stdin", stdin=OTHER).code == 0
    assert signs_in(ada, OTHER)
    assert not signs_in(ada, PASSWORD)


def test_scopes_are_set_and_taken(ada: Shell) -> None:
    assert ada("account", "scopes", EMAIL, "write", "read").code == 0
    assert ada("account", "show", EMAIL, "--json").json["scopes"] == ["read", "write"]
    assert ada("account", "scopes", EMAIL).code == 2
    assert ada("account", "scopes", EMAIL, 'no"scope').code == 2
    assert ada("account", "scopes", EMAIL, "--none").code == 0
    assert ada("account", "show", EMAIL, "--json").json["scopes"] == []


def test_a_mistyped_database_is_not_made(shell: Shell) -> None:
    ran = shell("account", "list", "--database", "sqlite:///typo.db")
    assert ran.code == 4
    assert "limen migrate" in ran.err
    assert not (shell.folder / "typo.db").exists()


def test_under_jwt_a_revocation_is_honest(ada: Shell) -> None:
    said = ada("account", "disable", EMAIL, "--json", LIMEN_STRATEGY="jwt").json
    assert said["effective_in"] > 600


def test_an_administrator_is_added_by_one_flag(shell: Shell) -> None:
    said = shell("account", "add", EMAIL, "--no-password", "--admin", "--scope", "b", "--json").json
    assert said["scopes"] == ["b", "limen:admin"]


def test_A45_a_link_goes_to_the_owner_and_is_shown_to_nobody(ada: Shell) -> None:
    with sink() as server:
        mail = {"LIMEN_MAIL": server.url, "LIMEN_MAIL_FROM": "no-reply@example.com"}
        ran = ada("account", "reset-link", EMAIL, "--json", **mail)
        (letter,) = server.wait_for(1)
        assert letter.recipients == (EMAIL,)
        assert ran.json["written_to"] == EMAIL
        token = letter.link.partition("token=")[2]
        assert token not in ran.out + ran.err
    assert signs_in(ada, PASSWORD)


def test_without_mail_no_link_is_sent(ada: Shell) -> None:
    ran = ada("account", "reset-link", EMAIL, "--json")
    assert ran.code != 0
    assert '"mail_off"' in ran.err


def test_an_operator_may_vouch_for_an_address(shell: Shell) -> None:
    plain = shell("account", "add", "p@example.com", "--no-password", "--json").json
    known = shell("account", "add", EMAIL, "--no-password", "--verified", "--json").json
    assert plain["email_verified_at"] is None
    assert known["email_verified_at"] == known["created_at"]
