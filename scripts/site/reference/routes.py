"""Every route: who may ask, what it takes, what it answers. From the table of the server and its shapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from scripts.site.reference.markdown import NOTE, code, sentence, table

from limen.auth import Limen
from limen.server.admin.api import ENDPOINTS as ADMINISTRATION
from limen.server.description import describe
from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.table import endpoints_of

HEAD = """# Every route

Of the server that stands alone, with `/auth` as its `prefix`, as `/openapi.json` describes them to
programs. How one talks to them, and what an application that embeds Limen gets: [the HTTP
API](../http.md). What each `code` of an error means: [errors](../errors.md).

Who may ask: `bearer` and `cookie` are an access token or a session, by one way or the other; `refresh` is
the refresh cookie; `client` is a service that `clients` names, by HTTP Basic; `anybody` needs nothing.
Every answer may be 500 besides, and 403 over plain http where the issuer is https.

"""
_METHODS = ("get", "post", "put", "patch", "delete")


def page() -> str:
    document = describe(_limen(), endpoints())
    parts = [HEAD]
    for path, methods in document["paths"].items():
        parts += [_route(path, method, methods[method], document) for method in _METHODS if method in methods]
    parts.append("## Bodies\n\nWhat the routes take and give, as JSON.\n")
    parts += [_shape(name, schema) for name, schema in _shapes(document)]
    return "\n".join(parts) + NOTE


def _limen() -> Limen:
    """A Limen that is never started: its endpoints describe themselves."""
    return Limen("memory://")


def endpoints() -> list[Endpoint]:
    """Everything that is for programs."""
    return list(endpoints_of(Site.of(_limen(), whole=True)))


def _route(path: str, method: str, said: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    lines = [f"## {method.upper()} {path}", sentence(said["summary"])]
    rows = [("who may ask", _security(said)), *_taken(said), *_answers(said)]
    if (f"{{api}}{path.removeprefix('/auth')}", method.upper()) in _administration():
        rows[0] = ("who may ask", "`bearer`, `cookie`; with the scope `limen:admin`")
    return "\n\n".join([*lines, table(rows[0], rows[1:])])


def _administration() -> set[tuple[str, str]]:
    return {(one.path, one.method) for one in ADMINISTRATION}


def _security(said: Mapping[str, Any]) -> str:
    names = [next(iter(one), "anybody") for one in said.get("security", [])] or ["anybody"]
    return ", ".join(map(code, names))


def _taken(said: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for one in said.get("parameters", []):
        where = "in the path" if one["in"] == "path" else "in the address"
        yield f"{code(one['name'])} {where}", one.get("description", "a UUID")
    body = said.get("requestBody")
    if body is not None:
        for media, content in body["content"].items():
            what = _linked(content["schema"]) or ", ".join(
                f"{code(name)} ({member['description']})"
                for name, member in content["schema"]["properties"].items()
            )
            yield "takes", f"{what} as `{media}`{'' if body['required'] else ', or nothing'}"


def _answers(said: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    refused = []
    for status, answer in said["responses"].items():
        content = answer.get("content", {})
        if "application/problem+json" in content:
            refused.append(status)
            continue
        shapes = [f"{_linked(one.get('schema', {}))} as `{media}`".strip() for media, one in content.items()]
        phrase = HTTPStatus(int(status)).phrase
        yield f"answers {status}", "; ".join(shapes).removeprefix("as ") or phrase
    yield "refuses with", ", ".join(refused)


def _linked(schema: Mapping[str, Any]) -> str:
    """The names of shapes, each leading to its own."""
    found = [one for one in schema.get("oneOf", [schema]) if "$ref" in one]
    names = [one["$ref"].rpartition(".")[2] for one in found]
    return " or ".join(f"[{name}](#{name.lower()})" for name in names)


def _shapes(document: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    schemas = document["components"]["schemas"]
    return sorted((name.removeprefix("Limen."), schema) for name, schema in schemas.items())


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    needed = set(schema.get("required", []))
    rows = [
        (code(member), _kind(one), "yes" if member in needed or _constant(one) else "no", _words(one))
        for member, one in schema.get("properties", {}).items()
    ]
    members = table(("member", "kind", "always there", "says"), rows) if rows else _without_members(schema)
    return f"### {name}\n\n{sentence(' '.join(schema.get('description', '').split()))}\n\n{members}"


def _constant(schema: Mapping[str, Any]) -> bool:
    """Whether it is written although nobody has to: it has one value."""
    return "default" in schema and schema.get("enum") == [schema["default"]]


def _without_members(schema: Mapping[str, Any]) -> str:
    """What is no object: one word of several, or an array whose places have meanings."""
    if "enum" in schema:
        return f"One of {_kind(schema)}.\n"
    if "prefixItems" in schema:
        return f"An array of {len(schema['prefixItems'])}: {', '.join(map(_kind, schema['prefixItems']))}.\n"
    return "No members.\n"


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in few words."""
    if "$ref" in schema:
        return _linked(schema)
    for alternatives in ("anyOf", "oneOf"):
        if alternatives in schema:
            return " or ".join(dict.fromkeys(_kind(one) for one in schema[alternatives]))
    if "enum" in schema or "const" in schema:
        return ", ".join(code(str(one)) for one in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        items = schema.get("items") or {}
        return f"array of {_kind(items)}" if items else "array"
    return " or ".join(kind) if isinstance(kind := schema.get("type", "anything"), list) else str(kind)


def _words(schema: Mapping[str, Any]) -> str:
    said = str(schema.get("description", ""))
    if not said:
        said = next((str(one["description"]) for one in schema.get("anyOf", []) if "description" in one), "")
    if schema.get("format") and schema["format"] not in said:
        said = f"{said}; {schema['format']}" if said else str(schema["format"])
    return re.sub(r"\s+", " ", said)
