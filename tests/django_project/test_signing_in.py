"""Django's own ways in and out, with Limen behind them."""

from __future__ import annotations

from typing import Any

from django.test import Client

from limen.django import config
from limen.django.models import Link
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
