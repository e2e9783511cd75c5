"""Plain ASGI: denied by default, whatever the scope."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from limen import Limen
from limen.errors import Denied, Unavailable
from limen.integrations.asgi import LimenMiddleware
from limen.secret import Secret
from limen.testing import (
    SeededEntropy,
    TurnableClock,
    for_tests,
    present,
    running,
    sign_in,
    signed_in,
    stranger,
)
from support.websockets import dial

pytestmark = pytest.mark.anyio


async def open_door(scope: Any, receive: Any, send: Any) -> None:
    """An application that asks nobody anything and has no lifespan."""
    assert scope["type"] != "lifespan"
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        return await send({"type": "websocket.close", "code": 1000})
    who = scope.get("limen.identity")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    return await send({"type": "http.response.body", "body": (who.account if who else "nobody").encode()})


@pytest.fixture
def auth() -> Limen:
    return for_tests()


@pytest.mark.parametrize(
    "path", ["/", "/anything", "/public", "/static", "/staticx", "/authx", "/.well-known/x"]
)
async def test_W27_every_path_that_was_not_named_needs_an_identity(auth: Limen, path: str) -> None:
    app = LimenMiddleware(open_door, auth, public={"/static/", "/exact"})
    async with running(app), stranger(app, auth) as client:
        assert (await client.get(path)).status_code == 401


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"]
)
async def test_W27_no_method_goes_around(auth: Limen, method: str) -> None:
    app = LimenMiddleware(open_door, auth)
    async with running(app), stranger(app, auth) as client:
        assert (await client.request(method, "/x")).status_code == 401


async def test_W27_a_websocket_needs_an_identity_too(auth: Limen) -> None:
    app = LimenMiddleware(open_door, auth, public={"/open"})
    async with running(app):
        assert not (await dial(app, "/socket", {})).accepted
        assert (await dial(app, "/open", {})).accepted


async def test_a_refusal_says_how_long_it_is(auth: Limen) -> None:
    app = LimenMiddleware(open_door, auth)
    async with running(app), stranger(app, auth) as nobody:
        refused = await nobody.get("/secret")
        assert int(refused.headers["content-length"]) == len(refused.content) > 0


async def test_a_public_front_page_opens_nothing_below_it(auth: Limen) -> None:
    app = LimenMiddleware(open_door, auth, public={"/"})
    async with running(app), stranger(app, auth) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/admin")).status_code == 401


@pytest.mark.parametrize("kind", ["webtransport", "http3", "", "HTTP"])
async def test_W27_a_kind_of_scope_that_nobody_knows_is_refused(auth: Limen, kind: str) -> None:
    reached = []

    async def spy(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope)

    app = LimenMiddleware(spy, auth)
    with pytest.raises(RuntimeError, match="refused"):
        await app({"type": kind, "path": "/", "headers": []}, asyncio.Queue().get, asyncio.Queue().put)
    assert not reached


async def test_W27_the_lifespan_starts_and_stops_limen_around_an_application_without_one(auth: Limen) -> None:
    app = LimenMiddleware(open_door, auth)
    async with running(app):
        await sign_in(auth)
        assert auth.is_fresh()
    with pytest.raises(Unavailable):
        await auth.find_account("ada@example.com")


async def test_the_lifespan_of_the_application_runs_inside(auth: Limen) -> None:
    heard: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):
            heard.append((await receive())["type"])
            assert auth.is_fresh()
            await send({"type": heard[-1] + ".complete"})

    async with running(LimenMiddleware(app, auth)):
        assert heard == ["lifespan.startup"]
    assert heard == ["lifespan.startup", "lifespan.shutdown"]


async def test_an_application_that_fails_to_start_is_not_served(auth: Limen) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise OSError("no disk")

    with pytest.raises(RuntimeError, match="no disk"):
        async with running(LimenMiddleware(app, auth)):
            pytest.fail("it started")


async def test_limen_that_fails_to_start_is_said_to_the_server(tmp_path: Any) -> None:
    auth = for_tests(f"sqlite:///{tmp_path}/missing/limen.db")
    with pytest.raises(RuntimeError, match="limen"):
        async with running(LimenMiddleware(open_door, auth)):
            pytest.fail("it started")


async def test_public_paths_are_open_and_know_who_is_signed_in(auth: Limen) -> None:
    app = LimenMiddleware(open_door, auth, public={"/exact", "/static/"})
    async with running(app), stranger(app, auth) as nobody, await signed_in(app, auth) as ada:
        for path in ("/exact", "/static/", "/static/a/b.css"):
            assert (await nobody.get(path)).text == "nobody"
        assert (await ada.get("/exact")).text not in ("", "nobody")


@pytest.mark.parametrize("authorization", ["Bearer garbage", "Bearer", "Basic YTpi", "Bearer a.b.c"])
async def test_a_bad_credential_on_a_public_path_is_a_stranger(auth: Limen, authorization: str) -> None:
    app = LimenMiddleware(open_door, auth, public={"/exact"})
    async with running(app), stranger(app, auth, headers={"Authorization": authorization}) as client:
        assert (await client.get("/exact")).text == "nobody"
        assert (await client.get("/other")).status_code in (400, 401)


async def test_a_forged_request_to_a_public_path_is_a_stranger_s(auth: Limen) -> None:
    app = LimenMiddleware(open_door, auth, public={"/exact"})
    async with running(app), await signed_in(app, auth, transport="cookie") as client:
        assert (await client.post("/exact")).text not in ("", "nobody")
        forged = await client.post("/exact", headers={"origin": "https://evil.example"})
    assert forged.text == "nobody"


@pytest.mark.parametrize(
    "path", ["/static/../admin", "/static//admin", "/static/.hidden", "/static/a;b", "/static\\x"]
)
async def test_W09_a_path_that_the_application_may_read_otherwise_is_not_public(
    auth: Limen, path: str
) -> None:
    app = LimenMiddleware(open_door, auth, public={"/static/"})
    said: list[Any] = []

    async def say(message: Any) -> None:
        said.append(message)

    async with running(app):
        scope = {"type": "http", "method": "GET", "path": path, "headers": []}
        await app(scope, asyncio.Queue().get, say)
    assert said[0]["status"] == 401


async def test_W08_W09_a_slash_too_many_leads_nowhere(auth: Limen) -> None:
    """A framework that redirects to the right path takes the host from the request, whoever named it."""
    app = LimenMiddleware(open_door, auth)
    async with running(app), stranger(app, auth) as client:
        answer = await client.post("/auth/login/", headers={"host": "evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_a_mounted_application_names_paths_from_its_root(auth: Limen) -> None:
    app = LimenMiddleware(open_door, auth, public={"/exact"})
    said: list[Any] = []

    async def say(message: Any) -> None:
        said.append(message)

    async with running(app):
        for path in ("/api/exact", "/exact", "/apiexact"):
            scope = {"type": "http", "method": "GET", "path": path, "root_path": "/api", "headers": []}
            await app(scope, asyncio.Queue().get, say)
    assert [m["status"] for m in said if "status" in m] == [200, 200, 401]


async def test_without_mount_the_routes_are_the_applications(auth: Limen) -> None:
    app = LimenMiddleware(open_door, auth, mount=False)
    async with running(app), await signed_in(app, auth) as client:
        assert (await client.get("/auth/session")).text not in ("", "nobody")


async def test_S30_two_limen_in_one_process_do_not_take_each_other_s_word() -> None:
    outer, inner = (
        for_tests(strategy="session"),
        for_tests(strategy="session", secret=Secret(SeededEntropy("other")(32))),
    )

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert await inner.optional.check(scope) is not None

    async with outer, inner, stranger(LimenMiddleware(app, outer), outer) as client:
        grant = await sign_in(outer)
        present(client, outer, grant, transport="bearer")
        with pytest.raises(Denied):
            await client.get("/x")


async def chat(scope: Any, receive: Any, send: Any) -> None:
    """Accepts, answers every line, and ends when the other side has left."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"].upper()})


