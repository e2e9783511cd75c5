"""Plain WSGI: nothing gets past without an identity, unless its path was named public.

    app = LimenMiddleware(app, auth, public={"/", "/static/"})  # auth: a Limen, or a Verifier

The application reads who is asking from `environ["limen.identity"]`; on a public path the key is there only
if a good credential came.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from limen.auth import Limen
from limen.background import Background
from limen.environ import Environ, path_of, respond, scope_of
from limen.errors import LimenError, Misconfigured
from limen.problems import refusal, shown
from limen.public_paths import PublicPaths
from limen.requirement import Authenticates, Requirement
from limen.strategies.base import Identity

if TYPE_CHECKING:
    from limen.server.under_wsgi import OwnRoutes

StartResponse = Callable[..., Any]
WSGIApp = Callable[[Environ, StartResponse], Iterable[bytes]]
_log = logging.getLogger("limen.wsgi")
IDENTITY = "limen.identity"


class LimenMiddleware:
    """Asks every request for an identity, answers the routes of Limen, and runs it on a loop of its own.

    `public` names exact paths; one that ends in `/` names everything below it, `/` itself excepted. `pages`
    adds those that people meet (docs/pages.md). `background` is the loop where an application asks more.
    """

    def __init__(
        self,
        app: WSGIApp,
        auth: Authenticates,
        *,
        public: Collection[str] = (),
        mount: bool = True,
        pages: bool = False,
        background: Background | None = None,
    ) -> None:
        self._app, self._auth, self._public = app, auth, PublicPaths.of(public)
        self.background = background or Background.of(auth)
        self._own: OwnRoutes | None = None
        if mount and isinstance(auth, Limen):  # a Verifier has no routes of its own
            from limen.server.under_wsgi import OwnRoutes  # with `mount=False` the core is enough

            self._own = OwnRoutes(auth, self.background, pages=pages)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ.pop(IDENTITY, None)
        if self._own is not None and environ in self._own:
            return self._own(environ, start_response)
        try:
            environ[IDENTITY] = self.check(self._auth.required, environ)
        except LimenError as error:
            if path_of(environ) not in self._public:
                return self._refused(environ, start_response, error)
        started: list[Any] = []

        def starting(*said: Any, **more: Any) -> Any:
            started.append(said)
            return start_response(*said, **more)

        try:
            body = self._app(environ, starting)
            return _begun(body) if isinstance(body, Generator) else body
        except LimenError as error:  # what `check` raised, and the application let through
            # PEP 3333: an answer may take the place of one that was started, until something of it has gone.
            instead = partial(_start_instead, start_response, sys.exc_info()) if started else start_response
            return self._refused(environ, instead, error)

    def _refused(self, environ: Environ, start_response: StartResponse, error: LimenError) -> Iterable[bytes]:
        if isinstance(error, Misconfigured):  # the client is not told, and somebody must be
            _log.error("%s: %s", shown(path_of(environ)), error.message)
        told = refusal(error) if self._own is None else self._own.told(environ, error)
        return respond(environ, start_response, *told)

    def check(self, requirement: Requirement, environ: Environ) -> Identity | None:
        """The identity of a request as a requirement wants it; raises as `requirement.check` does. What the
        application does not catch is answered."""
        return requirement.check_with(scope_of(environ), self.background.authenticate)


def _begun(body: Generator[bytes, Any, Any]) -> Iterable[bytes]:
    """An answer up to its first piece: nothing of a generator has run before that is asked for."""
    try:
        first = next(body)
    except StopIteration:
        return ()
    return _whole(first, body)


def _whole(first: bytes, body: Generator[bytes, Any, Any]) -> Iterator[bytes]:
    try:
        yield first
        yield from body
    finally:
        body.close()


def _start_instead(start_response: StartResponse, error: Any, status: str, headers: Any) -> Any:
    return start_response(status, headers, error)
