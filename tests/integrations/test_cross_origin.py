"""A page of another origin before an application that holds Limen: `origins`, in every framework."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from flask import Flask
from litestar import Litestar
from litestar.config.cors import CORSConfig
from starlette.middleware.cors import CORSMiddleware

from limen import Limen
from limen.integrations.fastapi import install
from limen.integrations.flask import LimenFlask
from limen.integrations.litestar import LimenPlugin
from limen.testing import EMAIL, PASSWORD, for_tests, running, sign_in, stranger
from support.apps import APPS

pytestmark = pytest.mark.anyio
PAGE, EVIL = "https://www.app.example", "https://evil.example"
LOGIN = {"email": EMAIL, "password": PASSWORD}
SESSION = "/auth/sessions/01a2130b-b1b4-7183-a7f4-4fbfe46f216e"


def preflight(method: str, origin: str = PAGE) -> dict[str, str]:
    return {"origin": origin, "access-control-request-method": method}


def allowed(answer: httpx2.Response) -> list[str]:
    return answer.headers.get_list("access-control-allow-origin")


@pytest.mark.parametrize("made", APPS.values(), ids=APPS)
async def test_a_page_of_one_of_the_origins_signs_in_and_no_other(made: Any) -> None:
    auth = for_tests(origins=(PAGE,))
    app = made(auth)
    async with running(app), stranger(app, auth, headers={"Origin": PAGE}) as page:
        await sign_in(auth)
        for path, method in (("/auth/login", "POST"), (SESSION, "DELETE")):
            asked = await page.options(path, headers=preflight(method))
            assert (asked.status_code, allowed(asked)) == (204, [PAGE])
            assert method in asked.headers["access-control-allow-methods"]
            assert "content-type" in asked.headers["access-control-allow-headers"]
            assert allowed(await page.options(path, headers=preflight(method, EVIL))) == []
        answer = await page.post("/auth/login", json=LOGIN)
        assert (answer.status_code, allowed(answer)) == (200, [PAGE])
        assert answer.headers["access-control-allow-credentials"] == "true"
        foreign = await page.post("/auth/login", json=LOGIN, headers={"origin": EVIL})
        assert (foreign.status_code, allowed(foreign)) == (403, [])


def test_flask_answers_it_too_whose_extensions_do_not_see_our_routes() -> None:
    auth = for_tests(origins=(PAGE,))
    app = Flask(__name__)
    extension = LimenFlask(app, auth)
    client = app.test_client()
    with app.app_context():
        extension.run(sign_in(auth))
    assert client.options("/auth/login", headers=preflight("POST")).headers.get_all(
        "access-control-allow-origin"
    ) == [PAGE]
    answer = client.post("/auth/login", json=LOGIN, headers={"origin": PAGE})
    assert answer.headers.get_all("access-control-allow-origin") == [PAGE]
    assert "Origin" in answer.headers.get_all("vary")


def with_starlette_s(auth: Limen) -> Any:
    app = FastAPI()
    app.add_middleware(
        CORSMiddleware, allow_origins=[PAGE], allow_credentials=True, allow_methods=["*"], allow_headers=["*"]
    )
    install(app, auth)
    return app


def with_litestar_s(auth: Limen) -> Any:
    cors = CORSConfig(allow_origins=[PAGE], allow_credentials=True)
    return Litestar([], plugins=[LimenPlugin(auth)], cors_config=cors)


@pytest.mark.parametrize("made", [with_starlette_s, with_litestar_s])
async def test_beside_the_framework_s_own_it_is_said_once(made: Any) -> None:
    auth = for_tests(origins=(PAGE,))
    app = made(auth)
    async with running(app), stranger(app, auth, headers={"Origin": PAGE}) as page:
        await sign_in(auth)
        assert allowed(await page.options("/auth/login", headers=preflight("POST"))) == [PAGE]
        assert allowed(await page.post("/auth/login", json=LOGIN)) == [PAGE]
