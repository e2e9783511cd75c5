"""A WebSocket is opened with a credential alone, and ends with it."""

from __future__ import annotations

import json
import time

import pytest
from websockets.exceptions import InvalidStatus

from conformance.site import Site, ended

pytestmark = [pytest.mark.anyio, pytest.mark.asks_for("websocket")]


async def test_W27_a_stranger_s_socket_is_not_opened(site: Site) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await site.socket()
    assert refused.value.response.status_code in (401, 403)
    if refused.value.response.status_code == 401:  # where the server can say more than no
        assert json.loads(refused.value.response.body)["code"] == "credential_missing"


async def test_S13_a_socket_that_another_site_opens_with_a_cookie_is_refused(site: Site) -> None:
    grant = await site.grant(await site.account())
    cookie = {"cookie": f"{site.elsewhere.cookie}={grant.credential}"}
    for origin in ("https://evil.example", "null", None):
        with pytest.raises(InvalidStatus) as refused:
            await site.socket(additional_headers=cookie, origin=origin)
        assert refused.value.response.status_code == 403
    async with site.socket(additional_headers=cookie, origin=site.origin) as socket:
        await socket.send("hello")
        assert await socket.recv() == "hello"


async def test_S36_a_socket_ends_with_the_session_that_opened_it(site: Site) -> None:
    account = await site.account()
    async with site.socket(await site.grant(account)) as socket:
        for text in ("hello", "¡hola!"):
            await socket.send(text)
            assert await socket.recv() == text
        await site.elsewhere.revoke_sessions(account)
        if site.strategy == "jwt":  # promises no end before expiry
            await socket.send("still there?")
            assert await socket.recv() == "still there?"
        else:
            assert await ended(socket) == 1008


async def test_S36_a_socket_ends_when_its_token_expires(site: Site) -> None:
    if site.strategy != "jwt":
        return  # a session's end is days away, and the hybrid's token is one of these
    left = 2.0
    settings = site.elsewhere.settings
    account = await site.account()
    off = left - settings.access_lifetime - settings.leeway
    async with site.limen_whose_clock_is_off(off) as before:
        end = time.time() + left
        grant = await site.grant(account, before)
    async with site.socket(grant) as socket:
        await socket.send("hello")
        assert await socket.recv() == "hello"
        assert await ended(socket, within=end - time.time() + 1) == 1008
