"""`request.user`, `request.auser` and `request.limen`, from cookie or bearer, when they are asked for.

It is Django's AuthenticationMiddleware with another source, and stands in its place: after the sessions.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from limen import Denied, Identity, LimenError, Misconfigured
from limen.django import config, linking, renewing
from limen.django.backend import PATH, LimenBackend
from limen.django.caller import Caller
from limen.django.sessions import SessionStore
from limen.problems import problem, status_of

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class LimenMiddleware(AuthenticationMiddleware):
    """For WSGI and ASGI. What a view lacks is answered: a page is led to LOGIN_URL, others get a problem."""

    def __call__(self, request: Any) -> Any:
        if self.async_mode:
            return self.__acall__(request)
        self.process_request(request)
        if (by := renewing.detour(request)) is not None:
            return by
        if request.method not in _SAFE and request.limen.is_bearer():
            _exempt(request, _whoever(request))
        return self._finished(request, self.get_response(request))

    async def __acall__(self, request: Any) -> Any:
        if getattr(getattr(request, "session", None), "is_loaded", False):
            await sync_to_async(self.process_request)(request)
        else:
            self.process_request(request)
        if (by := renewing.detour(request)) is not None:
            return by
        if request.method not in _SAFE and request.limen.is_bearer():
            _exempt(request, await sync_to_async(_whoever)(request))
        return self._finished(request, await self.get_response(request))

    def process_request(self, request: Any) -> None:
        """Nothing is asked yet, unless somebody looked at the session before: with CSRF_USE_SESSIONS Django's
        own check does."""
        caller = request.limen = Caller(request)
        _attach(request)
        if isinstance(session := getattr(request, "session", None), SessionStore):
            session.meet(caller)

    def process_view(self, request: Any, callback: Any, args: Any, kwargs: Any) -> None:
        """A view that Django's check leaves alone is looked after by ours, whoever was found before."""
        exempt = getattr(callback, "csrf_exempt", False)
        if exempt and not getattr(request, "_dont_enforce_csrf_checks", False):
            request.limen.unseen_by_django = True
            if request.method not in _SAFE:
                request.limen.forget()
                _attach(request)

    def process_exception(self, request: Any, exception: Exception) -> HttpResponse | None:
        """What a requirement said, or that nobody can tell."""
        if not isinstance(exception, LimenError) or isinstance(exception, Misconfigured):
            return None  # Django logs it whole, and shows it where DEBUG is
        goes = request.method in ("GET", "HEAD") and "text/html" in request.META.get("HTTP_ACCEPT", "")
        if isinstance(exception, Denied) and status_of(exception) == 401 and goes:
            stale = exception.code == "authentication_too_old"
            return redirect_to_login(request.get_full_path(), config.own("step_up_url") if stale else None)
        return answered(exception)

    def _finished(self, request: Any, response: Any) -> Any:
        request.limen.write(response)
        if request.limen.asked:
            patch_vary_headers(response, ("Authorization", "Cookie"))
        return response


def answered(error: LimenError) -> HttpResponse:
    """The problem document of an error (RFC 9457)."""
    found = problem(error)
    response = HttpResponse(found.body, status=found.status)
    for name, value in found.headers:
        if name == b"set-cookie":
            response.cookies.load(value.decode("latin-1"))
        else:
            response.headers[name.decode("latin-1")] = value.decode("latin-1")
    return response


def user_of(request: Any) -> Any:
    """The user behind a request, or AnonymousUser."""
    user = known_as(request.limen.known)
    link = getattr(user, "limen_link", None)
    request.limen.user_hash = "" if link is None else link.user_hash
    return user


def known_as(identity: Identity | None) -> Any:
    """The user whose account this is, AnonymousUser for a stranger and for whom Django lets in no more."""
    user = None if identity is None else linking.user_of(identity.account)
    if user is None and identity is not None and config.own("create_users"):
        user = linking.user_for(identity.account)
    if user is None or identity is None or not LimenBackend().user_can_authenticate(user):
        return AnonymousUser()
    linking.reconcile(user, identity)
    user.backend = PATH
    return user


def _attach(request: Any) -> None:
    request.user = SimpleLazyObject(partial(_cached, request))
    request.auser = partial(_acached, request)
    if hasattr(request, "_limen_user"):
        del request._limen_user


def _cached(request: Any) -> Any:
    if not hasattr(request, "_limen_user"):
        request._limen_user = user_of(request)
    return request._limen_user


async def _acached(request: Any) -> Any:
    return await sync_to_async(_cached)(request)


def _whoever(request: Any) -> Identity | None:
    try:
        found: Identity | None = request.limen.identity
    except LimenError:
        return None
    return found


def _exempt(request: Any, identity: Identity | None) -> None:
    """No browser adds a bearer credential by itself, so nothing has been forged. Good ones alone count."""
    if identity is not None:
        request.csrf_processing_done = True
