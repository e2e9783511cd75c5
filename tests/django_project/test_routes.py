"""Limen's own routes inside Django, views that ask for more than a sign-in, and the commands."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.core.management import call_command
from django.db import connections
from django.test import AsyncClient, Client
from django.test.utils import override_settings

from limen.django import config, linking
from limen.django.caller import Caller
from limen.django.models import Link
from support.django_site import PASSWORD, turned

ORIGIN = {"origin": "http://testserver.localhost"}


@pytest.fixture
def creating(site: str) -> Iterator[str]:
    with override_settings(LIMEN={**settings.LIMEN, "create_users": True}):
        yield site
        config.close()


def post(client: Client, path: str, **body: str) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json", headers=ORIGIN)


def test_who_registers_by_limens_route_is_a_user_of_djangos(creating: str, client: Client) -> None:
    assert post(client, "/auth/register", email="eve@example.com", password=PASSWORD).status_code == 202
    answer = post(client, "/auth/login", email="eve@example.com", password=PASSWORD, transport="cookie")
    assert answer.status_code == 200
    assert client.get("/me").json()["user"] == "eve@example.com"
    eve = get_user_model().objects.get(username="eve@example.com")
    assert check_password(PASSWORD, eve.password)
    answer = post(client, "/auth/logout")
    assert answer.status_code == 200, answer.content
    assert client.get("/whoever").json()["user"] == ""


def test_who_signed_in_by_limens_route_stays_so_over_a_change_by_djangos_form(
    creating: str, client: Client
) -> None:
    fresh = "another battery, another staple"
    post(client, "/auth/register", email="eve@example.com", password=PASSWORD)
    post(client, "/auth/login", email="eve@example.com", password=PASSWORD, transport="cookie")
    form = {"old_password": PASSWORD, "new_password1": fresh, "new_password2": fresh}
    assert client.post("/password/", form).status_code == 302
    assert client.get("/whoever").json()["user"] == "eve@example.com"
    gone = post(Client(headers=ORIGIN), "/auth/login", email="eve@example.com", password=PASSWORD)
    assert gone.status_code == 401


def test_who_registers_with_the_name_of_a_user_does_not_become_it(
    creating: str, client: Client, bare: Path
) -> None:
    get_user_model().objects.create_user("eve@example.com", "other@example.com", "the real one's password")
    get_user_model().objects.create_user("mallory", "Mallory@example.com", "the real one's password")
    for email in ("eve@example.com", "mallory@example.com"):
        post(client, "/auth/register", email=email, password=PASSWORD)
        post(client, "/auth/login", email=email, password=PASSWORD, transport="cookie")
        assert client.get("/whoever").json()["user"] == ""


def test_a_page_of_limens_is_shown(bare: Path, client: Client) -> None:
    answer = client.get("/sign-in")
    assert answer.status_code == 200
    assert answer["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer["content-security-policy"]
    assert client.get("/.well-known/jwks.json").json()["keys"]
    assert client.get("/sign-in/nothing").status_code == 404


def test_the_account_of_a_login_by_django_is_known_to_limens_routes(
    site: str, ada: Any, client: Client
) -> None:
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    assert client.get("/auth/session").json()["account"] == Link.objects.get(user=ada).account
    assert len(client.get("/auth/sessions").json()["sessions"]) == (0 if site == "jwt" else 1)


def test_scopes_and_fresh_sign_ins_are_asked_for(site: str, ada: Any, client: Client) -> None:
    assert client.get("/notes").status_code == 401
    led = client.get("/notes", headers={"accept": "text/html"})
    assert (led.status_code, led["location"]) == (302, "/login/?next=/notes")
    linking.linked(ada)
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    refused = client.get("/notes")
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert client.post("/fresh").json() == {"user": "ada"}
    auth = config.auth()
    account = config.run(auth.find_account(Link.objects.get(user=ada).account))
    config.run(auth.set_scopes(account, ("notes:read",)))
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    assert client.get("/notes").status_code == 200
    assert client.get("/notes-async").status_code == 200


@pytest.mark.parametrize(("said", "led"), [({}, "/login/"), ({"step_up_url": "/prove/"}, "/prove/")])
def test_a_page_that_wants_a_newer_proof_leads_to_where_it_is_given(
    bare: Path, ada: Any, client: Client, said: dict[str, str], led: str
) -> None:
    with override_settings(LIMEN={**settings.LIMEN, **said}):
        clock = turned()
        client.post("/login/", {"username": "ada", "password": PASSWORD})
        clock.turn(301)
        assert client.post("/fresh").json()["code"] == "authentication_too_old"
        answer = client.get("/fresh", headers={"accept": "text/html"})
        assert (answer.status_code, answer["location"]) == (302, f"{led}?next=/fresh")
        client.post("/login/", {"username": "ada", "password": PASSWORD})
        assert client.post("/fresh").json() == {"user": "ada"}


def test_pages_are_503_while_nobody_can_tell_whose_they_are(bare: Path, ada: Any, client: Client) -> None:
    clock = turned()
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    client.get("/count")
    (bare.parent / "limen.db").unlink()
    clock.turn(60)
    answer = client.get("/whoever")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


@pytest.mark.anyio
async def test_the_same_on_a_loop(site: str, ada: Any) -> None:
    client = AsyncClient(headers={"host": "testserver.localhost"})
    await client.post("/login/", {"username": "ada", "password": PASSWORD})
    assert (await client.get("/whoever-async")).json() == {"user": "ada"}
    assert (await client.get("/notes-async")).status_code == 403
    grant = (await config.arun(config.auth().sign_in("ada@example.com", PASSWORD))).grant
    bearer = AsyncClient(enforce_csrf_checks=True, headers={"host": "testserver.localhost"})
    authorization = {"authorization": f"Bearer {grant.credential}"}
    assert (await bearer.post("/fresh", headers=authorization)).json() == {"user": "ada"}
    assert (await bearer.get("/.well-known/jwks.json")).status_code == 200
    await sync_to_async(connections.close_all)()


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/fresh-async", "/fresh-async-called"])
async def test_a_class_that_awaits_is_asked_without_holding_up_the_loop(
    site: str, ada: Any, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = AsyncClient(headers={"host": "testserver.localhost"})
    assert (await client.post(path)).status_code == 401
    await client.post("/login/", {"username": "ada", "password": PASSWORD})
    threads: list[int] = []
    find = Caller._find

    def seen(self: Caller) -> Any:
        threads.append(threading.get_ident())
        return find(self)

    monkeypatch.setattr(Caller, "_find", seen)
    answer = await client.post(path)
    link = await Link.objects.aget(user=ada)
    assert answer.json() == {"account": link.account}
    assert threads
    assert threading.get_ident() not in threads
    await sync_to_async(connections.close_all)()


def test_manage_py_limen_has_the_verbs_of_limen(
    bare: Path, ada: Any, client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    client.force_login(ada)
    account = Link.objects.get(user=ada).account
    config.close()
    call_command("limen", "session", "list", account, "--json")
    (session,) = json.loads(capfd.readouterr().out)["sessions"]
    call_command("limen", "session", "revoke", session["id"])
    assert client.get("/whoever").json()["user"] == ""


def test_the_migration_makes_what_the_models_say(bare: Path) -> None:
    call_command("makemigrations", "limen", "--check", "--dry-run", verbosity=0)


def test_the_routes_are_made_once_and_nothing_grows_with_requests(
    bare: Path, ada: Any, client: Client
) -> None:
    """Made anew for each, they forgot which forms were sent, and the canary kept every one of them."""
    client.get("/auth/session")
    before = len(config.auth().canary.ended)
    for _ in range(3):
        client.get("/auth/session")
        client.post("/login/", {"username": "ada", "password": PASSWORD})
    assert len(config.auth().canary.ended) == before


def test_what_an_answer_varies_by_is_said_whole(bare: Path, client: Client) -> None:
    """With `origins` it is said twice, and a cache that hears the last of it gives one person's to all."""
    with override_settings(LIMEN={**settings.LIMEN, "origins": ["https://www.app.example"]}):
        config.close()
        assert set(client.get("/auth/session")["vary"].split(", ")) >= {"Cookie", "Origin"}
        assert set(client.get("/sign-in")["vary"].split(", ")) >= {"Cookie", "Accept-Language", "Origin"}
