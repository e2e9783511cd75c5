"""Flask: an extension with routes, errors, `current_identity`, and decorators for what a view needs.

    limen = LimenFlask(app)  # or `limen.init_app(app)` where a factory makes it

    @app.get("/me")
    @login_required
    def me():
        return {"account": current_identity.account}

Flask's own `session` is none of ours and stays as it is. Whatever else Limen does is awaited by `limen.run`.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, fields
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import click
from flask import Flask, Response, current_app, request
from flask.cli import with_appcontext
from werkzeug.local import LocalProxy

from limen.auth import Limen
from limen.background import Background
from limen.clock import Seconds
from limen.environ import Environ, is_handshake, scope_of
from limen.errors import Denied, LimenError, Misconfigured, Rejected, Unavailable
from limen.problems import refusal, shown
from limen.requirement import Authenticates, Requirement
from limen.settings import Settings, beneath, load
from limen.strategies.base import Identity
from limen.transport import find_credential

if TYPE_CHECKING:
    from limen.server.under_wsgi import OwnRoutes

__all__ = [
    "LimenFlask",
    "current_identity",
    "fresh_login_required",
    "login_required",
    "scopes_required",
]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")
_Asked = Callable[[Authenticates], Requirement]
_PREFIX = "LIMEN_"
_ASKED = "limen_asked"
"""A view's attribute: what it asks for. `functools.wraps` hands it on to whatever is put around the view."""
_BARE = "limen_bare"
"""A function's attribute: one of our decorators is around it, so it is no view itself."""
_POLICY_VIOLATION = 1008  # RFC 6455 §7.4.1
_TRY_AGAIN_LATER = 1013  # IANA's registry of WebSocket close codes
_LOOK: Seconds = 0.25
"""After so long at most a silent WebSocket learns that it has ended."""
_FAREWELL: Seconds = 1.0
"""For the client's answer to a close."""
_log = logging.getLogger("limen.flask")


@dataclass(eq=False, slots=True)
class _Installed:
    """What an application has of us."""

    auth: Authenticates
    background: Background
    own: OwnRoutes | None
    asked: dict[_Asked, Requirement] = field(default_factory=dict)

    def check(self, asked: _Asked) -> Identity | None:
        requirement = self.asked.get(asked)
        if requirement is None:
            requirement = self.asked.setdefault(asked, asked(self.auth))
        return requirement.check_with(scope_of(request.environ), self.background.authenticate)


class LimenFlask:
    """`LimenFlask(app)`, or `init_app(app)` for each application that a factory makes.

    Without `auth` a Limen is made from `app.config["LIMEN_…"]`, which yields to `limen.toml` and the
    environment. `pages` adds those that people meet (docs/pages.md), and leads them there.
    """

    def __init__(
        self, app: Flask | None = None, auth: Authenticates | None = None, *, pages: bool = False
    ) -> None:
        self._auth, self._pages = auth, pages
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, auth: Authenticates | None = None) -> None:
        """Make `app` sign people in: Limen's routes, its errors, and what views need. Starts nothing yet."""
        if "limen" in app.extensions:
            raise Misconfigured("this application has Limen already: call init_app once")
        auth = auth or self._auth or Limen.from_env(**_configured(app))
        background, own = Background.of(auth), None
        if isinstance(auth, Limen):  # a Verifier has no routes of its own
            from limen.server.under_wsgi import OwnRoutes

            own = OwnRoutes(auth, background, pages=self._pages)
            app.wsgi_app = _before(own, app.wsgi_app)  # type: ignore[method-assign]
        app.extensions["limen"] = _Installed(auth, background, own)
        app.before_request_funcs.setdefault(None, []).insert(0, _ask_first)
        app.register_error_handler(LimenError, _told)
        app.cli.add_command(_verbs)

    @property
    def auth(self) -> Limen:
        """The Limen of the current application; what it does is awaited by `run`."""
        return cast("Limen", _installed().auth)

    @property
    def background(self) -> Background:
        """The loop of the current application."""
        return _installed().background

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """What the coroutine answers or raises: `limen.run(limen.auth.sign_out(who))`."""
        return self.background.run(coroutine)


