"""The OpenAPI document: every operation in it answers, with a status and a body that it names."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from limen.server.api import openapi
from limen.server.description import describe
from limen.server.site import Site
from limen.server.table import endpoints_of
from limen.testing import for_tests
from support.http import ISSUER, LOCAL, LOGIN, Served, login, served
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, STRATEGIES

pytestmark = pytest.mark.anyio
METHODS = {"get", "post", "patch", "delete"}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


# -- a small reading of JSON Schema: what our documents use of it, and nothing is passed over ----------


def fits(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> str | None:
    """Why a value does not fit a schema; None if it does."""
    known = {
        "$ref", "oneOf", "anyOf", "type", "properties", "required", "additionalProperties", "items", "enum",
        "const", "minimum", "format", "title", "description", "default", "prefixItems", "minItems",
        "maxItems",
    }  # fmt: skip
    assert set(schema) <= known, f"this reader does not know {set(schema) - known}"
    if "$ref" in schema:
        target: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return fits(value, target, document)
    for kind in ("oneOf", "anyOf"):
        if kind in schema:
            good = [one for one in schema[kind] if fits(value, one, document) is None]
            return (
                None
                if len(good) == 1 or (good and kind == "anyOf")
                else f"{value!r} fits {len(good)} of {kind}"
            )
    return _plain(value, schema) or _inside(value, schema, document)


def _plain(value: Any, schema: dict[str, Any]) -> str | None:
    types: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    wanted = schema.get("type")
    if wanted is not None and (
        not isinstance(value, types[wanted]) or (wanted == "integer" and value is True)
    ):
        return f"{value!r} is no {wanted}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        return f"{value!r} is not {schema['const']!r}"
    if "minimum" in schema and value < schema["minimum"]:
        return f"{value!r} is below {schema['minimum']}"
    shapes = {"uuid": r"[0-9a-f-]{36}", "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"}
    if "format" in schema and not re.fullmatch(shapes[schema["format"]], value):
        return f"{value!r} is no {schema['format']}"
    return None


def _inside(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> str | None:
    if isinstance(value, list):
        places = schema.get("prefixItems", [])
        if len(value) < schema.get("minItems", 0):
            return f"{value!r} is too short"
        found = [
            fits(one, places[n] if n < len(places) else schema.get("items", {}), document)
            for n, one in enumerate(value)
        ]
        return next((one for one in found if one), None)
    if not isinstance(value, dict):
        return None
    members = schema.get("properties", {})
    missing = set(schema.get("required", ())) - set(value)
    if missing:
        return f"{missing} is missing"
    extra = schema.get("additionalProperties", {})
    for name, one in value.items():
        if name not in members and extra is False:
            return f"{name} is not foreseen"
        why = fits(one, members.get(name, extra if isinstance(extra, dict) else {}), document)
        if why:
            return f"{name}: {why}"
    return None


def check(answer: httpx2.Response, operation: dict[str, Any], document: dict[str, Any]) -> None:
    """The answer is one that the operation names, in every part."""
    declared = operation["responses"].get(str(answer.status_code))
    assert declared is not None, (
        f"{operation['operationId']} does not name {answer.status_code}: {answer.text}"
    )
    content = declared.get("content")
    if content is None:
        assert answer.content == b""
        return
    assert answer.headers["content-type"] in content
    schema = content[answer.headers["content-type"]]["schema"]
    assert fits(answer.json(), schema, document) is None
    if answer.headers["content-type"] == "application/problem+json":
        strict = document["components"]["schemas"]["Limen.Problem"]["properties"]
        assert set(answer.json()) <= set(strict)
    for name in declared.get("headers", {}):
        assert name in answer.headers


BODIES: dict[str, Any] = {
    "limen_register": LOGIN,
    "limen_login": LOGIN | {"transport": "bearer"},
    "limen_change_password": {"current_password": PASSWORD, "new_password": OTHER_PASSWORD},
    "limen_change_account": {"name": "Ada"},
    "limen_forgot_password": {"email": EMAIL},
    "limen_reset_password": {"token": "x", "password": PASSWORD},
    "limen_verify_email": {"token": "x"},
    "limen_confirm_email": {"token": "x"},
    "limen_change_email": {"current_password": PASSWORD, "new_email": "ada@new.example"},
    "limen_delete_account": {"current_password": PASSWORD},
}


JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
BIG_JAR = "x=" + "y" * 20_000
WRONG: list[dict[str, Any]] = [
    {},
    {"headers": {"authorization": "Bearer x"}},
    {"headers": {"cookie": BIG_JAR}},
    {"headers": {"origin": "https://evil.example"}},
    {"headers": JSON, "content": b"{"},
    {"headers": JSON, "content": b"x" * 70_000},
    {"headers": {"content-type": "text/plain"}, "content": b"x"},
    {"headers": FORM, "content": b"token=a&token=b"},
    {"headers": FORM, "content": b"x" * 70_000},
    {"json": {"x": "y"}},
    {"json": {"refresh_token": "x"}},
    {"json": {"email": "x", "password": ""}},
    {"json": {"current_password": PASSWORD, "new_password": "x"}},
    {"json": {"current_password": OTHER_PASSWORD, "new_password": OTHER_PASSWORD}},
    {"json": LOGIN | {"transport": "cookie"}, "headers": {"cookie": BIG_JAR, "origin": ISSUER}},
]


async def tried(
    at: Served, path: str, method: str, operation: dict[str, Any]
) -> AsyncIterator[httpx2.Response]:
    """The operation in wrong ways, by strangers and others; as it should be; and without a store."""
    url = re.sub(r"\{[a-z]+\}", "0198a0d2-0000-7000-8000-000000000000", path.replace("{list}", "x"))
    name = operation["operationId"]
    stranger, good, browser = at.client(), at.client(), await at.signed_in()
    content: dict[str, Any] = {"json": BODIES[name]} if name in BODIES else {}
    if name == "limen_refresh":
        content = {"json": {"refresh_token": (await login(good)).get("refresh_token", "x")}}
    if {"client": []} in operation["security"]:
        content = {"data": {"token": (await login(good))["access_token"]}}
        good.auth = ("gateway", at.auth.client_secret("gateway"))
    elif {"bearer": []} in operation["security"]:
        good.headers["authorization"] = f"Bearer {(await login(at.client()))['access_token']}"
    if path == "/feed":
        good = stranger  # the good answer has no end: tests/http/test_feed.py reads it
    for wrong in WRONG:
        for client in (stranger, good, browser):
            if client is not good or name != "limen_logout" or "json" in wrong or "content" in wrong:
                yield await client.request(method, url, **wrong)
    yield await stranger.request(method, f"http://limen.example{url}")
    yield await good.request(method, url, **content)
    last = good
    if name == "limen_delete_account":
        await at.auth.add_account(EMAIL, PASSWORD)
    if {"bearer": []} in operation["security"]:
        last = await at.bearer(password=OTHER_PASSWORD if name == "limen_change_password" else PASSWORD)
    for _ in range(8):
        yield await stranger.request(method, url, json=BODIES["limen_login"] | {"password": OTHER_PASSWORD})
    await at.auth.store.close()
    at.clock.turn(at.auth.settings.max_staleness + 1)
    yield await last.request(method, url, **content)


ELSEWHERE = {
    "limen_register": {429},
    "limen_login": {202},
    "limen_prove_factor": {200, 202, 401, 422, 429, 431, 503},
    "limen_step_up": {200, 202, 409, 422, 429},
    "limen_change_password": {409, 429},
    "limen_end_session": {200},
    "limen_forgot_password": {202, 422, 429, 503},
    "limen_reset_password": {200, 422, 503},
    "limen_send_verification": {202, 429},
    "limen_verify_email": {200, 503},
    "limen_change_email": {202, 409, 422, 429},
    "limen_confirm_email": {200, 409, 503},
    "limen_change_account": {422},
    "limen_delete_account": {422, 429},
    "limen_find_accounts": {200},
    "limen_one_account": {200, 404},
    "limen_disable_account": {200, 404, 409},
    "limen_enable_account": {200, 404},
    "limen_end_account_sessions": {200, 404},
    "limen_end_any_session": {200, 404},
    "limen_find_entries": {200},
    "limen_jwks": {304},
    "limen_forward_auth": {302},
    "limen_status_list": {200, 304, 503},
    "limen_feed": {200, 400, 503},
    "limen_feed_page": {400},
}
"""What an operation names and is not brought to here, but in the tests of its own. 500 is in test_faults."""


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_every_operation_answers_as_the_document_says(strategy: str) -> None:
    async with served(strategy=strategy, clients=("gateway",), issuer=ISSUER) as at:
        document = described(at)
        seen: dict[str, set[int]] = {}
        for path, method, operation in list(operations(document)):
            async with served(strategy=strategy, clients=("gateway",)) as fresh:
                async for answer in tried(fresh, path, method, operation):
                    check(answer, operation, document)
                    seen.setdefault(operation["operationId"], set()).add(answer.status_code)
        for path, method, operation in operations(document):
            name = operation["operationId"]
            missing = {int(status) for status in operation["responses"]} - seen[name] - {500}
            if strategy == "hybrid":
                assert missing == ELSEWHERE.get(name, set()), f"{method} {path} never answered that"


def described(at: Served) -> dict[str, Any]:
    found = describe(at.auth, endpoints_of(Site.of(at.auth, whole=True)))
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


async def test_what_is_served_is_that_document() -> None:
    async with served(issuer=LOCAL) as at, at.client() as client:
        assert (await client.get("/openapi.json")).json() == described(at)


@pytest.mark.parametrize(
    "options", [{}, {"transports": ("bearer",)}, {"transports": ("cookie",)}, {"strategy": "session"}]
)
def test_the_document_is_whole(options: dict[str, Any]) -> None:
    auth = for_tests(**options)
    document = openapi(auth)
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) >= 13
    schemes = document["components"]["securitySchemes"]
    for path, method, operation in operations(document):
        assert method in METHODS
        assert operation["summary"].endswith(".")
        assert {name for one in operation["security"] for name in one} <= set(schemes)
        assert {"500"} <= set(operation["responses"])
        variables = re.findall(r"\{(\w+)\}", path)
        parameters = operation.get("parameters", [])
        assert [one["name"] for one in parameters if one["in"] == "path"] == variables
    text = json.dumps(document)
    for reference in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert reference in document["components"]["schemas"]
        assert reference.startswith("Limen.")
    unused = {n for n in document["components"]["schemas"] if f'"#/components/schemas/{n}"' not in text}
    assert unused == set()


def test_the_parameters_are_described_as_they_are() -> None:
    listed, audit = (openapi(for_tests())["paths"][f"/auth/{path}"]["get"]["parameters"]
                         for path in ("status-list/{list}", "admin/audit"))  # fmt: skip
    assert "format" not in listed[0]["schema"]
    assert re.search(listed[0]["schema"]["pattern"], "AAECAwQFBgcICQoLDA0ODw")
    known = {one["name"]: one["schema"].get("pattern", "") for one in audit}
    for name, good, bad in (
        ("since", "2026-03-29 12:00", "29.3.2026"),
        ("account", "0198a0d2-0000-7000-8000-000000000000", "x"),
    ):
        assert re.search(known[name], good)
        assert re.search(known[name], "")
        assert not re.search(known[name], bad)


def test_an_embedded_document_has_what_an_application_gets() -> None:
    paths = set(openapi(for_tests())["paths"])
    assert {path for path in paths if not path.startswith(("/auth/", "/.well-known/"))} == set()
    assert {"/auth/oauth/introspect", "/auth/login", "/.well-known/jwks.json"} <= paths


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (1, {"type": "string"}),
        (True, {"type": "integer"}),
        ({}, {"type": "object", "required": ["a"]}),
        ({"b": 1}, {"type": "object", "properties": {"a": {}}, "additionalProperties": False}),
        ({"a": [1]}, {"properties": {"a": {"type": "array", "items": {"type": "string"}}}}),
        ("x", {"enum": ["a"]}),
        (-1, {"type": "integer", "minimum": 0}),
        ("x", {"format": "uuid"}),
        ("x", {"oneOf": [{"type": "string"}, {"type": "string"}]}),
    ],
)
def test_the_reader_of_schemas_sees_what_does_not_fit(value: Any, schema: dict[str, Any]) -> None:
    assert fits(value, schema, {}) is not None
