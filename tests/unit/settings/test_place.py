"""The address of a database is shown often, and never with the password in it."""

from __future__ import annotations

import pytest

from limen.settings import Settings


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ada:tacos@host:5432/db?schema=a", "postgresql://ada:…@host:5432/db?schema=a"),
        ("postgresql://ada@host/db", "postgresql://ada@host/db"),
        ("postgresql:///db?host=/run&password=tacos&port=1", "postgresql:///db?host=/run&password=…&port=1"),
        ("postgresql://h/db?sslpassword=tacos", "postgresql://h/db?sslpassword=…"),
        ("redis://:tacos@host/0", "redis://:…@host/0"),
        ("postgresql://ada:ta/cos@host/db", "postgresql://ada:…@host/db"),
        ("postgresql://ada:ta@cos@host/db", "postgresql://ada:…@host/db"),
        ("postgresql://ada:ta?cos@host/db", "postgresql://ada:…@host/db"),
        ("postgresql://ada:ta:cos@a:1,b:2/db", "postgresql://ada:…@a:1,b:2/db"),
        ("sqlite:////srv/a@b:c.db", "sqlite:////srv/a@b:c.db"),
        ("memory://", "memory://"),
        ("nothing", "nothing"),
    ],
)
def test_a_place_holds_no_password(address: str, shown: str) -> None:
    settings = Settings(database=address)
    assert settings.place == shown
    assert address not in repr(settings)
