"""What other services ask: keys, metadata, introspection, revocation, and probes."""

from __future__ import annotations

import json
from base64 import b64encode

import httpx2
import pytest

from limen import __version__
from limen.auth import Limen
from limen.jose import b64, jwk
from support.http import ISSUER, LOCAL, Served, ask, code, login, served
from support.world import EMAIL, PASSWORD, STRATEGIES

pytestmark = pytest.mark.anyio
FORM = {"content-type": "application/x-www-form-urlencoded"}


def basic(auth: Limen, name: str = "gateway", secret: str | None = None) -> dict[str, str]:
    pair = f"{name}:{auth.client_secret(name) if secret is None else secret}"
    return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}


async def introspected(at: Served, token: str) -> httpx2.Response:
    return await at.client().post("/oauth/introspect", data={"token": token}, headers=basic(at.auth))


# -- keys -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256", "PS256", "ES384", "HS256"])
async def test_K05_the_published_keys_are_public(algorithm: str) -> None:
    options = {"strategy": "session"} if algorithm == "HS256" else {}
    async with served(algorithm=algorithm, account=False, **options) as at, at.client() as client:
        answer = await client.get("/.well-known/jwks.json")
        keys = answer.json()["keys"]
        private = at.auth.ring.active.to_private_jwk()
        assert (len(keys) == 2) == (algorithm != "HS256")
        for key in keys:
            assert set(key) <= {"kty", "kid", "alg", "use", "key_ops", "n", "e", "crv", "x", "y"}
        for name in ("d", "p", "q", "dp", "dq", "qi", "k"):
            assert f'"{name}"' not in answer.text
            assert name not in private or private[name] not in answer.text
        assert answer.headers["content-type"] == "application/jwk-set+json"
        assert set(jwk.key_set(answer.content)) == {key["kid"] for key in keys}


async def test_the_keys_are_cached_and_asked_for_again_by_their_tag() -> None:
    async with served(jwks_max_age=120) as at, at.client() as client:
        first = await client.get("/.well-known/jwks.json")
        assert first.headers["cache-control"] == "public, max-age=120"
        tag = first.headers["etag"]
        for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = await client.get("/.well-known/jwks.json", headers={"if-none-match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert "content-length" not in again.headers
            assert again.headers["etag"] == tag
        for other in ('"x"', tag.strip('"'), "", tag[:-2] + '"'):
            answer = await client.get("/.well-known/jwks.json", headers={"if-none-match": other})
            assert answer.status_code == 200
        at.clock.turn(120)
        await at.auth.rotate_keys()
        fresh = await client.get("/.well-known/jwks.json", headers={"if-none-match": tag})
        assert fresh.status_code == 200
        assert fresh.headers["etag"] != tag
        assert len(fresh.json()["keys"]) == 3


async def test_the_metadata_leads_to_what_there_is() -> None:
    async with served() as at, at.client() as client:
        document = (await client.get("/.well-known/oauth-authorization-server")).json()
        assert document["issuer"] == ISSUER
        assert document["response_types_supported"] == document["grant_types_supported"] == []
        assert (await client.get(document["jwks_uri"])).status_code == 200
        for name in ("introspection_endpoint", "revocation_endpoint"):
            answer = await client.post(document[name], data={"token": "x"}, headers=basic(at.auth))
            assert answer.status_code == 401
            assert document[f"{name}_auth_methods_supported"] == ["client_secret_basic"]


# -- introspection and revocation -----------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_live_token_is_introspected(strategy: str) -> None:
    async with served(strategy=strategy, clients=("gateway",), account=False) as at:
        account = await at.auth.add_account(EMAIL, PASSWORD, scopes=("a", "b"))
        token = (await login(at.client()))["access_token"]
        answer = await introspected(at, token)
        body = answer.json()
        assert (body["active"], body["sub"], body["scope"]) == (True, account.id, "a b")
        assert (body["iss"], body["token_type"], body["strategy"]) == (ISSUER, "Bearer", strategy)
        assert body["exp"] > at.clock.now()
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("strategy", ["jwt", "hybrid"])
async def test_a_scope_of_nothing_is_not_said(strategy: str) -> None:
    """An empty `scope` is none by RFC 6749 §3.3, and there are readers who refuse the whole token for it."""
    async with served(strategy=strategy, clients=("gateway",)) as at:
        token = (await login(at.client()))["access_token"]
        assert "scope" not in json.loads(b64.decode(token.split(".")[1]))
        assert "scope" not in (await introspected(at, token)).json()


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_R23_of_a_token_that_is_not_live_nothing_is_said(strategy: str) -> None:
    async with served(strategy=strategy, clients=("gateway",)) as at:
        tokens = await login(at.client())
        token = tokens["access_token"]
        bad = ["x", token + "x", token[:-1], "a.b.c", "A" * 64, tokens.get("refresh_token", "-"), "\0", "é"]
        for one in bad:
            answer = await introspected(at, one)
            assert (answer.status_code, answer.content) == (200, b'{"active":false}')
        at.clock.turn(31 * 86_400)
        await at.auth.catch_up()
        assert (await introspected(at, token)).content == b'{"active":false}'


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_R22_a_client_revokes_a_token_and_learns_nothing(strategy: str) -> None:
    async with served(strategy=strategy, clients=("gateway",)) as at, at.client() as client:
        tokens = await login(client)
        answers = []
        for token in ("x", "A" * 64, "a.b.c", tokens["access_token"] + "x"):
            answers.append(await client.post("/oauth/revoke", data={"token": token}, headers=basic(at.auth)))
        assert (await introspected(at, tokens["access_token"])).json()["active"]
        for _ in range(2):
            token = tokens.get("refresh_token", tokens["access_token"])
            answers.append(await client.post("/oauth/revoke", data={"token": token}, headers=basic(at.auth)))
            assert (await introspected(at, tokens["access_token"])).content == b'{"active":false}'
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"")}


