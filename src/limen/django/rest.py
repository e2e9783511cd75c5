"""Django REST framework: who is asking, with the answers that its programs expect.

    REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ["limen.django.rest.LimenAuthentication"]}

`request.user` is the user and `request.auth` the `limen.Identity`. LimenMiddleware must be there, and answers
what this framework has no word for: that nobody can tell (503), or that a request is malformed (400).
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission

from limen import Denied, Identity, LimenError
from limen.problems import problem

_STRANGER = Denied("sign in first", code="credential_missing")


class LimenAuthentication(SessionAuthentication):
    """From cookie or bearer. A bad bearer is 401, a cookie without Django's CSRF token 403."""

    def authenticate(self, request: Any) -> tuple[Any, Identity] | None:
        """The user and the identity, None for a stranger.

        A cookie whose sign-in has ended is a stranger's, as in Django: browsers go on sending it, also to the
        view that signs in.
        """
        caller = _caller(request)
        bears = caller.is_bearer()
        try:
            identity = caller.identity
        except Denied as error:
            if not bears and not error.forbidden:
                return None
            kind = PermissionDenied if error.forbidden else AuthenticationFailed
            raise kind(error.message, code=error.code) from error
        if identity is None:
            return None
        user = request._request.user
        if not user.is_authenticated:  # Django lets in no more who this is
            if not bears:
                return None
            raise AuthenticationFailed(_STRANGER.message, code=_STRANGER.code)
        if not bears:
            self.enforce_csrf(request)
        return user, identity

    def authenticate_header(self, request: Any) -> str:
        """`WWW-Authenticate` of a 401 (RFC 6750 §3): why the credential was not enough, if one came."""
        error: LimenError = _STRANGER
        try:
            _caller(request).identity  # noqa: B018 - it raises what was wrong
        except LimenError as raised:
            error = raised
        return dict(problem(error).headers).get(b"www-authenticate", b"Bearer").decode()


def _caller(request: Any) -> Any:
    found = getattr(request._request, "limen", None)
    if found is None:
        raise ImproperlyConfigured(
            "LimenAuthentication asks LimenMiddleware who is there, and that has not seen this request: put "
            "'limen.django.middleware.LimenMiddleware' in MIDDLEWARE; in a test use APIClient, or "
            "force_authenticate"
        )
    return found


def scopes(*needed: str) -> type[BasePermission]:
    """A class for `permission_classes`: whoever asks is signed in and has all these scopes."""

    class HasScopes(BasePermission):
        message = "this needs a scope that you do not have"
        code = "insufficient_scope"

        def has_permission(self, request: Any, view: Any) -> bool:
            return isinstance(request.auth, Identity) and set(needed) <= request.auth.scopes

    return HasScopes
