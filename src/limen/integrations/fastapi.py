"""FastAPI: routes, lifespan, problem documents, OpenAPI, and requirements as dependencies.

    install(app, auth)

    @app.get("/me")
    async def me(who: Annotated[Identity, Depends(auth.required)]): ...

Importing this module teaches `Requirement` the signature that FastAPI reads, so import it before the routes
are declared; `install` may come before or after them.
"""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import Annotated, Any

from fastapi import FastAPI, Security
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from limen.auth import Limen
from limen.requirement import Authenticates, Requirement
from limen.server.api import openapi
from limen.server.embed import embed
from limen.settings import Transport

_NOBODY = "limen_nobody"


def install(app: FastAPI, auth: Authenticates, *, pages: bool = False) -> None:
    """Make `app` sign people in: Limen's routes, its start and stop, its errors, and all that in OpenAPI.

    With a Verifier there are no routes. `pages` adds the sign-in, the account and all that people meet.
    """
    embed(app, auth, pages=pages)
    _describe(app, auth)


class _Scheme(SecurityBase):
    """One way to present a credential, for the OpenAPI document alone: the requirement does the checking."""

    def __init__(self, name: str, model: Any) -> None:
        self.scheme_name, self.model = name, model

    async def __call__(self) -> None:
        """Nothing. FastAPI calls what it documents; async, so that no thread is asked."""


class _RequirementSignature:
    """What FastAPI reads of a Requirement: the connection, the scopes of a `Security(…)` around it, and one
    security scheme for each transport.

    FastAPI calls a dependency with what its signature asks for. `HTTPConnection` is the one parameter that it
    fills for requests and WebSockets alike, and a parameter marked `Security` is how it learns schemes and
    scopes for OpenAPI. Neither can stand in limen.requirement, which knows no framework, and both depend on
    the instance: so `inspect.signature` gets them from here, through the attribute that it looks for first.
    """

    def __get__(self, requirement: Requirement | None, owner: type[Requirement]) -> Signature | None:
        if requirement is None:
            return None  # of the class itself: `inspect` goes on to `__init__`
        scopes = list(requirement.scopes)
        return Signature(
            [
                Parameter("connection", Parameter.POSITIONAL_OR_KEYWORD, annotation=HTTPConnection),
                Parameter("besides", Parameter.KEYWORD_ONLY, annotation=SecurityScopes),
                *(
                    Parameter(
                        scheme.scheme_name,
                        Parameter.KEYWORD_ONLY,
                        annotation=Annotated[None, Security(scheme, scopes=scopes)],
                    )
                    for scheme in _schemes(requirement)
                ),
            ]
        )


Requirement.__signature__ = _RequirementSignature()


def _schemes(requirement: Requirement) -> list[_Scheme]:
    """Each is an alternative: OpenAPI reads a list of security requirements as "one of these"."""
    auth = requirement.auth
    schemes = []
    if Transport.BEARER in auth.transports:
        schemes.append(_Scheme("bearer", {"type": "http", "scheme": "bearer"}))
    if Transport.COOKIE in auth.transports:
        schemes.append(_Scheme("cookie", {"type": "apiKey", "in": "cookie", "name": auth.cookie}))
    if requirement.optional:
        schemes.append(_Scheme(_NOBODY, {"type": "http", "scheme": "none"}))
    return schemes


def _describe(app: FastAPI, auth: Authenticates) -> None:
    """Let `app.openapi()` tell of Limen's routes too, and write "or nobody" as OpenAPI does: `{}`."""
    plain = app.openapi
    merged: list[dict[str, Any]] = []

    def openapi_with_limen() -> dict[str, Any]:
        document = plain()
        if not merged or merged[0] is not document:  # FastAPI makes a new one when a route was added
            ours = openapi(auth) if isinstance(auth, Limen) else {"paths": {}, "components": {}}
            _merge(document, ours)
            merged[:] = [document]
        return document

    app.openapi = openapi_with_limen  # type: ignore[method-assign]


def _merge(document: dict[str, Any], ours: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "security" in operation:
                operation["security"] = [{} if _NOBODY in one else one for one in operation["security"]]
    document["paths"] = ours["paths"] | document["paths"]
    components = document.setdefault("components", {})
    for kind, members in ours["components"].items():
        components[kind] = members | components.get(kind, {})
    components.get("securitySchemes", {}).pop(_NOBODY, None)
