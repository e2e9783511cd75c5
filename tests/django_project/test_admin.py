"""Sessions in Django's admin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from limen.audit import Wanted
from limen.django import config
from limen.django.models import Link
from support.django_site import PASSWORD

PAGE = "/admin/limen/livesession/"


@pytest.fixture
def staff(bare: Path) -> Client:
    """Signed in by the admin's own form."""
    get_user_model().objects.create_user("root", "root@example.com", PASSWORD, is_staff=True)
    client = Client(headers={"host": "testserver.localhost"})
    form = {"username": "root", "password": PASSWORD, "next": "/admin/"}
    assert client.post("/admin/login/", form).status_code == 302
    return client


def permit(*codes: str) -> None:
    root = get_user_model().objects.get(username="root")
    root.user_permissions.set(Permission.objects.filter(codename__in=codes, content_type__app_label="limen"))


def test_the_list_says_whose_where_from_and_which_is_this_one(
    staff: Client, ada: Any, client: Client
) -> None:
    permit("view_livesession")
    agent = {"user-agent": "<b>Firefox"}
    client.post("/login/", {"username": "ada", "password": PASSWORD}, headers=agent, REMOTE_ADDR="192.0.2.7")
    shown = staff.get(PAGE).content.decode()
    assert "192.0.2.7" in shown
    assert "&lt;b&gt;Firefox" in shown
    assert "root <strong>(this one)</strong>" in " ".join(shown.split())
    assert "ada <strong>" not in shown
    assert "End the selected sessions" not in shown
    found = staff.get(f"{PAGE}?q=ad").content.decode()
    assert "192.0.2.7" in found
    assert "this one" not in found


def test_ending_one_is_told_by_the_name_of_djangos_user(staff: Client, ada: Any, client: Client) -> None:
    permit("view_livesession", "delete_livesession")
    client.force_login(ada)
    account = Link.objects.get(user=ada).account
    auth = config.auth()
    (session,) = config.run(auth.store.sessions_of(account, now=auth.clock.now()))
    answer = staff.post(PAGE, {"_selected_action": [session.id, "no such session"]}, follow=True)
    assert b"1 ended" in answer.content
    assert client.get("/whoever").json()["user"] == ""
    root = get_user_model().objects.get(username="root")
    (entry,) = config.run(auth.store.entries(Wanted(event="session_ended_by_operator"), limit=10))
    assert (entry.actor, entry.account, entry.session) == (f"django:{root.pk}", account, session.id)


def test_permissions_are_asked_for(staff: Client, ada: Any, client: Client) -> None:
    client.force_login(ada)
    assert staff.get(PAGE).status_code == 403
    permit("view_livesession")
    auth = config.auth()
    account = Link.objects.get(user=ada).account
    (session,) = config.run(auth.store.sessions_of(account, now=auth.clock.now()))
    assert staff.post(PAGE, {"_selected_action": [session.id]}).status_code == 403
    assert client.get("/whoever").json()["user"] == "ada"
    assert client.get(PAGE).status_code == 302  # who is no staff is led to the sign-in
