"""The addresses: the application's own, the admin's, and Limen's."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from examples.django_app import views

urlpatterns = [
    path("", views.home),
    path("me", views.me),
    path("notes", views.notes),
    path("fresh", views.fresh),
    path("site-admin/", admin.site.urls),  # /admin is Limen's own
    path("", include("limen.django.urls")),
]
