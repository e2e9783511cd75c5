"""Requirements: what a route asks of whoever calls it. Frameworks call these; they know no framework."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, MutableMapping
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import Any, ClassVar, Protocol, cast

from limen import transport
from limen.clock import Clock, Seconds
from limen.errors import Denied, LimenError, Misconfigured
from limen.settings import Transport
from limen.strategies.base import Identity
from limen.transport import CookieNames, Found

Scope = MutableMapping[str, Any]
"""An ASGI connection scope."""

_REMEMBERED = "limen.identity"
_BY = "limen.auth"
"""Who verified it: of two in one process, neither takes the other's word."""
_KEPT = 1_000
"""Requirements that are known again."""
_LONGEST = 30 * 24 * 60


def remembered(scope: Scope) -> Identity | None:
    """Whom a requirement found to be asking, earlier in this connection."""
    return scope.get(_REMEMBERED)


class Connection(Protocol):
    """What every framework on ASGI has: a request or a WebSocket with its scope."""

    @property
    def scope(self) -> Scope: ...


class Scoped(Protocol):
    """Scopes, as FastAPI's `SecurityScopes` hands them on."""

    @property
    def scopes(self) -> Collection[str]: ...


class Authenticates(Protocol):
    """Whoever can tell who is asking: `Limen`, and `Verifier` from afar. Integrations need no more of either
    than this."""

    @property
    def clock(self) -> Clock: ...
    @property
    def cookie_names(self) -> CookieNames: ...
    @property
    def transports(self) -> Collection[Transport]: ...
    @property
    def origins(self) -> Collection[str]:
        """Whose pages may send cookies with unsafe requests."""
        ...

    @property
    def cookie(self) -> str:
        """The cookie that carries a credential, for documents."""
        ...

    @property
    def required(self) -> Requirement: ...
    @property
    def optional(self) -> Requirement: ...
    def scopes(self, *names: str) -> Requirement: ...
    def recent(self, *names: str, minutes: float = 5) -> Requirement: ...
    def alive(self, identity: Identity, /) -> AbstractAsyncContextManager[None]: ...
    @property
    def recall_raw(self) -> Callable[[bytes], Identity | None]: ...

    def recall(self, credential: str, /) -> Identity | None: ...
    def check_now(self, credential: str) -> Identity | None: ...
    async def authenticate(self, credential: str, *, activity: bool = True) -> Identity: ...
    async def start(self) -> None: ...
    async def close(self) -> None: ...


class _Untaught:
    """Stands where an integration puts the signature that its framework reads."""

    def __get__(self, requirement: object | None, owner: type) -> None:
        if requirement is not None and "fastapi" in sys.modules:
            raise Misconfigured(
                "FastAPI does not know what auth.required is: import limen.integrations.fastapi before the "
                "routes are declared"
            )


