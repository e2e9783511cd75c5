"""A request of Django's as Limen reads requests: raw headers, where it came from, by what."""

from __future__ import annotations

from typing import Any

from limen.django import config
from limen.environ import headers_of
from limen.proxies import Trusted, client_of

_USER_AGENT_MAX = 256


def source_of(request: Any) -> str:
    """The client's address, behind the proxies that `trusted_proxies` names; empty without a request."""
    if request is None:
        return ""
    trusted = Trusted.of(config.auth().settings.trusted_proxies)
    return client_of(headers_of(request.META), request.META.get("REMOTE_ADDR") or None, trusted).address


def user_agent_of(request: Any) -> str:
    """What the client calls itself, short and printable."""
    said = "" if request is None else str(request.META.get("HTTP_USER_AGENT", ""))[:_USER_AGENT_MAX]
    return "".join(c if c.isprintable() else "?" for c in said)


def scope_of(request: Any) -> dict[str, Any]:
    """As much of an ASGI scope as Limen looks at."""
    return {
        "type": "http",
        "method": request.method,
        "path": request.META.get("SCRIPT_NAME", "").rstrip("/") + request.path_info,
        "root_path": request.META.get("SCRIPT_NAME", "").rstrip("/"),
        "query_string": request.META.get("QUERY_STRING", "").encode("latin-1"),
        "headers": headers_of(request.META),
        "scheme": request.META.get("wsgi.url_scheme") or getattr(request, "scope", {}).get("scheme", "http"),
        "client": (request.META["REMOTE_ADDR"], 0) if request.META.get("REMOTE_ADDR") else None,
    }