def login_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a view run only for somebody signed in."""
    return _guarded(view, lambda auth: auth.required)


def scopes_required(*scopes: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Let a view run only for somebody who has all these scopes."""
    if not scopes or not all(isinstance(scope, str) for scope in scopes):
        raise Misconfigured('scopes_required takes the names of scopes: @scopes_required("notes:read")')
    return functools.partial(_guarded, asked=lambda auth: auth.scopes(*scopes))


def fresh_login_required(
    view: Callable[_P, _R] | None = None, *, minutes: float = 5, scopes: tuple[str, ...] = ()
) -> Any:
    """Let a view run only if the person proved who they are in the last minutes: `@fresh_login_required`, or
    `@fresh_login_required(minutes=1)`."""

    def asked(auth: Authenticates) -> Requirement:
        return auth.recent(*scopes, minutes=minutes)

    decorate = functools.partial(_guarded, asked=asked)
    return decorate if view is None else decorate(view)


def _who() -> Identity | None:
    """Whoever is asking; None for a stranger, and for a credential that is no good.

    A view that must not take the one for the other is decorated, and says what was wrong. Where nobody can
    tell, nobody is taken for a stranger: Unavailable is raised, as Misconfigured is.
    """
    try:
        return _installed().check(_optional)
    except (Denied, Rejected) as error:
        _log.debug("a credential was not accepted: %s", error.reason)
        return None


current_identity: Identity = cast("Identity", LocalProxy(_who))
"""The identity behind the current request; false, and equal to None, for a stranger."""


def _optional(auth: Authenticates) -> Requirement:
    return auth.optional


def _guarded(view: Callable[_P, _R], asked: _Asked) -> Callable[_P, _R]:
    @functools.wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        installed = _installed()
        installed.check(asked)
        run: Callable[..., _R] = current_app.ensure_sync(view)
        if not (is_handshake(request.environ) and args and _is_socket(args[0])):
            return run(*args, **kwargs)
        socket = _Socket(args[0], installed, request.environ)
        try:
            return run(socket, *args[1:], **kwargs)
        finally:
            socket.leave()

    with suppress(AttributeError):  # of a view that takes no attributes
        setattr(view, _BARE, True)
    setattr(guarded, _BARE, False)  # `wraps` has copied that of a view that was guarded before
    earlier: tuple[_Asked, ...] = getattr(view, _ASKED, ())
    setattr(guarded, _ASKED, (asked, *earlier))
    return guarded


def _is_socket(first: object) -> bool:
    """Whether this is what flask-sock calls a view with, and no decorator has taken it in hand yet."""
    return hasattr(first, "receive") and hasattr(first, "send") and not isinstance(first, _Socket)


def _ask_first() -> None:
    """Before anything else of the application: flask-sock accepts a WebSocket before it calls its view.

    Other requests are asked when their view is called, so that Flask answers `OPTIONS` for it as ever. A view
    whose decorator stands above its route is open to everybody, and nobody meant that.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, _BARE, False):
        raise Misconfigured(f"the decorator of {request.endpoint} stands above its route: put it below")
    if is_handshake(request.environ):
        for asked in getattr(view, _ASKED, ()):
            _installed().check(asked)


def _told(error: LimenError) -> Response:
    if isinstance(error, Misconfigured):  # the client is not told, and somebody must be
        _log.error("%s %s: %s", request.method, shown(request.path), error.message)
    own = _installed().own
    status, headers, body = refusal(error) if own is None else own.told(request.environ, error)
    answer = Response(body, status)
    answer.headers.clear()
    for name, value in headers:
        answer.headers.add(name.decode("latin-1"), value.decode("latin-1"))
    return answer


def _installed() -> _Installed:
    found: _Installed | None = current_app.extensions.get("limen")
    if found is None:
        raise Misconfigured("this application has no Limen: call LimenFlask(app), or init_app(app)")
    return found


def _configured(app: Flask) -> dict[str, Any]:
    """The settings in the application's own configuration; what is None there is not set."""
    return {
        name[len(_PREFIX) :].lower(): value
        for name, value in app.config.items()
        if name.startswith(_PREFIX) and value is not None
    }


