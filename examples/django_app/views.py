"""Views for programs. Those that a form of a page posts to keep Django's own check, and need no decorator."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from limen.django.decorators import fresh_login_required, scopes_required


def home(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"signed_in": request.limen.known is not None})


@scopes_required()
def me(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"account": request.limen.identity.account})


@scopes_required("notes:read")
async def notes(request: HttpRequest) -> JsonResponse:
    identity = await request.limen.aidentity()
    return JsonResponse({"notes": [f"a note of {identity.account}"]})


@csrf_exempt  # a program has no token of Django's; Limen's own rule about origins holds here
@require_POST
@fresh_login_required(minutes=5)
def fresh(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"account": request.limen.identity.account})
