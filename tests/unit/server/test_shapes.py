"""S06: what holds a secret does not show it to whoever collects tracebacks with their variables."""

from __future__ import annotations

import msgspec
import pytest

from limen.server.shapes import ChangePassword, Login, Refresh, Register, Tokens
from limen.server.wire import Answer, Call, Message
from limen.settings import Transport
from limen.transport import Found
from support.world import world

SECRET = "hunter2 hunter2"


async def receive() -> Message:
    raise AssertionError


HOLDERS = [
    Login("ada@example.org", SECRET, device=SECRET),
    Register("ada@example.org", SECRET),
    ChangePassword(SECRET, SECRET),
    Refresh(SECRET),
    Tokens(SECRET, 1, "", refresh_token=SECRET),
    Call({"headers": [(b"authorization", f"Bearer {SECRET}".encode())]}, receive, "", "https"),
    Answer(200, SECRET.encode(), ((b"set-cookie", SECRET.encode()),)),
    Found(SECRET, Transport.BEARER),
]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_S06_no_repr_shows_what_came_in_or_goes_out(holder: object) -> None:
    assert "hunter2" not in repr(holder)
    assert "hunter2" not in str(holder)
    assert "hunter2" not in repr(list(getattr(holder, "__rich_repr__", list)()))


def test_a_quiet_shape_is_written_as_ever() -> None:
    assert msgspec.json.decode(msgspec.json.encode(HOLDERS[0]), type=Login) == HOLDERS[0]


@pytest.mark.anyio
async def test_S06_the_parts_show_no_key() -> None:
    async with world() as (auth, _):
        assert repr(auth._parts.throttle_key) not in repr(auth._parts)
