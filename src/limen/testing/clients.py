"""HTTP clients for an ASGI application, strangers and signed-in ones, without a socket."""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx2

from limen.auth import Limen
from limen.errors import Rejected
from limen.sessions import StrategyName
from limen.settings import Transport
from limen.strategies.base import Grant

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery staple"  # noqa: S105 - for accounts of tests


def stranger(app: Any, auth: Limen, *, headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
    """A client with no credential, whose requests come from the issuer's own pages."""
    issuer = auth.settings.issuer
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(
        transport=transport, base_url=issuer, headers={"Origin": origin(auth)} | (headers or {})
    )


async def signed_in(
    app: Any,
    auth: Limen,
    email: str = EMAIL,
    *,
    transport: Transport | str = Transport.BEARER,
    password: str = PASSWORD,
    scopes: tuple[str, ...] | None = None,
) -> httpx2.AsyncClient:
    """A client that is signed in as `email`; the account is made if it is missing. `scopes` are its own."""
    grant = await sign_in(auth, email, password=password, scopes=scopes)
    client = stranger(app, auth)
    present(client, auth, grant, transport=transport)
    return client


async def sign_in(
    auth: Limen, email: str = EMAIL, *, password: str = PASSWORD, scopes: tuple[str, ...] | None = None
) -> Grant:
    """Sign in for real, with an account that is made if it is missing."""
    try:
        await auth.add_account(email, password, scopes=scopes)
    except Rejected as error:
        if error.code != "account_exists":
            raise
    return (await auth.sign_in(email, password)).grant


class WSGIClient(Protocol):
    """The test client of Flask, or of another framework on Werkzeug."""

    environ_base: Any

    def set_cookie(self, key: str, value: str = "", *, path: str = "/") -> None: ...


def present(
    client: httpx2.AsyncClient | httpx2.Client | WSGIClient,
    auth: Limen,
    grant: Grant,
    *,
    transport: Transport | str,
) -> None:
    """Let a client present what was granted, as a browser (`cookie`) or as an API client (`bearer`) does.

    Works for any httpx2 client, so for the TestClient of Starlette and FastAPI too, and for Flask's.
    """
    if not isinstance(client, httpx2.AsyncClient | httpx2.Client):
        _present_by_environ(client, auth, grant, transport=Transport(transport))
        return
    if Transport(transport) is Transport.BEARER:
        client.headers["Authorization"] = f"Bearer {grant.credential}"
        return
    client.headers["Origin"] = origin(auth)
    names, domain = auth.cookie_names, _cookie_domain(auth)
    name = names.sid if grant.strategy is StrategyName.SESSION else names.token
    client.cookies.set(name, grant.credential, domain=domain)
    if grant.refresh is not None:
        client.cookies.set(
            names.refresh, grant.refresh, domain=domain, path=f"{auth.settings.prefix}/refresh"
        )
        client.cookies.set(names.refreshes, grant.session, domain=domain)


def _present_by_environ(client: WSGIClient, auth: Limen, grant: Grant, *, transport: Transport) -> None:
    if transport is Transport.BEARER:
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {grant.credential}"
        return
    client.environ_base["HTTP_ORIGIN"] = origin(auth)
    names = auth.cookie_names
    client.set_cookie(names.sid if grant.strategy is StrategyName.SESSION else names.token, grant.credential)
    if grant.refresh is not None:
        client.set_cookie(names.refresh, grant.refresh, path=f"{auth.settings.prefix}/refresh")
        client.set_cookie(names.refreshes, grant.session or "")


def origin(auth: Limen) -> str:
    """The issuer's origin, which is what a browser on its pages sends."""
    parts = urlsplit(auth.settings.issuer)
    return f"{parts.scheme}://{parts.netloc}"


def _cookie_domain(auth: Limen) -> str:
    """The domain under which a cookie jar keeps host-only cookies, so that an answer replaces ours."""
    host = urlsplit(auth.settings.issuer).hostname or ""
    return host if "." in host else f"{host}.local"
