"""`request.limen`: who sent this request, found out when it is first asked.

Limen's own credentials count first, bearer or cookie, and then the key of Django's session where that is one.
A request that a browser may have been made to send must have come from a page of ours: Django's own check
sees to that where it looks at the view, and the rule of `limen.transport` besides, wherever the browser says
where the request came from, and altogether where Django does not look.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, cast

import msgspec
from django.conf import settings
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.module_loading import import_string

from limen import Denied, Grant, Identity, Limen, LimenError, Rejected, Transport
from limen import transport as rules
from limen.clock import Instant, Seconds
from limen.django import config, linking
from limen.django.asking import scope_of
from limen.django.mounted import mounted
from limen.django.sessions import SessionStore, run_out
from limen.environ import headers_of
from limen.jose import b64
from limen.requirement import Requirement
from limen.server.grants import cleared, kept
from limen.transport import Found

_log = logging.getLogger("limen.django")
_UNSET: Any = object()
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class _Ends(msgspec.Struct):
    """Of a token, when it ends."""

    exp: float


class Caller:
    """`identity` is who is asking, None for a stranger; LimenError where what came is no good."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self._answer: Any = _UNSET
        self._grant: Grant | None = None
        self._clear = False
        self.unseen_by_django = not django_checks()
        """Django's own check against forged requests does not look at this one."""
        self.user_hash = ""
        """SHA-256 of the user's `password` when this request was let in."""

    @cached_property
    def auth(self) -> Limen:
        return config.auth()

    @cached_property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return headers_of(self.request.META)

    @property
    def identity(self) -> Identity | None:
        """Who is asking. LimenError where a credential came that is no good, or nobody can tell."""
        if self._answer is _UNSET:
            self._answer = _kept(self._find)
        return _given(self._answer)

    async def aidentity(self) -> Identity | None:
        """The same from a loop, which goes on meanwhile."""
        if self._answer is _UNSET:
            self._answer = await _off(lambda: _kept(self._find))
        return _given(self._answer)

    @property
    def known(self) -> Identity | None:
        """Who is asking, a stranger where what came is no good. Unavailable is raised: see `identity`."""
        try:
            return self.identity
        except (Denied, Rejected) as error:
            _log.debug("a credential was not accepted: %s", error.reason)
            return None

    async def aknown(self) -> Identity | None:
        """See `known`."""
        if self._answer is _UNSET:
            self._answer = await _off(lambda: _kept(self._find))
        return self.known

    @property
    def seen(self) -> Identity | None:
        """Whom this request was found to come from already; nothing is asked."""
        return self._answer if isinstance(self._answer, Identity) else None

    def require(self, *scopes: str, within: Seconds | None = None) -> Identity:
        """The identity if it has these scopes, and was proven at most `within` seconds ago; else Denied."""
        return self._let_in(self._compared(self.identity, scopes, within))

    async def arequire(self, *scopes: str, within: Seconds | None = None) -> Identity:
        """See `require`."""
        identity = self._compared(await self.aidentity(), scopes, within)
        return cast("Identity", await _off(lambda: self._let_in(identity)))

    def found(self) -> Found | None:
        """The credential of Limen's own transports."""
        return rules.find_credential(self.headers, self.auth.cookie_names, self.auth.transports)

    def is_bearer(self) -> bool:
        """Whether the credential travels in a way that no browser chooses by itself."""
        try:
            found = self.found()
        except LimenError:  # bad as it is, the header came before any cookie
            said = str(self.request.META.get("HTTP_AUTHORIZATION", "")).lower()
            return said.startswith("bearer ") and Transport.BEARER in self.auth.transports
        return found is not None and found.transport is Transport.BEARER

    def is_renewable(self) -> bool:
        """Whether the browser has what gets it another credential, and none came, or one that ran out."""
        try:
            cookie, found = rules.find_cookie(self.headers, self.auth.cookie_names.refreshes), self.found()
        except LimenError:
            return False
        if not cookie or Transport.COOKIE not in self.auth.transports:
            return False
        return found is None or (
            found.transport is Transport.COOKIE and _has_run_out(found.credential, self.auth.clock.now())
        )

    def end_what_ran_out(self) -> None:
        """End the sign-in of this browser if Django's session of it has run out: for routes that ask Limen
        alone, and would renew it for ever."""
        if not isinstance(getattr(self.request, "session", None), SessionStore):
            return
        with contextlib.suppress(Denied, Rejected):  # the route will say what is wrong
            renewed = rules.find_cookie(self.headers, self.auth.cookie_names.refreshes)
            if renewed is not None and run_out(renewed):
                return
            found = self.found()
            if found is not None and found.transport is Transport.COOKIE:
                run_out(config.background().authenticate(found.credential, activity=False).session)

    @property
    def asked(self) -> bool:
        """Whether anybody wanted to know."""
        return self._answer is not _UNSET

    def is_another(self, sid: str, account: str) -> bool:
        """Whether the request comes with a sign-in of its own that is not the one of such a session. Where
        Limen keeps none (`jwt`), whose it is decides."""
        try:
            if self.found() is None:
                return False
            identity = self.identity
        except (Denied, Rejected):
            return False
        if identity is None:
            return False
        return identity.session != sid if sid else identity.account != account

    # -- what becomes of the answer ------------------------------------------------------------------------

    def keep(self, grant: Grant) -> None:
        """Let the answer carry what was granted; this request goes on as who that is."""
        self._grant, self._clear, self._answer = grant, False, _UNSET
        self._answer = config.run(self.auth.authenticate(grant.credential))

    def clear(self) -> None:
        """Let the answer take the credentials away."""
        self._grant, self._clear, self._answer = None, True, None

    def forget(self) -> None:
        """Ask again: the rules have changed since."""
        self._answer = _UNSET

    def write(self, response: Any) -> None:
        """The cookies of what was granted, or their end."""
        if isinstance(self._answer, Rejected):
            for line in self._answer.clears:
                response.cookies.load(line.decode("latin-1"))
        if (self._grant is None and not self._clear) or Transport.COOKIE not in self.auth.transports:
            return
        site = mounted(self.auth).site
        call = site.call(scope_of(self.request), _nothing)
        lines = kept(site, call, self._grant) if self._grant is not None else cleared(site, call)
        for name, value in lines:
            if name == b"set-cookie":
                response.cookies.load(value.decode("latin-1"))
            else:
                response.headers[name.decode("latin-1")] = value.decode("latin-1")
        if self._grant is not None:
            bound(self.request, response, self._grant.session)
        response.headers.setdefault("cache-control", "no-store")

    def _compared(
        self, identity: Identity | None, scopes: tuple[str, ...], within: Seconds | None
    ) -> Identity:
        """The rule of every other framework, for an identity that is known."""
        scope: dict[str, Any] = {"limen.identity": identity, "limen.auth": self.auth, "headers": ()}
        required = Requirement(self.auth, scopes=scopes, within=within)
        required.check_with(scope, config.background().authenticate)
        if identity is None:
            raise Denied("sign in first", code="credential_missing")
        return identity

    def _let_in(self, identity: Identity) -> Identity:
        """The identity, unless its user is one whom Django lets in no more: who was made inactive, or whose
        password was changed, past every signal."""
        link = getattr(getattr(self.request, "user", None), "limen_link", None)
        known = link is not None and link.account == identity.account
        if not known and linking.is_shut_out(identity.account):
            raise Denied("sign in first", code="credential_invalid", reason="user_shut_out")
        return identity

    # -- how it is found -----------------------------------------------------------------------------------

    def _find(self) -> Identity | None:
        found = self.found()
        if found is None:
            return self._of_the_session()
        if found.transport is Transport.COOKIE:
            self._check_forgery()
        identity = config.background().authenticate(
            found.credential, activity=rules.is_activity(self.headers)
        )
        ours = isinstance(getattr(self.request, "session", None), SessionStore)
        if found.transport is Transport.COOKIE and ours and run_out(identity.session):
            raise Denied("this session has expired", code="credential_expired", reason="session_run_out")
        return identity

    def _of_the_session(self) -> Identity | None:
        """Of somebody whom Django's session knows, where its key is a credential of ours."""
        session: Any = getattr(self.request, "session", None)
        if getattr(session, "credential", None) is None:
            return None
        session.get("")  # loads it: one that has run out by Django's own rules signs nobody in
        credential = session.credential
        if credential is None or not session.account:
            return None
        self._check_forgery()
        return config.background().authenticate(credential, activity=rules.is_activity(self.headers))

    def _check_forgery(self) -> None:
        method = "GET" if self.request.method in _SAFE else self.request.method
        try:
            rules.check_forgery(method, self.headers, self.auth.origins)
        except Denied as error:
            if error.reason == "origin_foreign":
                _log.warning(
                    "a form from %.100r is a stranger's: if that is this site, name it in LIMEN['issuer'] or "
                    "LIMEN['origins']",
                    self.request.META.get("HTTP_ORIGIN", ""),
                )
            if error.reason != "origin_missing" or self.unseen_by_django:
                raise


