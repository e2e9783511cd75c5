"""A Verifier for the tests of others: of a server, and of an application that embeds Limen."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette

from limen.errors import Denied
from limen.integrations.starlette import install
from limen.server import create_app
from limen.testing import for_tests, running, sign_in, verifier_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("embedded", [False, True])
async def test_a_verifier_of_an_application_in_the_same_process(embedded: bool) -> None:
    auth = for_tests(strategy="hybrid", clients=("api",), audience="https://api.example")
    app: Any = Starlette() if embedded else create_app(auth)
    options = {"prefix": "/auth"} if embedded else {}
    if embedded:
        install(app, auth)
    async with running(app), verifier_of(app, auth, client_id="api", **options) as verifier:
        token = (await sign_in(auth)).credential
        who = await verifier.authenticate(token)
        assert who == await auth.authenticate(token)
        await auth.sign_out(who)
        await verifier.catch_up()
        with pytest.raises(Denied):
            await verifier.authenticate(token)
