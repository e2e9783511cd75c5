"""Django's own ways in and out, with Limen behind them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from limen.django import config
from limen.django.models import Link, StoredSession
from support.django_site import PASSWORD


def sign_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post("/login/", {"username": "ada", "password": password})


def test_the_login_view_opens_a_session_of_limen(site: str, ada: Any, client: Client) -> None:
    assert client.get("/whoever").json()["user"] == ""
    assert sign_in(client).status_code == 302
    found = client.get("/me").json()
    assert found == {"user": "ada", "account": Link.objects.get(user=ada).account}
    if site != "jwt":
        sessions = config.run(
            config.auth().store.sessions_of(found["account"], now=config.auth().clock.now())
        )
        assert [one.strategy for one in sessions] == [site]


def test_a_revocation_elsewhere_ends_it(site: str, ada: Any, client: Client) -> None:
    sign_in(client)
    account = config.run(config.auth().find_account(Link.objects.get(user=ada).account))
    config.run(config.auth().revoke_sessions(account))
    assert client.get("/whoever").json()["user"] == ("ada" if site == "jwt" else "")


def test_logout_ends_it_for_whoever_copied_the_cookies(site: str, ada: Any, client: Client) -> None:
    sign_in(client)
    thief = Client(headers={"host": "testserver.localhost"})
    thief.cookies.load({name: morsel.value for name, morsel in client.cookies.items() if morsel.value})
    assert thief.get("/whoever").json()["user"] == "ada"
    client.post("/logout/")
    assert client.get("/whoever").json()["user"] == ""
    assert thief.get("/whoever").json()["user"] == ("ada" if site == "jwt" else "")


def test_S18_a_sign_in_is_over_with_djangos_session_of_it(site: str, ada: Any, client: Client) -> None:
    """Limen's own cookie is kept for longer than a short SESSION_COOKIE_AGE, and counts no more after it."""
    if site == "jwt":
        return  # where no session ends before the token
    sign_in(client)
    StoredSession.objects.update(expires=timezone.now() - timedelta(seconds=1))
    del client.cookies["sessionid"]
    assert client.get("/whoever").json() == {"user": "", "session": {}}
    account = Link.objects.get(user=ada).account
    assert config.run(config.auth().store.sessions_of(account, now=config.auth().clock.now())) == []


@pytest.mark.parametrize("path", ["/auth/session", "/auth/refresh", "/auth/refresh/page?next=/me"])
def test_S18_limens_own_routes_let_in_and_renew_nobody_after_it(
    site: str, ada: Any, client: Client, path: str
) -> None:
    if site == "jwt" or (site == "session" and path != "/auth/session"):
        return  # where no session ends before the token, or nothing is renewed
    sign_in(client)
    StoredSession.objects.update(expires=timezone.now() - timedelta(seconds=1))
    del client.cookies["sessionid"]
    if path == "/auth/refresh":
        own = {"origin": "http://testserver.localhost"}
        answer = client.post(path, content_type="application/json", headers=own)
    else:
        answer = client.get(path)
    assert answer.status_code in (401, 303)
    assert not any(one.value for one in answer.cookies.values())
    account = Link.objects.get(user=ada).account
    assert config.run(config.auth().store.sessions_of(account, now=config.auth().clock.now())) == []


def test_clearing_sessions_ends_the_sign_ins_that_ran_out(site: str, ada: Any, client: Client) -> None:
    sign_in(client)
    StoredSession.objects.update(expires=timezone.now() - timedelta(seconds=1))
    call_command("clearsessions")
    assert not StoredSession.objects.exists()
    assert client.get("/whoever").json()["user"] == ("ada" if site == "jwt" else "")


@pytest.mark.parametrize(
    ("said", "kept"),
    [({"SESSION_EXPIRE_AT_BROWSER_CLOSE": True}, {""}), ({"SESSION_COOKIE_AGE": 60}, {60})],
)
def test_no_cookie_outlives_djangos_own(
    site: str, ada: Any, client: Client, said: dict[str, Any], kept: set[Any]
) -> None:
    with override_settings(**said):
        answer = sign_in(client)
        names = config.auth().cookie_names
        ours = {name for name in answer.cookies if name != "csrftoken" and answer.cookies[name].value}
        assert {answer.cookies[name]["max-age"] for name in ours} <= kept
        assert names.refreshes in ours or site != "hybrid"
        if site == "hybrid":
            again = client.get("/auth/refresh/page?next=/me")
            assert again.status_code == 303
            assert {one["max-age"] for one in again.cookies.values() if one.value} <= kept
