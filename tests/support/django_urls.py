"""The addresses of the project that tests ask."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import views
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.urls import include, path
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from limen.django import config
from limen.django.decorators import fresh_login_required, scopes_required


def front(request: Any) -> HttpResponse:
    return HttpResponse("hello")


def whoever(request: Any) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username(), "session": dict(request.session.items())})


async def whoever_async(request: Any) -> JsonResponse:
    user = await request.auser()
    return JsonResponse({"user": user.get_username()})


@login_required
def me(request: Any) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username(), "account": request.limen.identity.account})


@scopes_required("notes:read")
def notes(request: Any) -> JsonResponse:
    return JsonResponse({"notes": []})


@scopes_required("notes:read")
async def notes_async(request: Any) -> JsonResponse:
    return JsonResponse({"notes": []})


@fresh_login_required()
class Fresh(View):
    def post(self, request: Any) -> JsonResponse:
        return JsonResponse({"user": request.user.get_username()})


class Plain(View):
    async def post(self, request: Any) -> JsonResponse:
        return JsonResponse({"account": (await request.limen.aidentity()).account})


@fresh_login_required()
class FreshAsync(Plain):
    pass


def count(request: Any) -> JsonResponse:
    request.session["count"] = request.session.get("count", 0) + 1
    return JsonResponse({"count": request.session["count"]})


def cycle(request: Any) -> JsonResponse:
    """Somebody is signed out everywhere while their own request runs, and that asks for another key."""
    assert request.user.is_authenticated
    auth = config.auth()
    account = config.run(auth.find_account(request.limen.identity.account))
    config.run(auth.revoke_sessions(account))
    request.session.cycle_key()
    return JsonResponse({})


@csrf_exempt
def exempt(request: Any) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username()})


urlpatterns = [
    path("", front),
    path("admin/", admin.site.urls),
    path("login/", views.LoginView.as_view(template_name="admin/login.html")),
    path("logout/", views.LogoutView.as_view(next_page="/")),
    path("password/", views.PasswordChangeView.as_view(success_url="/me")),
    path("whoever", whoever),
    path("whoever-async", whoever_async),
    path("me", me),
    path("notes", notes),
    path("notes-async", notes_async),
    path("fresh", Fresh.as_view()),
    path("fresh-async", FreshAsync.as_view()),
    path("fresh-async-called", fresh_login_required()(Plain.as_view())),
    path("count", count),
    path("exempt", exempt),
    path("cycle", cycle),
    path("", include("limen.django.urls")),
]
