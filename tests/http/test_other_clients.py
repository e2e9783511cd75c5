"""R10 and R24: credentials that were given to somebody else, and messages that we do not speak."""

from __future__ import annotations

import json
import logging

import pytest

from limen import ids
from limen.jose import jws
from limen.secret import Secret
from limen.testing import TurnableClock
from support.http import ISSUER, ask, code, login, served
from support.world import STRATEGIES

pytestmark = pytest.mark.anyio
OTHER = Secret(bytes(range(1, 33)))
EVENT = "http://schemas.openid.net/event/backchannel-logout"


async def test_R10_a_refresh_token_of_another_client_is_refused_and_its_family_lives_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Refresh credentials are for the issuer's own pages and API, which are one client (`client_id`). Another
    client has another deployment, with a secret of its own, and cannot tell what was sealed here."""
    caplog.set_level(logging.INFO)
    async with served(strategy="hybrid") as ours, served(strategy="hybrid", secret=OTHER) as theirs:
        given = await login(ours.client())
        async with theirs.client() as client:
            answer = await client.post("/auth/refresh", json={"refresh_token": given["refresh_token"]})
        assert (answer.status_code, code(answer)) == (401, "refresh_denied")
        assert "refresh_denied (" in caplog.text
        assert given["refresh_token"] not in caplog.text
        async with ours.client() as client:
            again = await client.post("/auth/refresh", json={"refresh_token": given["refresh_token"]})
        assert again.status_code == 200


async def test_R10_an_access_token_for_another_audience_or_of_another_issuer_is_refused() -> None:
    """Also where the keys are the same, as with two issuers over one database."""
    clock = TurnableClock()
    async with served(strategy="hybrid", audience="https://api.example", clock=clock) as ours:
        token = (await login(ours.client()))["access_token"]
        for other in ({"audience": "https://other.example"}, {"issuer": "https://other.example"}):
            async with served(strategy="hybrid", clock=clock, **other) as theirs:  # type: ignore[arg-type]
                theirs.auth._tokens.use(ours.auth.ring)
                host = theirs.auth.settings.issuer.removeprefix("https://")
                headers = [("authorization", f"Bearer {token}")]
                answer = await ask(theirs.app, headers=headers, host=host)
                assert (answer.status_code, code(answer)) == (401, "token_invalid")


async def test_R10_a_client_that_introspects_cannot_spend_what_it_was_shown() -> None:
    """Its own secret is for asking, and signs nobody in."""
    async with served(strategy="hybrid", clients=("api",)) as at:
        secret = at.auth.client_secret("api")
        async with at.client() as client:
            for bearer in (secret, f"api:{secret}"):
                answer = await client.get("/auth/session", headers={"authorization": f"Bearer {bearer}"})
                assert answer.status_code in (400, 401)
            answer = await client.post("/auth/refresh", json={"refresh_token": secret})
            assert (answer.status_code, code(answer)) == (401, "refresh_denied")


@pytest.mark.parametrize(
    "path", ["/backchannel-logout", "/auth/backchannel-logout", "/backchannel_logout", "/logout/backchannel"]
)
async def test_R24_there_is_no_endpoint_for_logout_tokens(path: str) -> None:
    """We are no relying party of another issuer, so nobody may end our sessions by a token of his."""
    async with served() as at, at.client() as client:
        answer = await client.post(path, data={"logout_token": "x"})
        assert (answer.status_code, code(answer)) == (404, "not_found")


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("typ", ["logout+jwt", "JWT", "at+jwt"])
async def test_R24_a_logout_token_is_no_credential_even_under_our_own_key(strategy: str, typ: str) -> None:
    async with served(strategy=strategy, clients=("api",)) as at:
        held = (await login(at.client()))["access_token"]
        who = await at.auth.authenticate(held)
        now = int(at.clock.now())
        claims = {
            "iss": ISSUER, "aud": ISSUER, "iat": now, "exp": now + 120, "jti": ids.uuid7(at.clock.now()),
            "sub": who.account, "sid": who.session, "events": {EVENT: {}},
        }  # fmt: skip
        token = jws.sign(json.dumps(claims).encode(), at.auth.ring.active, typ=typ)
        async with at.client(authorization=f"Bearer {token}") as client:
            for method, path in (
                ("GET", "/auth/session"),
                ("POST", "/auth/logout"),
                ("DELETE", "/auth/sessions"),
            ):
                assert (await client.request(method, path)).status_code == 401
        async with at.client() as client:
            client.auth = ("api", at.auth.client_secret("api"))
            answer = await client.post("/oauth/introspect", data={"token": token})
            assert answer.json() == {"active": False}
            await client.post("/oauth/revoke", data={"token": token})
        assert (await at.auth.authenticate(held)).session == who.session
