"""`path("", include("limen.django.urls"))`: the routes of Limen, where its settings say."""

from __future__ import annotations

from django.urls import re_path

from limen.django.bridge import pattern, routes

urlpatterns = [re_path(pattern(), routes, name="limen")]
