"""What is Starlette's alone: `request.user`, `request.auth` and both decorators."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.authentication import requires as starlette_requires
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route

from limen import Limen, Misconfigured
from limen.integrations.starlette import install, requires
from limen.testing import TurnableClock, for_tests, running, signed_in, stranger

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def auth(clock: TurnableClock) -> Limen:
    return for_tests(clock=clock, strategy="hybrid")


async def whoami(request: Request) -> JSONResponse:
    user = request.user
    return JSONResponse(
        {
            "signed_in": user.is_authenticated,
            "name": user.display_name,
            "identity": user.identity,
            "scopes": request.auth.scopes,
        }
    )


def made(auth: Limen, *routes: Any) -> Starlette:
    app = Starlette(routes=[Route("/whoami", whoami), *routes])
    install(app, auth)
    return app


async def test_request_user_says_who_is_signed_in(auth: Limen) -> None:
    app = made(auth)
    async with running(app), stranger(app, auth) as nobody:
        async with await signed_in(app, auth, scopes=("b", "a")) as ada:
            account = await auth.find_account("ada@example.com")
            assert (await ada.get("/whoami")).json() == {
                "signed_in": True,
                "name": account.id,
                "identity": account.id,
                "scopes": ["authenticated", "a", "b"],
            }
        empty = {"signed_in": False, "name": "", "identity": "", "scopes": []}
        assert (await nobody.get("/whoami")).json() == empty


async def test_a_credential_that_is_no_good_makes_a_stranger(auth: Limen, clock: TurnableClock) -> None:
    app = made(auth)
    async with running(app), await signed_in(app, auth) as ada:
        clock.turn(86_400)
        assert (await ada.get("/whoami")).json()["signed_in"] is False


async def test_the_decorator_of_starlette_works_too(auth: Limen) -> None:
    @starlette_requires(["authenticated", "notes:read"])
    async def notes(request: Request) -> PlainTextResponse:
        return PlainTextResponse("notes")

    app = made(auth, Route("/notes", notes))
    async with running(app), stranger(app, auth) as nobody, await signed_in(app, auth) as ada:
        assert (await nobody.get("/notes")).status_code == 403
        assert (await ada.get("/notes")).status_code == 403
        async with await signed_in(app, auth, "bob@example.com", scopes=("notes:read",)) as bob:
            assert (await bob.get("/notes")).status_code == 200


async def test_our_decorator_works_in_a_mounted_application_and_on_methods(auth: Limen) -> None:
    class Notes:
        @requires(auth.required)
        async def read(self, request: Request) -> PlainTextResponse:
            return PlainTextResponse(request.user.who.account)

    app = made(auth, Mount("/sub", routes=[Route("/notes", Notes().read)]))
    async with running(app), stranger(app, auth) as nobody, await signed_in(app, auth) as ada:
        assert (await nobody.get("/sub/notes")).status_code == 401
        assert (await ada.get("/sub/notes")).status_code == 200


def test_an_endpoint_that_cannot_be_guarded_is_refused_when_it_is_made(auth: Limen) -> None:
    async def nothing() -> None: ...

    def not_async(request: Request) -> None: ...

    with pytest.raises(Misconfigured, match="nothing"):
        requires(auth.required)(nothing)
    with pytest.raises(Misconfigured, match="not_async"):
        requires(auth.required)(not_async)  # type: ignore[arg-type]