async def news(scope: Any, receive: Any, send: Any) -> None:
    """Accepts and talks by itself; `scope["between"]` happens after the first line."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "one"})
    await scope["state"]["between"]()
    await send({"type": "websocket.send", "text": "two"})


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S36_an_open_websocket_ends_with_the_session_that_opened_it(strategy: str) -> None:
    auth = for_tests(strategy=strategy)
    app = LimenMiddleware(chat, auth)
    async with running(app):
        grant = await sign_in(auth)

        async def revoke() -> None:
            await auth.revoke_session(grant.session)

        headers = {"authorization": f"Bearer {grant.credential}"}
        answer = await dial(app, "/chat", headers, texts=["a", "b", "c"], between=revoke)
    assert answer.accepted
    assert answer.texts == ["A"]
    assert answer.code == 1008


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S36_nothing_is_pushed_to_a_websocket_after_its_session_ended(strategy: str) -> None:
    auth = for_tests(strategy=strategy)

    async def told(scope: Any, receive: Any, send: Any) -> None:
        scope["state"]["between"] = lambda: auth.revoke_session(scope["limen.identity"].session)
        await news(scope, receive, send)

    app = LimenMiddleware(told, auth)
    async with running(app):
        grant = await sign_in(auth)
        answer = await dial(app, "/news", {"authorization": f"Bearer {grant.credential}"})
    assert answer.texts == ["one"]
    assert answer.code == 1008


async def test_an_open_websocket_ends_when_its_token_expires() -> None:
    clock = TurnableClock()
    auth = for_tests(clock=clock, strategy="jwt")
    app = LimenMiddleware(chat, auth)
    async with running(app):
        grant = await sign_in(auth)

        async def expire() -> None:
            clock.turn(3_600)

        headers = {"authorization": f"Bearer {grant.credential}"}
        answer = await dial(app, "/chat", headers, texts=["a", "b"], between=expire)
    assert (answer.texts, answer.code) == (["A"], 1008)
