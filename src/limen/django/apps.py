"""The app as Django lists it."""

from __future__ import annotations

from django.apps import AppConfig


class LimenConfig(AppConfig):
    """Label `limen`: its tables are `limen_…`, in the project's own database."""

    name = "limen.django"
    label = "limen"
    verbose_name = "Sign-in"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what Django says of sign-ins and users, and check the settings."""
        from limen.django import checks, following  # noqa: F401 - they register themselves
