"""A page that is asked for after its token ran out goes by the one path that the refresh cookie is sent to.

With the hybrid a token lasts a quarter of an hour, and whoever reads on has a session that is alive: they are
led there and back (docs/decisions/0021), and not to the sign-in.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers

from limen.django import config
from limen.next_url import safe_next


def place() -> str:
    """Where a token is renewed on the way to a page, as Django looks for it among its addresses."""
    return f"{config.auth().settings.prefix}/refresh/page"


def is_included(urlconf: Any = None) -> bool:
    """Whether `limen.django.urls` is included: without it nothing is renewed."""
    try:
        return bool(resolve(place(), urlconf).view_name == "limen")
    except Resolver404:
        return False


def detour(request: Any) -> HttpResponse | None:
    """The way there, for a browser that goes to a page without a token and has what renews it."""
    if not _goes_to_a_page(request) or not request.limen.is_renewable():
        return None
    here = request.get_full_path()
    ours = request.path_info.startswith(f"{config.auth().settings.prefix}/")
    if ours or safe_next(here, default="") != here or not is_included(getattr(request, "urlconf", None)):
        return None
    root = str(request.META.get("SCRIPT_NAME", "")).rstrip("/")
    response = HttpResponseRedirect(f"{root}{place()}?{urlencode({'next': here})}")
    response.headers["cache-control"] = "no-store"
    patch_vary_headers(response, ("Cookie",))
    return response


def send_back(request: Any, response: Any) -> None:
    """Nothing could be renewed, and the browser is told so: back to the page, which knows where its strangers
    sign in."""
    if "location" in response.headers:
        onward = safe_next(request.GET.get("next", ""), default=response.headers["location"])
        response.headers["location"] = onward


def _goes_to_a_page(request: Any) -> bool:
    said = request.META
    return (
        request.method == "GET"
        and "text/html" in said.get("HTTP_ACCEPT", "")
        and said.get("HTTP_SEC_FETCH_MODE", "navigate") == "navigate"
        and "HTTP_AUTHORIZATION" not in said
    )
