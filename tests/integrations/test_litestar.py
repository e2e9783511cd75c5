"""What is Litestar's alone: the plugin, guards, `request.user`, OpenAPI, listeners, how it reads paths."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from litestar import Controller, Litestar, Request, Router, WebSocket, asgi, get, post, websocket_listener
from litestar.config.csrf import CSRFConfig
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath, JSONBody
from litestar.testing import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount

from limen import Identity, Limen
from limen.integrations.litestar import LimenPlugin, requires
from limen.testing import TurnableClock, for_tests, running, sign_in, signed_in, stranger
from support.apps import litestar_app
from support.websockets import dial

pytestmark = pytest.mark.anyio
Asked = Request[Any, Any, Any]


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def auth(clock: TurnableClock) -> Limen:
    return for_tests(clock=clock, strategy="hybrid")


@get("/whoami")
async def whoami(request: Asked) -> dict[str, Any]:
    return {"user": request.user, "session": request.auth and request.auth.session}


def made(auth: Limen, *handlers: Any, plugin: LimenPlugin | None = None, **options: Any) -> Litestar:
    return Litestar([whoami, *handlers], plugins=[plugin or LimenPlugin(auth)], **options)


# -- who is asking --------------------------------------------------------------------------------------


async def test_request_user_and_auth_say_who_is_signed_in(auth: Limen, clock: TurnableClock) -> None:
    app = made(auth)
    nobody = {"user": None, "session": None}
    async with running(app), stranger(app, auth) as client, await signed_in(app, auth) as ada:
        account = await auth.find_account("ada@example.com")
        said = (await ada.get("/whoami")).json()
        assert (said["user"], bool(said["session"])) == (account.id, True)
        assert (await client.get("/whoami")).json() == nobody
        clock.turn(86_400)  # a credential that is no good makes a stranger
        assert (await ada.get("/whoami")).json() == nobody


async def test_an_application_s_own_users_take_the_place_of_ids(auth: Limen) -> None:
    async def retrieve(identity: Identity, connection: Any) -> dict[str, str]:
        return {"name": f"who asked for {connection.url.path}", "id": identity.account}

    app = made(auth, plugin=LimenPlugin(auth, retrieve_user=retrieve))
    async with running(app), await signed_in(app, auth) as ada:
        assert (await ada.get("/whoami")).json()["user"]["name"] == "who asked for /whoami"


async def test_a_guard_stands_before_controllers_routers_and_applications(auth: Limen) -> None:
    class Notes(Controller):
        path = "/notes"
        guards = (requires(auth.scopes("notes:read")),)

        @get()
        async def read(self) -> str:
            return "notes"

    @get("/x")
    async def x() -> str:
        return "x"

    router = Router("/admin", guards=[requires(auth.scopes("admin"))], route_handlers=[x])
    app = made(auth, Notes, router, guards=[requires(auth.required)])
    async with running(app), stranger(app, auth) as nobody, await signed_in(app, auth) as ada:
        for path in ("/whoami", "/notes", "/admin/x"):
            assert (await nobody.get(path)).json()["code"] == "credential_missing"
        assert (await ada.get("/whoami")).status_code == 200
        assert (await ada.get("/notes")).json()["code"] == "insufficient_scope"
        async with await signed_in(app, auth, "root@example.com", scopes=("admin",)) as root:
            assert (await root.get("/admin/x")).text == "x"
        # What signs people in judges by itself, or nobody could.
        body = {"email": "ada@example.com", "password": "correct horse battery staple", "transport": "bearer"}
        assert (await nobody.post("/auth/login", json=body)).status_code == 200


async def test_a_guard_without_the_plugin_lets_nobody_in_and_says_why(
    auth: Limen,
) -> None:
    app = Litestar([whoami], guards=[requires(auth.required)], debug=True)
    async with auth, await signed_in(app, auth) as ada:
        answer = await ada.get("/whoami")
    assert answer.status_code == 500
    assert "LimenPlugin" in answer.text


async def test_a_guard_comes_before_the_body_is_read(auth: Limen) -> None:
    @post("/notes", guards=[requires(auth.required)])
    async def write(data: JSONBody[dict[str, int]]) -> None: ...

    app = made(auth, write)
    async with running(app), stranger(app, auth) as nobody:
        assert (await nobody.post("/notes", content=b"{")).status_code == 401


async def test_an_exception_handler_of_everything_does_not_hide_a_refusal(auth: Limen) -> None:
    def broken(request: Asked, error: Exception) -> Any:
        pytest.fail("it was taken for an error of the server")

    @get("/me", guards=[requires(auth.required)])
    async def me() -> str:
        return "me"

    app = made(auth, me, exception_handlers={Exception: broken, 500: broken})
    async with running(app), stranger(app, auth) as nobody:
        assert (await nobody.get("/me")).status_code == 401


async def test_two_cookies_are_cleared_by_two_headers(auth: Limen) -> None:
    app = litestar_app(auth)
    async with running(app), stranger(app, auth) as client:
        name = auth.cookie_names.token
        answer = await client.get("/me", headers={"cookie": f"{name}=a; {name}=b"})
    assert (answer.status_code, len(answer.headers.get_list("set-cookie"))) == (400, 2)


# -- lifespan -------------------------------------------------------------------------------------------


async def test_the_lifespan_of_the_application_runs_inside_that_of_limen(auth: Limen) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        assert auth.is_fresh()
        seen.append("up")
        yield
        await auth.catch_up()
        seen.append("down")

    async def hook() -> None:
        await auth.catch_up()
        seen.append("hook")

    app = made(auth, lifespan=[lifespan], on_startup=[hook])
    async with running(app):
        assert seen == ["up", "hook"]
    assert seen == ["up", "hook", "down"]


# -- OpenAPI --------------------------------------------------------------------------------------------


async def document(app: Litestar, auth: Limen, path: str = "/schema/openapi.json") -> dict[str, Any]:
    async with running(app), stranger(app, auth) as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_openapi_names_the_schemes_and_what_each_route_needs(auth: Limen) -> None:
    found = await document(litestar_app(auth), auth)
    schemes = found["components"]["securitySchemes"]
    assert schemes["bearer"] == {"type": "http", "scheme": "bearer"}
    cookie = schemes["cookie"]
    assert (cookie["type"], cookie["in"], cookie["name"]) == ("apiKey", "cookie", auth.cookie_names.token)
    needs = {path: item["get"].get("security") for path, item in found["paths"].items() if "get" in item}
    assert needs["/me"] == [{"bearer": []}, {"cookie": []}]
    assert needs["/notes"] == [{"bearer": ["notes:read"]}, {"cookie": ["notes:read"]}]
    assert needs["/maybe"] == [{"bearer": []}, {"cookie": []}, {}]
    assert {"/auth/login", "/auth/session", "/auth/sessions/{sid}"} <= set(found["paths"])
    named = {name for need in needs.values() for one in need or [] for name in one}
    assert named <= set(schemes)


async def test_openapi_keeps_what_the_application_says_itself(auth: Limen) -> None:
    @get("/own", guards=[requires(auth.required)], security=[{"own": []}])
    async def own() -> str:
        return "own"

    config = OpenAPIConfig(title="Notes", version="7")
    app = made(auth, own, openapi_config=config)
    found = await document(app, auth)
    assert (found["info"]["title"], found["paths"]["/own"]["get"]["security"]) == ("Notes", [{"own": []}])
    assert config.components == OpenAPIConfig(title="", version="").components  # handed in, and not changed
    async with running(silent := made(auth, openapi_config=None)), stranger(silent, auth) as client:
        assert (await client.get("/schema/openapi.json")).status_code == 404


# -- our routes in it -----------------------------------------------------------------------------------


async def test_csrf_of_litestar_and_a_catch_all_route_leave_the_routes_of_limen_alone(auth: Limen) -> None:
    @get("/{path:path}")
    async def page(path: FromPath[str]) -> str:
        return path

    app = made(auth, page, csrf_config=CSRFConfig(secret="s" * 32))
    async with running(app), await signed_in(app, auth, transport="cookie") as client:
        assert (await client.get("/auth/session")).json()["account"]
        assert (await client.get("/other")).text == "/other"
        assert (await client.post("/auth/logout")).status_code == 200


@pytest.mark.parametrize(
    "path", ["//auth/session", "/auth//session", "/auth/session/", "/auth/session//", "//auth//sessions//x"]
)
async def test_W09_a_path_that_can_be_read_in_two_ways_is_none_of_ours(auth: Limen, path: str) -> None:
    app = made(auth)
    async with running(app), await signed_in(app, auth) as client:
        answer = await client.get(f"{auth.settings.issuer}{path}")
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/authx/session", "/authsession", "/auth/sessionx", "/AUTH/session"])
async def test_W09_a_neighbour_of_our_paths_is_not_ours(auth: Limen, path: str) -> None:
    app = made(auth)
    async with running(app), await signed_in(app, auth) as client:
        assert (await client.get(path)).status_code == 404


async def test_every_path_with_a_parameter_is_found(auth: Limen) -> None:
    app = made(auth)
    async with running(app), await signed_in(app, auth) as ada:
        other = await sign_in(auth)
        assert (await ada.get(f"/auth/sessions/{other.session}")).status_code == 405
        assert (await ada.delete(f"/auth/sessions/{other.session}")).status_code == 200
        assert (await ada.delete(f"/auth/sessions/{other.session}")).json()["code"] == "session_unknown"
        assert (await ada.get("/auth/admin/accounts/x")).json()["code"] == "insufficient_scope"


@pytest.mark.parametrize("how", ["path", "mount"])
async def test_below_a_path_of_its_own_every_address_of_ours_is_below_it(auth: Limen, how: str) -> None:
    @get("/me", guards=[requires(auth.required)])
    async def me(request: Asked) -> str:
        return str(request.user)

    plugin = LimenPlugin(auth, pages=True)
    inner = made(auth, me, plugin=plugin, path="/app" if how == "path" else "/")
    app: Any = inner if how == "path" else Starlette(routes=[Mount("/app", inner)])
    async with auth, stranger(app, auth) as client:
        await auth.add_account("ada@example.com", "correct horse battery staple")
        goes = {"sec-fetch-mode": "navigate", "sec-fetch-site": "same-origin"}
        led = await client.get("/app/me", headers=goes)
        assert led.headers["location"] == "/app/sign-in?next=%2Fapp%2Fme"
        assert (await client.get("/app/sign-in")).status_code == 200
        body = {"email": "ada@example.com", "password": "correct horse battery staple", "transport": "cookie"}
        done = await client.post("/app/auth/login", json=body)
        assert done.status_code == 200, done.text
        assert any("Path=/app/auth/refresh;" in line for line in done.headers.get_list("set-cookie"))
        assert (await client.get("/app/me")).status_code == 200
        assert (await client.post("/app/auth/refresh")).status_code == 200


async def test_an_application_mounted_below_lets_nobody_in_either(auth: Limen) -> None:
    @get("/me", guards=[requires(auth.required)])
    async def me() -> str:
        return "me"

    below = asgi("/below", is_mount=True, copy_scope=True)(Litestar([me], plugins=[LimenPlugin(auth)]))
    app = made(auth, below)
    async with running(app), stranger(app, auth) as nobody, await signed_in(app, auth) as ada:
        assert (await nobody.get("/below/me")).json()["code"] == "credential_missing"
        assert (await ada.get("/below/me")).text == "me"


# -- WebSockets -----------------------------------------------------------------------------------------


async def test_S36_a_listener_ends_with_its_session(auth: Limen) -> None:
    def alive(socket: WebSocket[Any, Any, Any]) -> Any:
        return auth.alive(socket.auth)

    @websocket_listener("/echo", guards=[requires(auth.required)], connection_lifespan=alive)
    async def echo(data: str) -> str:
        return data.upper()

    app = made(auth, echo)
    async with running(app):
        assert not (await dial(app, "/echo", {})).accepted
        grant = await sign_in(auth)

        async def revoke() -> None:
            await auth.revoke_session(grant.session)
            await auth.catch_up()

        headers = {"authorization": f"Bearer {grant.credential}"}
        answer = await dial(app, "/echo", headers, texts=["a", "b"], between=revoke)
    assert (answer.texts, answer.code) == (["A"], 1008)


async def test_an_error_that_is_not_ours_stays_litestar_s(auth: Limen) -> None:
    @websocket_listener("/echo", guards=[requires(auth.required)])
    async def echo(data: str) -> str:
        raise ValueError(data)

    app = made(auth, echo)
    async with running(app):
        grant = await sign_in(auth)
        answer = await dial(app, "/echo", {"authorization": f"Bearer {grant.credential}"}, texts=["a"])
    assert answer.code == 4500


def test_the_test_client_of_litestar_works_too(auth: Limen) -> None:
    with TestClient(litestar_app(auth), base_url=auth.settings.issuer) as client:
        grant = client.blocking_portal.call(sign_in, auth)
        client.headers["authorization"] = f"Bearer {grant.credential}"
        assert client.get("/me").status_code == 200
        with client.websocket_connect("/socket") as socket:
            assert socket.receive_text() == grant.account


async def test_what_an_application_keeps_in_opt_opens_no_guard(auth: Limen) -> None:
    @get("/secret", guards=[requires(auth.required)], opt={"limen": True})
    async def secret() -> str:
        return "secret"

    app = made(auth, secret, opt={"limen": {"theme": "dark"}})
    async with running(app), stranger(app, auth) as client, await signed_in(app, auth) as ada:
        assert (await client.get("/secret")).status_code == 401
        assert (await ada.get("/secret")).text == "secret"
        assert (await ada.get("/whoami")).json()["user"]
        assert (await ada.get("/auth/session")).status_code == 200


async def test_what_a_handler_sets_up_wrongly_is_in_the_log_as_the_client_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    auth = for_tests()

    @get("/never")
    async def never() -> None:
        auth.recent(minutes=0)

    app = Litestar([never], plugins=[LimenPlugin(auth)], logging_config=None)
    async with running(app), stranger(app, auth) as nobody:
        answer = await nobody.get("/never")
    assert (answer.status_code, answer.json()["code"]) == (500, "misconfigured")
    assert any(line.startswith("/never: recent(minutes=…) is more than 0") for line in caplog.messages)
