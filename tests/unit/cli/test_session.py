"""`limen session`, against sessions that the library opened."""

from __future__ import annotations

import asyncio

from limen.auth import Limen
from support.shell import Shell

EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"


def opened(shell: Shell, user_agent: str = "curl/8") -> str:
    async def ask() -> str:
        async with Limen(f"sqlite:///{shell.folder}/.limen/limen.db") as auth:
            signed_in = await auth.sign_in(EMAIL, PASSWORD, user_agent=user_agent, source="192.0.2.7")
            return signed_in.grant.session

    return asyncio.run(ask())


def test_sessions_are_listed_newest_first(ada: Shell) -> None:
    sids = [opened(ada), opened(ada)]
    listed = ada("session", "list", EMAIL, "--json").json["sessions"]
    assert [one["id"] for one in listed] == sids[::-1]
    assert listed[0]["source"] == "192.0.2.7"


def test_what_a_stranger_sent_moves_no_cursor(ada: Shell) -> None:
    opened(ada, "\x1b[2J\x1b]0;owned\x07\nfake line")
    out = ada("session", "list", EMAIL).out
    assert not {"\x1b", "\x07"} & set(out)
    assert len(out.splitlines()) == 2


def test_one_is_ended_then_all(ada: Shell) -> None:
    first, second, third = opened(ada), opened(ada), opened(ada)
    assert ada("session", "revoke", second).code == 0
    left = [one["id"] for one in ada("session", "list", EMAIL, "--json").json["sessions"]]
    assert left == [third, first]
    assert ada("session", "revoke", second).code == 2
    assert ada("session", "revoke", "--account", EMAIL).code == 0
    ran = ada("session", "list", EMAIL)
    assert (ran.code, ran.out) == (0, "no live session\n")


def test_revoke_wants_one_thing(ada: Shell) -> None:
    assert ada("session", "revoke").code == 2
    named = ada("session", "revoke", EMAIL)
    assert (named.code, "--account" in named.err) == (2, True)
    assert ada("session", "revoke", "x", "--account", EMAIL).code == 2
