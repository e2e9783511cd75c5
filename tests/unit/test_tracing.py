"""Spans of a Limen: what there is, what it belongs to, and what it never says."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from limen import Limen, tracing
from limen.errors import Denied
from limen.tracing import Tracing
from support.http import LOGIN, Served, served
from support.world import EMAIL, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Traces:
    """A provider that keeps what ends."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._kept))

    def of(self, auth: Limen) -> Tracing:
        return tracing.trace(auth, self.provider, database=auth.settings.database)

    def take(self) -> dict[str, ReadableSpan]:
        """Every span since the last time, by name; the last one of each."""
        found = {span.name: span for span in self._kept.get_finished_spans()}
        self._kept.clear()
        return found


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def belongs(inner: ReadableSpan, outer: ReadableSpan) -> bool:
    assert outer.context is not None
    return inner.parent is not None and inner.parent.span_id == outer.context.span_id


async def test_a_sign_in_is_a_span_with_its_hashing_and_its_store_inside() -> None:
    traces = Traces()
    async with world() as (auth, _):
        traces.of(auth)
        await account_with(auth)
        traces.take()
        await auth.sign_in(EMAIL, PASSWORD)
        found = traces.take()
    outer = found["limen.sign_in"]
    for name in ("limen.hash", "open_session", "account_by_key", "charge"):
        assert belongs(found[name], outer), name
    assert attributes(found["open_session"])["db.operation.name"] == "open_session"
    assert found["open_session"].kind is SpanKind.CLIENT


async def test_a_check_is_a_span_unless_memory_answers_it() -> None:
    traces = Traces()
    async with world() as (auth, _):
        await account_with(auth)
        token = (await auth.sign_in(EMAIL, PASSWORD)).grant.credential
        traces.of(auth)
        await auth.authenticate(token)
        assert set(traces.take()) == {"limen.check"}
        await auth.authenticate(token)
        assert traces.take() == {}
        with pytest.raises(Denied):
            await auth.authenticate("a.b.c")
        denied = traces.take()["limen.check"]
    assert attributes(denied)["error.type"] == "token_invalid"
    assert denied.status.is_unset  # the caller's mistake, and none of ours
    assert not denied.events


async def test_the_feed_is_told_of_where_it_brought_something() -> None:
    traces = Traces()
    async with world() as (auth, _):
        await account_with(auth)
        who = await auth.authenticate((await auth.sign_in(EMAIL, PASSWORD)).grant.credential)
        traces.of(auth)
        await auth.catch_up()
        assert traces.take() == {}
        await auth.sign_out(who)
        traces.take()
        await auth.catch_up()
        read = traces.take()["limen.feed.read"]
    assert attributes(read) == {"limen.feed.revocations": 1}
    assert read.parent is None


async def traced(at: Served, traces: Traces) -> None:
    at.app._tracing = traces.of(at.auth)


async def test_a_request_is_a_span_named_after_its_route() -> None:
    traces = Traces()
    async with served() as at:
        await traced(at, traces)
        async with at.client() as client:
            await client.post("/auth/login", json=LOGIN | {"transport": "bearer"})
            found = traces.take()
            await client.delete("/auth/sessions/01890000-0000-7000-8000-000000000000")
            named = traces.take()
            await client.request("BREW", "/auth/login")
            odd = traces.take()
            await client.get("/nowhere/ada@example.org")
            nowhere = traces.take()
    assert belongs(found["limen.sign_in"], found["POST /auth/login"])
    assert attributes(found["POST /auth/login"]) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/auth/login",
        "url.scheme": "https",
    }
    assert attributes(named["DELETE /auth/sessions/{sid}"])["http.response.status_code"] == 401
    assert attributes(odd["HTTP /auth/login"])["http.request.method"] == "_OTHER"
    assert attributes(nowhere["GET"])["http.response.status_code"] == 404


async def test_a_strangers_traceparent_decides_nothing() -> None:
    traces = Traces()
    async with served(trusted_proxies=("10.0.0.0/8",)) as at:
        await traced(at, traces)
        for peer, believed in (("192.0.2.7", False), ("10.0.0.1", True)):
            async with at.client(peer=peer, traceparent=PARENT, **{"x-forwarded-proto": "https"}) as client:
                await client.get("/healthz")
            span = traces.take()["GET /healthz"]
            assert span.context is not None
            assert (f"{span.context.trace_id:032x}" == PARENT[3:35]) is believed
            assert (span.parent is not None) is believed


async def test_S06_no_attribute_says_who_or_by_what() -> None:
    traces = Traces()
    async with served(trusted_proxies=("10.0.0.0/8",)) as at:
        tracer = traces.of(at.auth)
        at.app._tracing = tracer
        async with at.client(
            authorization="Bearer a.b.secretsecret", cookie="__Host-sid=secretsecret"
        ) as client:
            await client.get("/auth/session?token=secretsecret")
            await client.post("/auth/login", json=LOGIN | {"password": "secretsecret1234"})
            answer = await client.post("/auth/login", json=LOGIN | {"transport": "bearer"})
        said = str(
            [(name, attributes(span), span.events, span.status) for name, span in traces.take().items()]
        )
    tokens = answer.json()
    for secret in (
        "secretsecret",
        EMAIL,
        "192.0.2.7",
        *(str(value) for value in tokens.values() if len(str(value)) > 20),
    ):
        assert secret not in said


def test_nothing_is_imported_where_nobody_writes_traces() -> None:
    code = (
        "import sys; from limen import Limen; from limen.server import create_app;"
        "create_app(Limen('memory://')); print([m for m in sys.modules if m.startswith('opentelemetry')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
