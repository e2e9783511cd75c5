"""Django under ASGI: sessions in SQLite; what `startproject` writes, but for admin, messages and files."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import ensure_csrf_cookie

from limen.lab.peers import Place
from limen.lab.peers.frames import ANSWER
from limen.lab.people import ACCOUNTS, PASSWORD, email

SECURITY = "django.middleware.security.SecurityMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
FRAMES = "django.middleware.clickjacking.XFrameOptionsMiddleware"
urlpatterns: list[Any] = []
"""This file is its own URLconf."""


async def sessions(place: Place) -> Any:
    """django.contrib.auth and django.contrib.sessions, the engine `db`."""
    return await asyncio.to_thread(_made, place)  # Django asks its database outside of event loops only


async def alone(_: Place) -> Any:
    """The same without sessions and accounts."""
    _configure([SECURITY, COMMON, FRAMES])
    urlpatterns[:] = [path("", _anybody)]
    return get_asgi_application()


def _made(place: Place) -> Any:
    _configure(
        [SECURITY, SESSIONS, COMMON, CSRF, AUTHENTICATION, FRAMES],
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        DATABASES={"default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": place.database,
            "OPTIONS": {"transaction_mode": "IMMEDIATE"},
        }},
        SESSION_ENGINE="django.contrib.sessions.backends.db",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # cheap, as the lab's own
    )  # fmt: skip
    call_command("migrate", verbosity=0, interactive=False)
    from django.contrib.auth import get_user_model
    from django.db import connection

    connection.cursor().execute("PRAGMA journal_mode = WAL")  # the file remembers it
    for number in range(ACCOUNTS):
        get_user_model().objects.create_user(email(number), email(number), PASSWORD)
    urlpatterns[:] = [path("", _hello), path("login/", ensure_csrf_cookie(_login)), path("logout/", _logout)]
    return get_asgi_application()


def _configure(middleware: list[str], **more: Any) -> None:
    settings.configure(
        SECRET_KEY=secrets.token_urlsafe(50),
        DEBUG=False,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        MIDDLEWARE=middleware,
        LOGGING_CONFIG=None,
        **more,
    )
    django.setup()


async def _anybody(_: HttpRequest) -> HttpResponse:
    return JsonResponse(ANSWER)


async def _hello(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    if not user.is_authenticated:
        return JsonResponse({"error": "sign in"}, status=401)
    return JsonResponse({"hello": user.email})


async def _login(request: HttpRequest) -> HttpResponse:
    from django.contrib.auth import aauthenticate, alogin

    if request.method != "POST":
        return HttpResponse("a form")
    user = await aauthenticate(
        request, username=request.POST.get("email"), password=request.POST.get("password")
    )
    if user is None:
        return JsonResponse({"error": "wrong"}, status=401)
    await alogin(request, user)
    return JsonResponse({})


async def _logout(request: HttpRequest) -> HttpResponse:
    from django.contrib.auth import alogout

    await alogout(request)
    return JsonResponse({})
