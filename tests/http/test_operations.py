"""Metrics and health: on the address of operations for whoever may connect, elsewhere for clients alone."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import httpx2
import pytest

from limen.auth import Limen
from limen.server import create_app
from limen.server.operations import Operations
from support.http import Served, served

pytestmark = pytest.mark.anyio


def basic(auth: Limen, name: str, secret: str | None = None) -> dict[str, str]:
    pair = f"{name}:{auth.client_secret(name) if secret is None else secret}"
    return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def operations(at: Served, **headers: str) -> httpx2.AsyncClient:
    app: Any = Operations(lambda: at.app)
    transport = httpx2.ASGITransport(app=app, client=("127.0.0.1", 1))
    return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:9464", headers=headers)


async def test_W18_strangers_get_no_metrics_where_the_world_comes() -> None:
    async with served(clients=("prometheus",)) as at, at.client() as client:
        for headers in ({}, basic(at.auth, "prometheus", "wrong"), basic(at.auth, "other")):
            answer = await client.get("/metrics", headers=headers)
            assert answer.status_code == 401
            assert "limen_" not in answer.text
            assert answer.headers["www-authenticate"].startswith("Basic ")
        answer = await client.get("/metrics", headers=basic(at.auth, "prometheus"))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert "limen_checks_total" in answer.text


async def test_of_several_processes_none_says_what_it_alone_counts() -> None:
    async with served(clients=("prometheus",)) as at:
        divided = Served(create_app(at.auth, processes=2), at.auth, at.clock)
        async with divided.client() as client:
            answer = await client.get("/metrics", headers=basic(at.auth, "prometheus"))
        assert (answer.status_code, answer.json()["code"]) == (503, "metrics_divided")
        async with operations(divided) as client:
            assert (await client.get("/metrics")).status_code == 200


async def test_the_address_of_operations_has_three_routes_and_reads_alone() -> None:
    async with served() as at, operations(at) as client:
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        head = await client.head("/metrics")
        assert (head.status_code, head.content) == (200, b"")
        assert (await client.post("/metrics")).status_code == 405
        for path in ("/", "/auth/session", "/admin", "/metrics/", "/feed", "/.well-known/jwks.json"):
            assert (await client.get(path)).status_code == 404


async def test_openmetrics_is_answered_where_it_is_asked_for() -> None:
    async with served() as at, operations(at) as client:
        asked = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
        answer = await client.get("/metrics", headers={"accept": asked})
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "rebound.example"},
        {"host": "127.0.0.1.evil.example:9464"},
        {"host": ""},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9464"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_no_page_in_a_browser_on_the_machine_reads_metrics(headers: dict[str, str]) -> None:
    async with served() as at, operations(at) as client:
        answer = await client.get("/metrics", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "host_unknown")
    assert "limen_checks" not in answer.text


@pytest.mark.parametrize(
    "host", ["10.1.2.3:9464", "[::1]:9464", "localhost:9464", "limen", "ops.example:9464"]
)
async def test_prometheus_comes_by_address_by_a_name_of_the_network_or_by_one_that_is_configured(
    host: str,
) -> None:
    async with served(hosts=("ops.example",)) as at, operations(at, host=host) as client:
        assert (await client.get("/metrics")).status_code == 200


async def test_a_process_that_ends_is_not_ready_and_answers_all_the_same() -> None:
    async with served() as at, operations(at) as client, at.client() as world:
        at.app.site.readiness.leaving = True
        assert (await client.get("/readyz")).status_code == 503
        assert (await world.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        assert (await world.get("/.well-known/jwks.json")).status_code == 200


async def test_followers_are_told_by_client_and_never_by_address() -> None:
    async with served(clients=("api", "prometheus")) as at:
        for peer in ("192.0.2.1", "192.0.2.2"):
            async with at.client(peer=peer) as client:
                assert (await client.get("/feed/page", headers=basic(at.auth, "api"))).status_code == 200
        at.clock.turn(3)
        async with operations(at) as client:
            shown = (await client.get("/metrics")).text
            assert 'limen_followers{client="api"} 2.0' in shown
            assert 'limen_follower_age_seconds{client="api"} 3.0' in shown
            assert 'limen_follower_behind_revocations{client="api"} 0.0' in shown
            assert "192.0.2." not in shown
            at.clock.turn(400)
            assert "limen_followers{" not in (await client.get("/metrics")).text
