"""What is FastAPI's alone: OpenAPI, dependencies, lifespan, overrides."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Security
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import WebSocketDenialResponse

from limen import Denied, Identity, Limen, Misconfigured
from limen.integrations.fastapi import install
from limen.integrations.starlette import requires
from limen.server.embed import embed
from limen.testing import for_tests, present, running, sign_in, signed_in, stranger
from support.apps import fastapi_app

pytestmark = pytest.mark.anyio


@pytest.fixture
def auth() -> Limen:
    return for_tests(strategy="hybrid")


def operation(app: FastAPI, path: str, method: str = "get") -> dict[str, Any]:
    found = app.openapi()["paths"][path][method]
    assert isinstance(found, dict)
    return found


def test_openapi_names_the_security_schemes(auth: Limen) -> None:
    schemes = fastapi_app(auth).openapi()["components"]["securitySchemes"]
    assert schemes["bearer"]["type"] == "http"
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["cookie"]["type"], schemes["cookie"]["in"]) == ("apiKey", "cookie")
    assert schemes["cookie"]["name"] == auth.cookie_names.token


def test_openapi_says_what_each_route_needs(auth: Limen) -> None:
    app = fastapi_app(auth)
    assert operation(app, "/me")["security"] == [{"bearer": []}, {"cookie": []}]
    assert operation(app, "/notes")["security"] == [{"bearer": ["notes:read"]}, {"cookie": ["notes:read"]}]
    assert operation(app, "/maybe")["security"] == [{"bearer": []}, {"cookie": []}, {}]
    assert "parameters" not in operation(app, "/me")


def test_openapi_says_which_transports_are_allowed() -> None:
    app = fastapi_app(for_tests(transports=("bearer",)))
    assert operation(app, "/me")["security"] == [{"bearer": []}]
    app = fastapi_app(for_tests(strategy="session", transports=("cookie",)))
    assert operation(app, "/me")["security"] == [{"cookie": []}]
    assert app.openapi()["components"]["securitySchemes"]["cookie"]["name"].endswith("sid")


def test_openapi_has_the_routes_of_limen(auth: Limen) -> None:
    app = fastapi_app(auth)
    document = app.openapi()
    assert {"/auth/login", "/auth/refresh", "/auth/logout", "/auth/session", "/me"} <= set(document["paths"])
    assert document is app.openapi()
    names = {scheme for need in operation(app, "/auth/session")["security"] for scheme in need}
    assert names <= set(document["components"]["securitySchemes"])


def test_every_reference_in_the_openapi_document_leads_somewhere(auth: Limen) -> None:
    document = fastapi_app(auth).openapi()

    def references(node: Any) -> Any:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    found = set(references(document))
    assert found
    for reference in found:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_a_route_added_later_is_in_the_document(auth: Limen) -> None:
    app = fastapi_app(auth)
    app.openapi()

    @app.get("/late")
    async def late(who: Annotated[Identity, Depends(auth.scopes("a", "b"))]) -> None: ...

    assert operation(app, "/late")["security"] == [{"bearer": ["a", "b"]}, {"cookie": ["a", "b"]}]
    assert "/auth/login" in app.openapi()["paths"]


async def test_the_document_is_served(auth: Limen) -> None:
    app = fastapi_app(auth)
    async with running(app), stranger(app, auth) as client:
        served = (await client.get("/openapi.json")).json()
        assert (await client.get("/docs")).status_code == 200
    assert served["paths"]["/auth/login"]["post"]
    assert served["paths"]["/me"]["get"]["security"]


async def test_a_whole_router_can_need_a_scope(auth: Limen) -> None:
    app = FastAPI()
    router = APIRouter(prefix="/admin", dependencies=[Depends(auth.scopes("admin"))])

    @router.get("/x")
    async def x(who: Annotated[Identity, Depends(auth.required)]) -> str:
        return who.account

    app.include_router(router)
    install(app, auth)
    async with running(app), await signed_in(app, auth) as ada:
        assert (await ada.get("/admin/x")).json()["code"] == "insufficient_scope"
        async with await signed_in(app, auth, "root@example.com", scopes=("admin",)) as root:
            assert (await root.get("/admin/x")).status_code == 200
    assert operation(app, "/admin/x")["security"] == [{"bearer": ["admin"]}, {"cookie": ["admin"]}]


async def test_the_lifespan_of_the_application_runs_inside_that_of_limen(auth: Limen) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        assert auth.is_fresh()
        seen.append("up")
        yield {"mine": "state"}
        await auth.catch_up()
        seen.append("down")

    app = FastAPI(lifespan=lifespan)

    @app.get("/state")
    async def state(request: Request) -> str:
        return str(request.state.mine)

    install(app, auth)
    async with running(app) as kept:
        assert kept["mine"] == "state"
    assert seen == ["up", "down"]


async def test_a_catch_all_route_does_not_hide_the_routes_of_limen(auth: Limen) -> None:
    app = FastAPI()

    @app.get("/{path:path}")
    async def page(path: str) -> str:
        return path

    install(app, auth)
    async with running(app), await signed_in(app, auth) as client:
        assert (await client.get("/auth/session")).json()["account"]
        assert (await client.get("/other")).json() == "other"


async def test_a_requirement_can_be_overridden_in_tests(auth: Limen) -> None:
    app = fastapi_app(auth)
    async with running(app):
        identity = await auth.authenticate((await sign_in(auth)).credential)
        app.dependency_overrides[auth.required] = lambda: identity
        async with stranger(app, auth) as client:
            assert (await client.get("/me")).json()["account"] == identity.account


async def test_a_query_parameter_is_no_way_in(auth: Limen) -> None:
    app = fastapi_app(auth)
    async with running(app), stranger(app, auth) as client:
        grant = await sign_in(auth)
        for name in ("connection", "bearer", "cookie", "access_token", "token"):
            assert (await client.get("/me", params={name: grant.credential})).status_code == 401


def test_the_test_client_of_fastapi_works_too(auth: Limen) -> None:
    with TestClient(fastapi_app(auth), base_url=auth.settings.issuer) as client:
        assert client.portal is not None
        grant = client.portal.call(sign_in, auth)
        with pytest.raises(WebSocketDenialResponse), client.websocket_connect("/socket"):
            pytest.fail("it was accepted")
        present(client, auth, grant, transport="cookie")
        assert client.get("/me").status_code == 200
        # A path alone would go to `ws://testserver`, for which the jar has no cookie.
        with client.websocket_connect(auth.settings.issuer.replace("http", "ws") + "/socket") as socket:
            assert socket.receive_text() == grant.account


async def test_an_application_mounted_below_refuses_as_the_one_above_does(auth: Limen) -> None:
    app, below, deeper = FastAPI(), FastAPI(), FastAPI()
    install(app, auth)
    for one in (below, deeper):

        @one.get("/me")
        async def me(who: Annotated[Identity, Depends(auth.required)]) -> str:
            return who.account

    below.mount("/deeper", deeper)
    app.mount("/below", below)
    async with running(app):
        for path in ("/below/me", "/below/deeper/me"):
            async with stranger(app, auth) as nobody:
                refused = await nobody.get(path)
            assert (refused.status_code, refused.json()["code"]) == (401, "credential_missing")
            async with await signed_in(app, auth) as somebody:
                assert (await somebody.get(path)).status_code == 200


@pytest.mark.parametrize("default", [..., None], ids=["bare", "none"])
def test_W27_who_is_asking_is_never_read_from_a_body(default: Any) -> None:
    """Without `Depends` FastAPI would take the identity that a stranger writes."""
    app = FastAPI()

    async def forged(who: Any = default) -> str:
        return str(who)

    for kind in (Identity, Identity | None):
        forged.__annotations__["who"] = kind
        with pytest.raises(Misconfigured, match="Depends"):
            app.post("/forged")(forged)


async def test_an_account_in_an_answer_has_no_hash(auth: Limen) -> None:
    app = FastAPI()
    install(app, auth)

    @app.get("/account")
    async def account(who: Annotated[Identity, Depends(auth.required)]) -> Any:
        return await auth.account(who)

    async with running(app), await signed_in(app, auth) as client:
        found = (await client.get("/account")).json()
    assert (found["email"], found["password"]) == ("ada@example.com", "hidden")


@pytest.mark.parametrize("kind", [FastAPI, Starlette])
def test_a_second_limen_in_an_application_is_refused(auth: Limen, kind: Any) -> None:
    app = kind()
    embed(app, auth)
    with pytest.raises(Misconfigured, match="already"):
        embed(app, for_tests())


def test_an_application_that_was_not_given_its_limen_is_told_so(auth: Limen) -> None:
    app = FastAPI()

    @app.get("/me")
    async def me(who: Annotated[Identity, Depends(auth.required)]) -> str:
        return who.account

    @requires(auth.required)
    async def mine(request: Request) -> Any: ...

    for client in (TestClient(app), TestClient(Starlette(routes=[Route("/me", mine)]))):
        with pytest.raises(Misconfigured, match=r"install\(app, auth\)"):
            client.get("/me").close()


def test_an_application_that_answers_our_errors_itself_needs_no_install(auth: Limen) -> None:
    app = FastAPI()

    @app.get("/me")
    async def me(who: Annotated[Identity, Depends(auth.required)]) -> str:
        return who.account

    @app.exception_handler(Denied)
    async def denied(request: Request, error: Denied) -> JSONResponse:
        return JSONResponse({"no": error.code}, 418)

    assert TestClient(app).get("/me").json() == {"no": "credential_missing"}


def test_routes_that_are_declared_before_fastapi_was_told_say_so() -> None:
    """In a process of its own: in this one FastAPI knows."""
    program = (
        "import fastapi, limen\n"
        "auth = limen.Limen('memory://')\n"
        "fastapi.FastAPI().get('/me')(lambda who=fastapi.Depends(auth.required): None)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "import limen.integrations.fastapi before the routes are declared" in said.stderr


def test_a_variable_that_nobody_asks_for_is_said(
    auth: Limen, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LIMEN_STRATEGY", "jwt")
    monkeypatch.setenv("LIMEN_ISSUER", auth.settings.issuer)
    install(FastAPI(), auth)
    told = [line for line in caplog.messages if "Limen.from_env" in line]
    assert [line.partition(":")[0] for line in told] == ["LIMEN_STRATEGY"]
    caplog.clear()
    install(FastAPI(), Limen.from_env(database="memory://", strategy="session"))
    assert [line for line in caplog.messages if "Limen.from_env" in line] == []


def test_a_lifespan_that_nobody_ran_is_named(tmp_path: Path) -> None:
    """FastAPI runs the lifespan of the outermost application and no other."""
    auth = for_tests(f"sqlite:///{tmp_path}/app.db")
    inner, outer = FastAPI(), FastAPI()
    install(inner, auth)
    outer.mount("/inner", inner)
    with TestClient(outer) as client:
        answer = client.post("/inner/auth/register", json={"email": "ada@example.com", "password": "x" * 20})
    assert answer.status_code == 503
    assert "was not started" in answer.json()["detail"]


async def test_a_requirement_of_scopes_is_overridden_by_its_like(auth: Limen) -> None:
    app = fastapi_app(auth)
    async with running(app), await signed_in(app, auth) as client:
        assert (await client.get("/notes")).status_code == 403
        who = await auth.authenticate((await sign_in(auth, scopes=None)).credential)
        app.dependency_overrides[auth.scopes("notes:read")] = lambda: who
        assert (await client.get("/notes")).status_code == 200
    assert auth.recent(minutes=5) is auth.recent(minutes=5) is not auth.recent("notes:read", minutes=5)


def test_beside_a_fastapi_of_one_s_own_the_extra_is_named() -> None:
    program = "import sys; sys.modules['jinja2'] = None; import limen.integrations.fastapi"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "Limen's routes need jinja2: pip install 'limen[server]', or the extra" in said.stderr


async def test_W27_the_scopes_of_fastapi_s_own_security_are_asked_for(auth: Limen) -> None:
    """`/docs` says that such a route needs them."""
    app = FastAPI()
    install(app, auth)

    async def somebody(who: Annotated[Identity, Depends(auth.required)]) -> Identity:
        return who

    async def anybody(who: Annotated[Identity | None, Depends(auth.optional)]) -> bool:
        return who is not None

    @app.get("/own")
    async def own(who: Annotated[Any, Security(auth.required, scopes=["notes:write"])]) -> str:
        return str(who.account)

    @app.get("/beneath")
    async def beneath(who: Annotated[Any, Security(somebody, scopes=["notes:write"])]) -> str:
        return str(who.account)

    @app.get("/optional")
    async def optional(there: Annotated[bool, Security(anybody, scopes=["notes:write"])]) -> bool:
        return there

    @app.get("/both")
    async def both(
        one: Annotated[Any, Depends(auth.required)],
        other: Annotated[Any, Security(auth.required, scopes=["notes:write"])],
    ) -> bool:
        return bool(one == other)

    paths = ("/own", "/beneath", "/optional", "/both")
    async with (
        running(app),
        stranger(app, auth) as nobody,
        await signed_in(app, auth) as ada,
        await signed_in(app, auth, "bob@example.com", scopes=("notes:write",)) as bob,
    ):
        for client, status in ((nobody, 401), (ada, 403), (bob, 200)):
            assert [(await client.get(path)).status_code for path in paths] == [status] * 4
    assert operation(app, "/own")["security"] == [{"bearer": ["notes:write"]}, {"cookie": ["notes:write"]}]


async def test_what_a_route_sets_up_wrongly_is_in_the_log_as_the_client_is_told(
    auth: Limen, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()
    install(app, auth)

    @app.get("/never")
    async def never() -> None:
        auth.recent(minutes=0)

    async with running(app), stranger(app, auth) as nobody:
        answer = await nobody.get("/never")
    assert (answer.status_code, answer.json()["code"]) == (500, "misconfigured")
    assert any(line.startswith("/never: recent(minutes=…) is more than 0") for line in caplog.messages)