def bound(request: Any, response: Any, granted: str) -> None:
    """No cookie of this sign-in is kept for longer than Django's own: `set_expiry(0)` is until the browser
    closes."""
    session, names = getattr(request, "session", None), config.auth().cookie_names
    ours = (names.sid, names.token, names.refresh, names.refreshes)
    said = [response.cookies[name] for name in ours if name in response.cookies]
    said = [one for one in said if one["max-age"] not in ("", "0")]
    if not said or not isinstance(session, SessionStore) or not session.is_of(granted):
        return
    closes, age = session.get_expire_at_browser_close(), max(session.get_expiry_age(), 0)
    for one in said:
        one["max-age"] = "" if closes else min(int(one["max-age"]), age)


def django_checks() -> bool:
    """Whether Django's middleware against forged requests is there."""
    return _checked(tuple(settings.MIDDLEWARE))


@lru_cache(maxsize=8)
def _checked(middleware: tuple[str, ...]) -> bool:
    found = (import_string(path) for path in middleware)
    return any(isinstance(one, type) and issubclass(one, CsrfViewMiddleware) for one in found)


def _has_run_out(token: str, now: Instant) -> bool:
    """Whether a token says so itself, which nobody has verified: good for renewing it and nothing else.
    Cookies that are kept until the browser closes hold it for longer than it lasts."""
    try:
        said = msgspec.json.decode(b64.decode(token.split(".")[1]), type=_Ends)
    except (IndexError, ValueError):
        return False
    return said.exp <= now


def _kept(find: Callable[[], Identity | None]) -> Any:
    try:
        return find()
    except LimenError as error:
        return error


def _given(answer: Any) -> Identity | None:
    if isinstance(answer, LimenError):
        raise answer
    found: Identity | None = answer
    return found


async def _off(call: Callable[[], Any]) -> Any:
    from asgiref.sync import sync_to_async

    return await sync_to_async(call)()


async def _nothing() -> Any:
    return {"type": "http.disconnect"}