async def test_S22_R22_a_refresh_token_whose_successor_never_arrived_still_ends_its_session() -> None:
    async with served(clients=("gateway",)) as at, at.client() as client:
        spent = (await login(client))["refresh_token"]
        lost = (await client.post("/auth/refresh", json={"refresh_token": spent})).json()
        assert (await introspected(at, lost["access_token"])).json()["active"]
        answer = await client.post("/oauth/revoke", data={"token": spent}, headers=basic(at.auth))
        assert (answer.status_code, answer.content) == (200, b"")
        assert (await introspected(at, lost["access_token"])).content == b'{"active":false}'
        again = await client.post("/auth/refresh", json={"refresh_token": lost["refresh_token"]})
        assert again.status_code == 401


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
async def test_R23_who_is_no_client_is_told_nothing(path: str) -> None:
    async with served(clients=("gateway",)) as at, at.client() as client:
        token = (await login(client))["access_token"]
        other = at.auth.client_secret("other")
        right = at.auth.client_secret("gateway")
        attempts = [
            {},
            basic(at.auth, "gateway", "wrong"),
            basic(at.auth, "gateway", ""),
            basic(at.auth, "other", other),
            basic(at.auth, "", right),
            basic(at.auth, "gateway", other),
            {"authorization": f"Bearer {token}"},
            {"authorization": "Basic"},
            {"authorization": "Basic ===="},
            {"authorization": basic(at.auth)["authorization"].replace("Basic Z", "Basic !Z")},
            {"authorization": basic(at.auth)["authorization"] + " "},
            {"authorization": "Basic " + b64encode(b"gateway").decode()},
            {"authorization": "Basic " + b64encode(b"\xff:\xff").decode()},
            {"authorization": basic(at.auth)["authorization"].replace("Basic", "Bearer")},
        ]
        for headers in attempts:
            answer = await client.post(path, data={"token": token}, headers=headers)
            assert (answer.status_code, code(answer)) == (401, "invalid_client")
            assert answer.json()["error"] == "invalid_client"
            assert answer.headers["www-authenticate"].startswith("Basic ")
        twice = [*basic(at.auth).items(), *basic(at.auth).items(), *FORM.items()]
        assert (await ask(at.app, "POST", path, headers=twice, body=[b"token=x"])).status_code == 401
        posted = {"token": token, "client_id": "gateway", "client_secret": right}
        assert (await client.post(path, data=posted)).status_code == 401
        assert (
            await client.get("/auth/session", headers={"authorization": f"Bearer {token}"})
        ).status_code == 200


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
async def test_W11_a_request_that_could_be_read_in_two_ways_is_refused(path: str) -> None:
    async with served(clients=("gateway",)) as at, at.client() as client:
        token = (await login(client))["access_token"]
        headers = basic(at.auth) | FORM
        for body in (
            "",
            "token=",
            "token_type_hint=x",
            f"token={token}&token={token}",
            f"x=1;token={token}",
            "token=%",
        ):
            answer = await client.post(path, content=body, headers=headers)
            assert (answer.status_code, code(answer)) == (400, "invalid_request"), body
            assert answer.json()["error"] == "invalid_request"
        for query in (f"token={token}", "a=b"):
            answer = await client.post(f"{path}?{query}", content=f"token={token}", headers=headers)
            assert (answer.status_code, code(answer)) == (400, "invalid_request")
        answer = await client.post(path, json={"token": token}, headers=basic(at.auth))
        assert (answer.status_code, code(answer)) == (415, "media_type_unsupported")
        assert (await introspected(at, token)).json()["active"]
        extra = f"token={token}&token_type_hint=refresh_token&unknown=1"
        assert (await client.post(path, content=extra, headers=headers)).status_code == 200


async def test_an_answer_that_cannot_be_had_is_503_and_not_a_no() -> None:
    async with served(strategy="session", clients=("gateway",)) as at:
        token = (await login(at.client()))["access_token"]
        await at.auth.store.close()
        at.clock.turn(60)
        answer = await introspected(at, token)
        assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


# -- probes and what nobody needs to know ---------------------------------------------------------------


async def test_alive_and_ready() -> None:
    async with served() as at, at.client() as client:
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        at.clock.turn(at.auth.settings.max_staleness + 1)
        stale = await client.get("/readyz")
        assert (stale.status_code, code(stale)) == (503, "unavailable")
        await at.auth.catch_up()
        assert (await client.get("/readyz")).status_code == 200
        await at.auth.store.close()
        at.clock.turn(0.9)
        assert (await client.get("/readyz")).status_code == 200, "one look a second is enough for all who ask"
        at.clock.turn(0.1)
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/docs", "/redoc", "/metrics", "/openapi.json", "/debug", "/workbench", "/.env"],
)
async def test_W18_in_production_nothing_is_described(path: str) -> None:
    async with served() as at, at.client() as client:
        assert (await client.get(path)).status_code == 404


async def test_W18_nothing_says_what_it_is_made_of() -> None:
    async with served() as at, at.client() as client:
        for path in ("/", "/healthz", "/readyz", "/nothing", "/auth/session"):
            answer = await client.get(path)
            said = (answer.text + str(answer.headers)).lower()
            for word in (__version__, "starlette", "uvicorn", "python", "sqlite", "memory://", "traceback"):
                assert word not in said


async def test_in_development_it_says_how_to_begin() -> None:
    async with served(issuer=LOCAL) as at, at.client() as client:
        text = (await client.get("/")).text
        assert text.count("curl ") == 3
        assert f"{LOCAL}/auth/login" in text
        assert (await client.get("/openapi.json")).json()["openapi"].startswith("3.1")
