"""Addresses: what is ours, what is the driver's, and that a password is never quoted."""

from __future__ import annotations

import pytest

from limen.errors import Misconfigured
from limen.stores import open_store
from limen.stores.postgres.address import CONNECTIONS, Address, parse


def test_an_address_says_where_and_how() -> None:
    url = "postgresql://u:p%40ss@h1:5432,h2/db?sslmode=verify-full&schema=auth&connections=20&pooler=yes"
    assert parse(url + "&direct=h1:5433") == Address(
        dsn="postgresql://u:p%40ss@h1:5432,h2/db?sslmode=verify-full",
        connections=20,
        schema="auth",
        pooler=True,
        direct=("h1", 5433),
    )


def test_what_is_not_said_is_found_out_or_usual() -> None:
    assert parse("postgres://h/db") == Address(
        dsn="postgresql://h/db", connections=CONNECTIONS, schema=None, pooler=None, direct=None
    )


def test_a_socket_is_named_by_its_folder() -> None:
    found = parse("postgresql://u@/db?host=/run/postgresql&port=5433&direct=/run/other:5434")
    assert found.dsn == "postgresql://u@/db?host=%2Frun%2Fpostgresql&port=5433"
    assert found.direct == ("/run/other", 5434)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("conections=5", "no option 'conections'"),
        ("command_timeout=5", "no option 'command_timeout'"),
        ("schema=a&schema=b", "twice"),
        ("connections=0", "a number from 1"),
        ("connections=many", "a number from 1"),
        ("connections=²", "a number from 1"),
        ("schema=A", "a name of a-z"),
        ("schema=a'; DROP TABLE x; --", "a name of a-z"),
        ("schema=", "a name of a-z"),
        ("pooler=maybe", "yes or no"),
        ("direct=host", "host:port"),
        ("direct=:5432", "host:port"),
        ("target_session_attrs=any", "must be primary"),
        ("target_session_attrs=prefer-standby", "must be primary"),
        ("direct=host:99999999", "host:port"),
        ("sslmode", "no URL"),
        ("sslmode=require#x", "fragment"),
    ],
)
def test_what_does_not_fit_is_said_and_the_password_is_not(options: str, sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence) as raised:
        open_store(f"postgresql://ada:tacos@host/db?{options}")
    assert "tacos" not in str(raised.value)


def test_what_is_left_of_a_password_that_was_not_encoded_is_not_said() -> None:
    with pytest.raises(Misconfigured, match="no option of that name") as raised:
        parse("postgresql://ada:ta?cos=1@host/db")
    assert "cos" not in str(raised.value)


def test_an_address_keeps_its_password_out_of_its_repr() -> None:
    assert "tacos" not in repr(parse("postgresql://ada:tacos@host/db"))
