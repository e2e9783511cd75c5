"""A project of Django's for tests: configured once in a process, since Django can be no oftener."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from limen import Limen
from limen.background import Background
from limen.testing import TurnableClock

PASSWORD = "correct horse battery staple"
SECRET = "dGhlIHNlY3JldCBvZiBkamFuZ28ncyB0ZXN0cyBoZXJl"
_TEMPORARY = tempfile.TemporaryDirectory(prefix="djangos-tables-")
_FOLDER = Path(_TEMPORARY.name)
atexit.register(_TEMPORARY.cleanup)


class FewRounds(PBKDF2PasswordHasher):
    """Django's own hashes, in milliseconds."""

    iterations = 1_000


def limen(folder: Path, strategy: str = "session", **options: Any) -> dict[str, Any]:
    """What a test's `LIMEN` says."""
    return {
        "database": f"sqlite:///{folder}/limen.db",
        "strategy": strategy,
        "secret": SECRET,
        "issuer": "http://testserver.localhost",
        "argon2_memory_kib": 19_456,
        **options,
    }


def configure() -> None:
    """Set Django up, once."""
    if settings.configured:
        return
    settings.configure(
        SECRET_KEY="a key that is for tests and nothing else, and long enough",
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(_FOLDER / "unused.db")}},
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "limen.django",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "limen.django.middleware.LimenMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        AUTHENTICATION_BACKENDS=["limen.django.backend.LimenBackend"],
        SESSION_ENGINE="limen.django.sessions",
        PASSWORD_HASHERS=[
            "support.django_site.FewRounds",
            "django.contrib.auth.hashers.Argon2PasswordHasher",
            "limen.django.hashers.LimenHasher",
        ],
        ROOT_URLCONF="support.django_urls",
        LOGIN_URL="/login/",
        LOGIN_REDIRECT_URL="/me",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ],
                    "loaders": None,
                },
            }
        ],
        STATIC_URL="/static/",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        LIMEN={},
    )
    del settings.TEMPLATES[0]["OPTIONS"]["loaders"]
    django.setup()


def migrated() -> Path:
    """A database that has every table and nothing in it."""
    template = _FOLDER / "migrated.db"
    if not template.exists():
        from django.core.management import call_command

        with at(template):
            call_command("migrate", verbosity=0)
    return template


@contextmanager
def at(database: Path) -> Iterator[None]:
    """Django's connection leads to this file."""
    from django.db import connections

    connection = connections["default"]
    connection.close()
    before, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], str(database)
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = before


@contextmanager
def project(folder: Path) -> Iterator[Path]:
    """A fresh database of its own."""
    database = folder / "project.db"
    shutil.copy(migrated(), database)
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    with at(database):
        yield database


def turned() -> TurnableClock:
    """The clock of this process's Limen, made anew of the settings; it stands until it is turned."""
    from limen.django import config

    config.close()
    clock = TurnableClock(time.time())
    config._made.append(Background(Limen(**config.options(), clock=clock)))
    return clock