class Requirement:
    """`await requirement(connection)` gives the identity, or raises Denied or Unavailable.

    Callable, so that a framework can take it as a dependency. It does everything that a protected route
    needs: finds the one credential, refuses forged requests, verifies, and compares scopes and times.
    """

    __signature__: ClassVar[Any] = _Untaught()

    def __init__(
        self,
        auth: Authenticates,
        *,
        scopes: tuple[str, ...] = (),
        optional: bool = False,
        within: Seconds | None = None,
    ) -> None:
        self.auth = auth
        self.scopes = scopes
        self.optional = optional
        self.within = within
        """At most so long ago must the person have proven who they are."""

    async def __call__(
        self, connection: Connection, *, besides: Scoped | None = None, **described: None
    ) -> Identity | None:
        """`besides` are scopes that the framework was told where this is asked for, as it may be by FastAPI's
        `Security`; `described` is what an integration adds for it to document, and is ignored."""
        try:
            identity = await self.check(connection.scope)
            if besides is not None and besides.scopes:
                _require_scopes(identity, tuple(besides.scopes))
        except LimenError as error:
            if besides is not None:  # a framework asks; whoever asks by hand may catch what is raised
                require_answers(connection.scope, error)
            raise
        return identity

    async def check(self, scope: Scope) -> Identity | None:
        """The identity of an ASGI connection; None only where the requirement is optional and nothing came.

        A credential that is there and bad is an error even where the requirement is optional: a request
        that believes itself signed in must not be answered as if it were not.
        """
        identity = self._known(scope)
        if identity is None and (found := self._find(scope)) is not None:
            identity = self.auth.recall(found.credential)
            if identity is None:
                activity = transport.is_activity(scope["headers"])
                identity = await self.auth.authenticate(found.credential, activity=activity)
        return self._met_by(identity, scope)

    def check_with(self, scope: Scope, authenticate: Callable[..., Identity]) -> Identity | None:
        """The same for a caller that does not await: `authenticate(credential, activity=…)` is asked."""
        identity = self._known(scope)
        if identity is None and (found := self._find(scope)) is not None:
            identity = authenticate(found.credential, activity=transport.is_activity(scope["headers"]))
        return self._met_by(identity, scope)

    def _known(self, scope: Scope) -> Identity | None:
        """Whom this connection was found to come from earlier, by the same authority."""
        return scope.get(_REMEMBERED) if scope.get(_BY) is self.auth else None

    def _find(self, scope: Scope) -> Found | None:
        """Its one credential, if no other site made a browser send it."""
        found = transport.find_credential(scope["headers"], self.auth.cookie_names, self.auth.transports)
        if found is not None and found.transport is Transport.COOKIE:
            method = scope["method"] if scope["type"] == "http" else "WEBSOCKET"
            transport.check_forgery(method, scope["headers"], self.auth.origins)
        return found

    def _met_by(self, identity: Identity | None, scope: Scope) -> Identity | None:
        """The identity, remembered, if it has what is asked for."""
        if identity is None:
            if self.optional:
                return None
            raise _nobody()
        scope[_REMEMBERED], scope[_BY] = identity, self.auth
        _require_scopes(identity, self.scopes)
        if self.within is not None and self.auth.clock.now() - identity.authenticated > self.within:
            raise Denied("prove again that it is you", code="authentication_too_old", max_age=self.within)
        return identity


def _require_scopes(identity: Identity | None, scopes: tuple[str, ...]) -> None:
    """Denied unless this is somebody who has them all."""
    if identity is None:
        raise _nobody()
    if not identity.scopes.issuperset(scopes):
        raise Denied(
            "this needs a scope that you do not have",
            code="insufficient_scope",
            forbidden=True,
            scopes=scopes,
        )


def _nobody() -> Denied:
    return Denied("sign in first", code="credential_missing")


def require_answers(scope: Scope, error: LimenError) -> None:
    """Misconfigured where the application that was asked has nothing to answer this error with: it would call
    a stranger a fault of the server, and nobody would know why."""
    handlers = getattr(scope.get("app"), "exception_handlers", None)
    if handlers is None or any(isinstance(kind, type) and isinstance(error, kind) for kind in handlers):
        return
    raise Misconfigured(
        "this application asks who is there and has no Limen: call install(app, auth), there or on the one "
        "that it is mounted in"
    ) from error


class Requiring:
    """What whoever `Authenticates` offers to routes: requirements of its own."""

    @cached_property
    def required(self) -> Requirement:
        """For routes that need somebody signed in."""
        return Requirement(cast("Authenticates", self))

    @cached_property
    def optional(self) -> Requirement:
        """For routes that serve strangers too: the identity or None. A bad credential is still an error."""
        return Requirement(cast("Authenticates", self), optional=True)

    def scopes(self, *names: str) -> Requirement:
        """For routes that need all these scopes; the same for the same, so that FastAPI overrides it."""
        return self._requirement(names, None)

    def recent(self, *names: str, minutes: float = 5) -> Requirement:
        """For routes that need a proof of who it is of the last minutes, and these scopes (RFC 9470).

        What only the person at the keyboard may do. Time since the proof is by this machine's clock, as
        everywhere; a sign-in that seems to lie ahead is recent.
        """
        if not 0 < minutes <= _LONGEST:
            raise Misconfigured(f"recent(minutes=…) is more than 0 and at most {_LONGEST}, not {minutes!r}")
        return self._requirement(names, minutes * 60)

    def _requirement(self, scopes: tuple[str, ...], within: Seconds | None) -> Requirement:
        made = self._requirements.get((scopes, within))
        if made is None:
            made = Requirement(cast("Authenticates", self), scopes=scopes, within=within)
            if len(self._requirements) < _KEPT:  # scopes may be made of what a request says
                self._requirements[scopes, within] = made
        return made

    @cached_property
    def _requirements(self) -> dict[tuple[tuple[str, ...], Seconds | None], Requirement]:
        return {}