@click.command(
    "limen",
    context_settings={"ignore_unknown_options": True},
    add_help_option=False,
    short_help="Every verb of the command `limen`.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@with_appcontext
def _verbs(arguments: tuple[str, ...]) -> None:
    """What the script `limen` would do, with the application's settings beneath (docs/cli.md)."""
    auth = _installed().auth
    if not isinstance(auth, Limen):
        raise click.ClickException("this application has a Verifier, which keeps nothing: ask its issuer")
    own, plain = auth.settings, Settings()
    given = {one.name: getattr(own, one.name) for one in fields(own)}
    with beneath({name: value for name, value in given.items() if value != getattr(plain, name)}):
        if load({}, environment=True).settings.database != own.database:
            raise click.ClickException(
                "limen.toml or LIMEN_DATABASE names another database than the application has"
            )
        (script,) = entry_points(group="console_scripts", name="limen")
        raise SystemExit(import_module(script.module).run(arguments))


def _before(own: OwnRoutes, inner: Any) -> Any:
    def wsgi_app(environ: Environ, start_response: Any) -> Any:
        return (own if environ in own else inner)(environ, start_response)

    return wsgi_app


class _Socket:
    """An accepted WebSocket of simple-websocket: closed once the credential that opened it has ended.

    Each message asks again, as under the ASGI middleware. A silent one is watched over on the loop.
    """

    def __init__(self, socket: Any, installed: _Installed, environ: Environ) -> None:
        self._socket, self._auth, self._background = socket, installed.auth, installed.background
        headers = scope_of(environ)["headers"]
        found = find_credential(headers, self._auth.cookie_names, self._auth.transports)
        self._credential = "" if found is None else found.credential
        self._watch: Future[None] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def receive(self, timeout: Seconds | None = None) -> Any:
        """The next message; None after so many seconds without one."""
        left = timeout
        while True:
            if self._watch is None or self._watch.done():
                self._watch = self._background.submit(self._until_it_ends(self._require_good()))
            wait = _LOOK if left is None else min(_LOOK, left)
            message = self._socket.receive(timeout=wait)
            if message is not None:
                self._require_good(activity=True)
                return message
            if left is not None:
                left -= wait
                if left <= 0:
                    return None

    def send(self, data: str | bytes) -> None:
        self._require_good()
        self._socket.send(data)

    def leave(self) -> None:
        """The view is over; flask-sock closes the rest."""
        if self._watch is not None:
            self._watch.cancel()

    async def _until_it_ends(self, identity: Identity) -> None:
        with suppress(LimenError):  # which of them, the next question says
            async with self._auth.alive(identity):
                await asyncio.get_running_loop().create_future()

    def _require_good(self, *, activity: bool = False) -> Identity:
        try:
            return self._background.authenticate(self._credential, activity=activity)
        except LimenError as error:
            code = _TRY_AGAIN_LATER if isinstance(error, Unavailable) else _POLICY_VIOLATION
            self._close(code, error.code)
            raise _closed(code, error.code) from error

    def _close(self, code: int, reason: str) -> None:
        """Close it, and let its own thread read the answer, for which Werkzeug would wait in vain."""
        self._socket.close(code, reason)
        self._socket.thread.join(_FAREWELL)


def _closed(code: int, reason: str) -> Exception:
    """What a view hears that goes on all the same; flask-sock takes it for an end like any other."""
    found: Exception = import_module("simple_websocket").ConnectionClosed(code, reason)
    return found
