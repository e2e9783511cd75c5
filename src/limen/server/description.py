"""The OpenAPI 3.1 document, made from what the endpoints say about themselves."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

import limen
from limen.auth import Limen
from limen.server import shapes
from limen.server.resource import Endpoint
from limen.settings import Transport

_REF = "#/components/schemas/Limen.{name}"
"""Named so that no model of an application that embeds us has the same name."""


def describe(auth: Limen, endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The whole document."""
    found = list(endpoints)
    paths: dict[str, Any] = {}
    for endpoint in found:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(auth, endpoint)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Limen",
            "version": limen.__version__,
            "summary": "Sessions, JWT and a hybrid of both behind one API.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": auth.settings.issuer}],
        "paths": paths,
        "components": {"schemas": _schemas(found), "securitySchemes": _schemes(auth)},
    }


def _operation(auth: Limen, endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"limen_{endpoint.name}",
        "tags": ["limen"],
        "summary": endpoint.summary,
        "responses": _responses(endpoint),
        "security": _security(auth, endpoint),
    }
    if endpoint.query or "{" in endpoint.path:
        operation["parameters"] = _parameters(endpoint)
    body = _body(endpoint)
    if body is not None:
        operation["requestBody"] = body
    return operation


def _security(auth: Limen, endpoint: Endpoint) -> list[dict[str, list[str]]]:
    known = _schemes(auth)
    return [
        {} if name == "nobody" else {name: []}
        for name in endpoint.security
        if name == "nobody" or name in known
    ]


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{" in endpoint.path:
        name = endpoint.path.partition("{")[2].partition("}")[0]
        schema = {"type": "string", **endpoint.schemas.get(name, {"format": "uuid"})}
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    for name, text in endpoint.query.items():
        schema = {"type": "string", **endpoint.schemas.get(name, {})}
        found.append({"name": name, "in": "query", "description": text, "schema": schema})
    return found


def _body(endpoint: Endpoint) -> dict[str, Any] | None:
    if endpoint.takes is not None:
        schema: dict[str, Any] = {"$ref": _REF.format(name=endpoint.takes.__name__)}
        return {"required": not endpoint.optional, "content": {"application/json": {"schema": schema}}}
    if endpoint.form is not None:
        members = {name: {"type": "string", "description": text} for name, text in endpoint.form.items()}
        schema = {"type": "object", "properties": members, "required": [next(iter(members))]}
        return {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}
    return None


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(endpoint.status).phrase}
    schemas = [{"$ref": _REF.format(name=shape.__name__)} for shape in endpoint.gives]
    if schemas:
        schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
        good["content"] = {endpoint.media: {"schema": schema}}
    elif endpoint.media != "application/json":
        # Of a stream OpenAPI 3.1 can describe the whole alone, which has no end.
        whole = {} if endpoint.media == "text/event-stream" else {"schema": {"type": "string"}}
        good["content"] = {endpoint.media: whole}
    always = (500,) if endpoint.clear_text else (403, 500)
    if 400 in endpoint.errors and {"cookie", "refresh"} & set(endpoint.security):
        always = (*always, 431)
    refused = {str(status): _refused(status) for status in sorted({*endpoint.errors, *always})}
    also = {str(status): _given(status, shape) for status, shape in endpoint.also.items()}
    return {str(endpoint.status): good, **also, **refused}


def _given(status: int, shape: type[msgspec.Struct]) -> dict[str, Any]:
    schema = {"schema": {"$ref": _REF.format(name=shape.__name__)}}
    return {"description": HTTPStatus(status).phrase, "content": {"application/json": schema}}


def _refused(status: int) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    if status < 400:
        return {"description": phrase}
    problem = {"schema": {"$ref": _REF.format(name=shapes.Problem.__name__)}}
    answer: dict[str, Any] = {"description": phrase, "content": {"application/problem+json": problem}}
    if status in (429, 503):
        seconds = {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 0}}
        answer["headers"] = {"Retry-After": seconds}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return answer


def _schemas(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    used: list[type[msgspec.Struct]] = [shapes.Problem]
    for endpoint in endpoints:
        used += [
            *endpoint.gives,
            *endpoint.also.values(),
            *([endpoint.takes] if endpoint.takes is not None else []),
        ]
    _, components = msgspec.json.schema_components(used, ref_template=_REF)
    return {f"Limen.{name}": schema for name, schema in components.items()}


def _schemes(auth: Limen) -> dict[str, Any]:
    """One scheme for each way in that the configuration allows."""
    schemes: dict[str, Any] = {
        "client": {"type": "http", "scheme": "basic", "description": "a service named in `clients`"}
    }
    names = auth.cookie_names
    if Transport.BEARER in auth.transports:
        schemes["bearer"] = {"type": "http", "scheme": "bearer"}
    if Transport.COOKIE in auth.transports:
        schemes["cookie"] = {"type": "apiKey", "in": "cookie", "name": auth.cookie}
        schemes["refresh"] = {"type": "apiKey", "in": "cookie", "name": names.refresh}
    return schemes
