"""What lies under one path: its methods, each an endpoint, and what all of them have in common.

An endpoint parses, calls one flow and renders. What stands here is asked of every request before, and done
to every answer after: https, methods, requests forged by another site, errors, the standing headers.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import msgspec

from limen import ids, transport
from limen.errors import LimenError, Misconfigured, Rejected, Unavailable
from limen.problems import problem
from limen.server import probe
from limen.server.site import Site
from limen.server.standing import with_standing
from limen.server.wire import ROUTE, STREAM, Answer, Call, ClientLeft, Receive, Scope, Send, Streamed

_log = logging.getLogger("limen.server")


class Telling(Protocol):
    """An answer for people. `instance` names what nobody foresaw, as the log does."""

    def __call__(
        self, site: Site, call: Call, error: LimenError, *, instance: str | None = None
    ) -> Answer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method of one path. What it says about itself becomes the OpenAPI document."""

    method: str
    path: str
    run: Callable[[Site, Call], Awaitable[Answer]]
    summary: str
    gives: Sequence[type[msgspec.Struct]]
    """The body of the good answer is one of these; none: it has no body."""
    media: str = "application/json"
    takes: type[msgspec.Struct] | None = None
    optional: bool = False
    """Whether the body may be missing."""
    form: Mapping[str, str] | None = None
    """The parameters of a form and what they are; the first is required."""
    query: Mapping[str, str] = field(default_factory=dict)
    """The parameters of the address and what they are; none is required."""
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What parameters of address and path are, where it is not text, or not the UUID of a path."""
    status: int = 200
    also: Mapping[int, type[msgspec.Struct]] = field(default_factory=dict)
    """Good answers of other statuses."""
    errors: Sequence[int] = ()
    """Statuses beside 500, 403 where https is asked for, and 431 where a cookie can be bad input (400)."""
    security: Sequence[str] = ()
    """Any one of these security schemes is enough; `nobody` is a stranger's."""
    guarded: bool = False
    """Refuses what a browser says comes from another site. Routes that need an identity do so by themselves
    when it came in a cookie."""
    refuses: Callable[[LimenError], Answer] | None = None
    """How it tells an error, where a problem document alone is not what its callers read."""
    any_method: bool = False
    """Answers every method: some proxies ask with that of the request that they ask about."""
    clear_text: bool = False
    """Answered over http too: probes of a load balancer."""
    tells: Telling | None = None
    """How a page tells an error to a person, whatever it is; None: as a problem document."""

    @property
    def name(self) -> str:
        return self.run.__name__


class Resource:
    """The ASGI application under one path. It answers everything itself and lets nothing through."""

    def __init__(self, site: Site, endpoints: Sequence[Endpoint]) -> None:
        self._site = site
        self.path = endpoints[0].path
        self.__name__ = f"limen:{self.path}"
        self._by_method = {endpoint.method: endpoint for endpoint in endpoints}
        self._any = next((endpoint for endpoint in endpoints if endpoint.any_method), None)
        if "GET" in self._by_method:
            self._by_method.setdefault("HEAD", self._by_method["GET"])
        self._tells = endpoints[0].tells
        self._depth = self.path.count("/")
        self._allow = ", ".join(sorted(self._by_method)).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._site.call(scope, receive)
        scope[ROUTE] = self.path
        if self._site.cross_origin is not None:
            send = self._site.cross_origin.sending(call, send)
        try:
            answer = await self._answer(call)
        except ClientLeft:
            return
        await respond(self._site, call, answer, send)

    def _is_written_plainly(self, call: Call) -> bool:
        """Whether the path came without a percent sign: none of ours needs one, and what a proxy in front may
        have read otherwise is none of ours (W09). Above it an application lies where it likes."""
        raw: bytes = call.scope.get("raw_path") or b""
        return b"%" not in b"/".join(raw.partition(b"?")[0].rsplit(b"/", self._depth)[1:])

    async def _answer(self, call: Call) -> Answer:
        if not self._is_written_plainly(call):
            return nowhere()
        if self._site.cross_origin is not None and (asked := self._site.cross_origin.preflight(call)):
            return asked
        endpoint = self._by_method.get(call.scope["method"], self._any)
        try:
            if endpoint is None:
                return self._no_method(call)
            return await self._run(endpoint, call)
        except ClientLeft:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an id and the log the rest
            where = f"{call.scope['method']} {self.path}"
            return broken(error, where, self._tells and partial(self._tells, self._site, call))

    async def _run(self, endpoint: Endpoint, call: Call) -> Answer:
        try:
            if not endpoint.clear_text:
                self._site.require_https(call)
            if endpoint.guarded:
                _guard(self._site, call)
            return await endpoint.run(self._site, call)
        except LimenError as error:
            _noted(endpoint, error)
            if endpoint.tells is not None:
                return endpoint.tells(self._site, call, error)
            return (endpoint.refuses or refusal)(error)

    def _no_method(self, call: Call) -> Answer:
        error = Rejected("this is no method of this address", code="method_not_allowed", status=405)
        answer = refusal(error) if self._tells is None else self._tells(self._site, call, error)
        return answer.plus((b"allow", self._allow))


def _noted(endpoint: Endpoint, error: LimenError) -> None:
    """Write the reason down, which the client is not told, as loud as somebody must act on it."""
    level, reason = logging.INFO, error.reason
    if isinstance(error, Unavailable):
        level = logging.WARNING
    elif isinstance(error, Misconfigured):
        level, reason = logging.ERROR, error.message
    _log.log(level, "%s %s: %s (%s)", endpoint.method, endpoint.path, error.code, reason)


def nowhere() -> Answer:
    """There is nothing at this address."""
    return refusal(Rejected("there is nothing at this address", code="not_found", status=404))


def refusal(error: LimenError) -> Answer:
    """The problem document of an error. After too large a body the connection is closed and not read on."""
    found = problem(error)
    answer = Answer(found.status, found.body, tuple(found.headers))
    return answer.plus((b"connection", b"close")) if found.status == 413 else answer


def broken(error: BaseException, where: str, tells: Callable[..., Answer] | None = None) -> Answer:
    """500 for what nobody foresaw: an id that is in the log beside the traceback, and nothing else."""
    instance = f"urn:uuid:{ids.uuid4()}"
    _log.error("%s failed: %s", where, instance, exc_info=error)
    told = LimenError("something went wrong here; the log has it under this instance", code="internal_error")
    if tells is not None:
        try:
            return tells(told, instance=instance)
        except Exception as second:  # noqa: BLE001 - the page of errors itself is broken: say it plainly
            _log.error("%s: its page of errors failed: %s", where, instance, exc_info=second)
    found = problem(told, instance=instance)
    return Answer(found.status, found.body, tuple(found.headers))


async def respond(site: Site, call: Call, answer: Answer, send: Send) -> None:
    """Send the answer with its standing headers."""
    whole = with_standing(answer, hsts=site.hsts(call))
    whole = whole.plus(*probe.told(call, whole))
    if isinstance(whole, Streamed):
        call.scope[STREAM] = True
    await whole.send(send, bodiless=call.scope["method"] == "HEAD")


def _guard(site: Site, call: Call) -> None:
    """Ask, where a browser says anything about where a request comes from, whether that is one of ours.

    A client that says nothing is no browser, or sends no cookie that counts: endpoints that go by a cookie or
    set one ask again, and there silence is a no.
    """
    if call.header(b"origin") is not None or call.header(b"sec-fetch-site") is not None:
        transport.check_forgery(call.scope["method"], call.headers, site.auth.origins)
