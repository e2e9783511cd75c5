"""The same project with views of Django REST framework."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework.decorators import api_view, authentication_classes, permission_classes, renderer_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from limen.django.decorators import fresh_login_required
from limen.django.rest import LimenAuthentication, scopes
from support.django_urls import urlpatterns as before


class Api(APIView):
    authentication_classes = (LimenAuthentication,)
    permission_classes = (IsAuthenticated,)
    renderer_classes = (JSONRenderer,)

    def get(self, request: Any) -> Response:
        return Response({"user": request.user.get_username(), "account": request.auth.account})

    post = get


class Open(Api):
    permission_classes = ()

    def get(self, request: Any) -> Response:
        return Response({"user": request.user.get_username()})


class Notes(Api):
    permission_classes = (scopes("notes:read"),)


@api_view(["GET"])
@authentication_classes([LimenAuthentication])
@permission_classes([IsAuthenticated])
@renderer_classes([JSONRenderer])
@fresh_login_required(minutes=5)
def transfer(request: Any) -> Response:
    return Response({"user": request.user.get_username()})


urlpatterns = [
    path("api", Api.as_view()),
    path("api/open", Open.as_view()),
    path("api/notes", Notes.as_view()),
    path("api/transfer", transfer),
    *before,
]
