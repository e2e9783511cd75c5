"""Tables of our own beside the project's: who is whom, what sessions hold, and nothing that signs in."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Link(models.Model):
    """A user of the project and the account that is theirs. The user's own table is as it was."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    account = models.CharField(max_length=36, unique=True)
    """The id of Limen's account."""
    user_hash = models.CharField(max_length=64)
    """SHA-256 of the user's `password` as it was when the two were last the same."""
    account_hash = models.CharField(max_length=64)
    """SHA-256 of the account's hash at that moment."""
    reconciled = models.FloatField(default=0.0)
    """The newest sign-in after which they were compared."""

    class Meta:
        verbose_name = "account"

    def __str__(self) -> str:
        return self.account


class StoredSession(models.Model):
    """What a session of Django holds. The key in the cookie is not here: only its SHA-256 is."""

    digest = models.CharField(max_length=64, primary_key=True)
    sid = models.CharField(max_length=36, default="", db_index=True)
    """The session of Limen without which this one is over; empty where nobody has signed in."""
    account = models.CharField(max_length=36, default="")
    data = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "stored session"

    def __str__(self) -> str:
        return self.sid or "anonymous"


class LiveSession(models.Model):
    """A session as the admin lists it. There is no such table: Limen's own store is asked."""

    id = models.CharField(max_length=36, primary_key=True)

    class Meta:
        managed = False
        verbose_name = "session"
        default_permissions: ClassVar = ("view", "delete")

    def __str__(self) -> str:
        return str(self.id)
