"""Starlette: routes, lifespan, problem documents, `request.user`, and a decorator for what an endpoint needs.

install(app, auth)

@requires(auth.scopes("notes:read"))
async def notes(request): ...request.user.who.account
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection

from limen.errors import LimenError, Misconfigured
from limen.requirement import Authenticates, Requirement, require_answers
from limen.server.embed import embed
from limen.strategies.base import Identity

_P = ParamSpec("_P")
_R = TypeVar("_R")
_log = logging.getLogger("limen.starlette")


def install(app: Starlette, auth: Authenticates, *, pages: bool = False) -> None:
    """Make `app` sign people in: Limen's routes, its start and stop, its errors, and `request.user`.

    With a Verifier there are no routes. `pages` adds the sign-in, the account and all that people meet.
    """
    embed(app, auth, pages=pages)
    app.add_middleware(AuthenticationMiddleware, backend=LimenBackend(auth))


class SignedInUser(BaseUser):
    """`request.user` of a signed-in request; `who` is the identity."""

    __slots__ = ("who",)

    def __init__(self, who: Identity) -> None:
        self.who = who

    @property
    def is_authenticated(self) -> bool:
        """Always: a stranger is Starlette's own `UnauthenticatedUser`."""
        return True

    @property
    def identity(self) -> str:
        """The id of the account."""
        return self.who.account

    @property
    def display_name(self) -> str:
        """The id of the account: a name would take a read of the store."""
        return self.who.account


class LimenBackend(AuthenticationBackend):
    """For Starlette's AuthenticationMiddleware: the user, and `authenticated` beside the identity's scopes.

    The middleware stands before every route, the one that signs in and the one that refreshes included. So
    here a credential that is no good makes a stranger and no error; `requires` says what was wrong with it.
    """

    def __init__(self, auth: Authenticates) -> None:
        self._auth = auth

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        """Who is asking; None for a stranger and for a credential that is no good."""
        try:
            identity = await self._auth.optional.check(conn.scope)
        except LimenError as error:
            _log.debug("a credential was not accepted: %s", error.reason)
            return None
        return None if identity is None else _signed_in(identity)


def requires(
    requirement: Requirement,
) -> Callable[[Callable[_P, Awaitable[_R]]], Callable[_P, Awaitable[_R]]]:
    """Let an async endpoint with a `request` or `websocket` parameter run only if the requirement is met.

    Unlike Starlette's decorator of this name it answers 401 to a stranger, 403 to whom a scope is missing and
    503 where nobody can tell, each as a problem document.
    """

    def decorate(endpoint: Callable[_P, Awaitable[_R]]) -> Callable[_P, Awaitable[_R]]:
        parameters = inspect.signature(endpoint)
        name = next((n for n in ("request", "websocket") if n in parameters.parameters), None)
        if name is None or not inspect.iscoroutinefunction(endpoint):
            raise Misconfigured(
                f"{endpoint.__qualname__} needs `async def` and a parameter `request` or `websocket`"
            )

        @functools.wraps(endpoint)
        async def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            connection: Any = parameters.bind_partial(*args, **kwargs).arguments[name]
            try:
                identity = await requirement.check(connection.scope)
            except LimenError as error:
                require_answers(connection.scope, error)
                raise
            if identity is not None:
                connection.scope["auth"], connection.scope["user"] = _signed_in(identity)
            return await endpoint(*args, **kwargs)

        return guarded

    return decorate


def _signed_in(identity: Identity) -> tuple[AuthCredentials, BaseUser]:
    return AuthCredentials(["authenticated", *sorted(identity.scopes)]), SignedInUser(identity)
