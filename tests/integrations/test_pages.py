"""The pages inside an application: beside its own routes, below a path, and below a mount."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx2
import litestar
import pytest
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from limen import Limen, Misconfigured
from limen.integrations import fastapi, starlette
from limen.integrations.asgi import LimenMiddleware
from limen.integrations.litestar import LimenPlugin, requires
from limen.testing import TurnableClock, for_tests, running

pytestmark = pytest.mark.anyio
EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"


async def own(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"own {request.url.path}")


def in_fastapi(auth: Limen) -> Any:
    app = FastAPI()
    fastapi.install(app, auth, pages=True)
    app.add_route("/own", own)
    return app


def in_starlette(auth: Limen) -> Any:
    app = Starlette(routes=[Route("/own", own)])
    starlette.install(app, auth, pages=True)
    return app


def in_asgi(auth: Limen) -> Any:
    app = Starlette(routes=[Route("/own", own)])
    return LimenMiddleware(app, auth, public={"/own"}, pages=True)


def in_litestar(auth: Limen) -> Any:
    @litestar.get("/own")
    async def own(request: litestar.Request[Any, Any, Any]) -> str:
        return f"own {request.url.path}"

    return litestar.Litestar([own], plugins=[LimenPlugin(auth, pages=True)])


def browser(app: Any, auth: Limen) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=app, client=("192.0.2.7", 1))
    headers = {"sec-fetch-site": "same-origin"}
    return httpx2.AsyncClient(transport=transport, base_url=auth.settings.issuer, headers=headers)


@pytest.mark.parametrize("made", [in_fastapi, in_starlette, in_asgi, in_litestar])
@pytest.mark.parametrize("pages", ["", "/people"])
async def test_people_sign_in_and_out_beside_the_applications_own_routes(made: Any, pages: str) -> None:
    auth = for_tests(clock=TurnableClock(), strategy="hybrid", pages=pages)
    app = made(auth)
    async with running(app), browser(app, auth) as client:
        await auth.add_account(EMAIL, PASSWORD)
        assert (await client.get("/own")).text == "own /own"
        page = await client.get(f"{pages}/sign-in", params={"next": "/own"})
        assert page.headers["x-frame-options"] == "DENY"
        action = re.findall(r'action="([^"]+)"', page.text)[0]
        style = re.findall(r'href="([^"]+\.css)"', page.text)[0]
        assert (await client.get(style)).status_code == 200
        form = {"email": EMAIL, "password": PASSWORD, "next": "/own"}
        assert (await client.post(action, data=form)).headers["location"] == "/own"
        account = await client.get(f"{pages}/account")
        assert EMAIL in account.text
        (signs_out,) = re.findall(r'action="([^"]+sign-out)"', account.text)
        assert (await client.post(signs_out, data={"once": "x"})).headers["location"] == f"{pages}/sign-in"
        assert (await client.get(f"{pages}/account")).status_code == 303


def guarded_fastapi(auth: Limen) -> Any:
    app = FastAPI()
    fastapi.install(app, auth, pages=True)

    @app.get("/secret", dependencies=[Depends(auth.required)])
    async def secret() -> str:
        return "yours"

    return app


def guarded_starlette(auth: Limen) -> Any:
    @starlette.requires(auth.required)
    async def secret(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.user.who.account)

    app = Starlette(routes=[Mount("/", routes=[Route("/secret", secret)])])
    starlette.install(app, auth, pages=True)
    return app


def guarded_asgi(auth: Limen) -> Any:
    return LimenMiddleware(Starlette(routes=[Route("/secret", own)]), auth, pages=True)


def guarded_litestar(auth: Limen) -> Any:
    @litestar.get("/secret", guards=[requires(auth.required)])
    async def secret(request: litestar.Request[Any, Any, Any]) -> str:
        return str(request.user)

    return litestar.Litestar([secret], plugins=[LimenPlugin(auth, pages=True)])


@pytest.mark.parametrize("made", [guarded_fastapi, guarded_starlette, guarded_asgi, guarded_litestar])
async def test_a_person_is_led_to_the_proof_and_back_and_a_program_is_told(made: Any) -> None:
    auth = for_tests(clock=TurnableClock(), strategy="hybrid", pages="/people")
    app, goes = made(auth), {"sec-fetch-mode": "navigate"}
    async with running(app), browser(app, auth) as client:
        await auth.add_account(EMAIL, PASSWORD)
        led = await client.get("/secret?a=1&b=%20", headers=goes)
        assert (led.status_code, led.headers["referrer-policy"]) == (303, "no-referrer")
        assert led.headers["location"] == "/people/sign-in?next=%2Fsecret%3Fa%3D1%26b%3D%2520"
        told = await client.get("/secret")
        assert (told.status_code, told.headers["content-type"]) == (401, "application/problem+json")
        posted = await client.post("/secret", headers=goes)
        assert posted.status_code in (401, 405)
        page = (await client.get(led.headers["location"])).text
        onward = html.unescape(re.findall(r'name="next" value="([^"]+)"', page)[0])
        form = {"email": EMAIL, "password": PASSWORD, "next": onward}
        done = await client.post("/people/sign-in", data=form)
        assert done.headers["location"] == "/secret?a=1&b=%20"
        assert (await client.get("/secret", headers=goes)).status_code == 200
        del client.cookies[auth.cookie_names.token]
        lapsed = await client.get("/secret", headers=goes)
        assert lapsed.headers["location"] == "/auth/refresh/page?next=%2Fsecret"
        assert (await client.get(lapsed.headers["location"])).headers["location"] == "/secret"
        assert (await client.get("/secret", headers=goes)).status_code == 200


@pytest.mark.parametrize("made", [guarded_fastapi, guarded_starlette, guarded_asgi, guarded_litestar])
async def test_below_a_mount_of_another_application_a_person_is_led_below_it(made: Any) -> None:
    auth = for_tests(clock=TurnableClock(), strategy="hybrid")
    app = Starlette(routes=[Mount("/app", made(auth))])
    async with auth, browser(app, auth) as client:
        led = await client.get("/app/secret", headers={"sec-fetch-mode": "navigate"})
        assert led.headers["location"] == "/app/sign-in?next=%2Fapp%2Fsecret"
        assert (await client.get("/app/sign-in")).status_code == 200


async def test_below_a_mount_every_address_is_below_it() -> None:
    auth = for_tests(clock=TurnableClock(), strategy="hybrid")
    app = Starlette(routes=[Mount("/app", in_starlette(auth)), Route("/own", own)])
    async with auth, browser(app, auth) as client:
        await auth.add_account(EMAIL, PASSWORD)
        assert (await client.get("/app/account")).headers["location"] == "/app/sign-in?next=%2Fapp%2Faccount"
        page = await client.get("/app/sign-in")
        for address in re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text):
            assert address.startswith("/app/")
        done = await client.post("/app/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert done.headers["location"] == "/app/account"
        refresh = [
            one for one in done.headers.get_list("set-cookie") if "refresh=" in one and "refreshes" not in one
        ]
        assert "Path=/app/auth/refresh;" in refresh[0]
        assert EMAIL in (await client.get("/app/account")).text
        del client.cookies[auth.cookie_names.token]
        lapsed = await client.get("/app/account")
        assert lapsed.headers["location"] == "/app/auth/refresh/page?next=%2Fapp%2Faccount"
        renewed = await client.get(lapsed.headers["location"])
        assert renewed.headers["location"] == "/app/account"


async def test_without_being_asked_for_there_are_none() -> None:
    auth = for_tests(clock=TurnableClock())
    app = Starlette(routes=[Route("/own", own)])
    starlette.install(app, auth)
    async with running(app), browser(app, auth) as client:
        assert (await client.get("/sign-in")).status_code == 404


@pytest.mark.parametrize("pages", ["/auth", "people", "/people/", "/.well-known/x", "//evil", "/a b"])
def test_a_place_that_cannot_be_is_refused(pages: str) -> None:
    with pytest.raises(Misconfigured, match="pages"):
        for_tests(clock=TurnableClock(), pages=pages)
