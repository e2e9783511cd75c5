"""Django's `authenticate`, by Limen: throttled, and the same answer whoever there is.

Permissions are Django's own. Put it in the place of ModelBackend: beside it, that one would go on verifying
passwords without a throttle.
"""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied, ValidationError
from django.views.decorators.debug import sensitive_variables

from limen import Denied, Rejected, Throttled, Unfinished
from limen.accounts import email_key
from limen.adoption import Proven
from limen.clock import Mono
from limen.django import config, linking
from limen.django.asking import source_of
from limen.django.balance import balance
from limen.django.models import Link

PATH = "limen.django.backend.LimenBackend"


class TooManyAttempts(Throttled, ValidationError):
    """Throttled, as a form shows it: with a sentence that says when to come back."""


class LimenBackend(ModelBackend):
    """Passwords by Limen's flow, by user name or by the account's e-mail address; permissions by Django."""

    @sensitive_variables("password")
    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any | None:
        """The user, or None. TooManyAttempts while nothing is looked at; Unavailable if nobody can tell."""
        users = get_user_model()
        typed = username or kwargs.get(users.USERNAME_FIELD) or kwargs.get("email")
        if typed is None or password is None:
            return None
        typed, started = str(typed), config.auth().clock.monotonic()
        user = _named(typed)
        link = None if user is None else linking.linked(user)
        account = _addressed(typed) if link is None else link.account
        if link is None and account is not None:
            link = Link.objects.filter(account=account).select_related("user").first()
            user = None if link is None else link.user
        if user is not None and link is not None and linking.account_of(link) is not None:
            linking.tell_limen(user, link)
        proven = self._prove(request, account, typed, password, started)
        if proven is None:
            return None
        if user is None and config.own("create_users"):
            user = linking.create_user(proven.kept, password)
        if user is None or not self.user_can_authenticate(user):
            return None
        if link is not None:
            linking.settle(user, link, proven, password)
        user.limen_proven = proven.kept
        return user

    @sensitive_variables("password")
    async def aauthenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any | None:
        """See `authenticate`."""
        return await sync_to_async(self.authenticate)(request, username, password, **kwargs)

    @sensitive_variables("password")
    def _prove(
        self, request: Any, account: str | None, typed: str, password: str, started: Mono
    ) -> Proven | None:
        proving = config.auth().adoption.prove(
            account,
            typed,
            password,
            started=started,
            source=source_of(request),
            balance=balance(now=started),
        )
        try:
            return config.run(proving)
        except Throttled as error:
            raise TooManyAttempts(error.message, retry_after=error.retry_after, code=error.code) from None
        except Unfinished as error:
            raise PermissionDenied("further factors are asked for on Limen's own pages") from error
        except (Denied, Rejected):
            return None


def _named(typed: str) -> Any | None:
    """The user of that name, as Django finds it."""
    users = get_user_model()
    try:
        return users._default_manager.get_by_natural_key(typed)
    except users.DoesNotExist:
        return None


def _addressed(typed: str) -> str | None:
    """The id of the account with that address. Not of the user with it: several may have one."""
    key = email_key(typed) if "@" in typed else ""
    found = config.run(config.auth().store.account_by_key(key)) if key else None
    return None if found is None else found.id
