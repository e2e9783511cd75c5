"""A page after its token ran out: renewed on the way where the session lives, and a stranger's where not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.test.utils import override_settings
from django.urls import path

from limen.django import config, renewing
from limen.django.models import Link
from support.django_site import PASSWORD, turned

PAGE = {"accept": "text/html", "sec-fetch-mode": "navigate"}


@pytest.fixture
def hybrid(bare: Path) -> Iterator[None]:
    with override_settings(LIMEN={**settings.LIMEN, "strategy": "hybrid"}):
        yield
        config.close()


@pytest.fixture
def reader(hybrid: None, ada: Any, client: Client) -> Client:
    """Signed in, a quarter of an hour ago."""
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    client.get("/count")
    del client.cookies[config.auth().cookie_names.token]
    return client


def went(browser: Client, to: str) -> list[str]:
    """The addresses on the way, the last of which is a page."""
    way = [to]
    while (answer := browser.get(way[-1], headers=PAGE)).status_code in (302, 303):
        way.append(answer["location"])
    assert answer.status_code == 200
    return way


def test_a_page_is_renewed_on_the_way(reader: Client) -> None:
    answer = reader.get("/me?a=1&b=%C3%A4", headers=PAGE)
    assert answer.status_code == 302
    assert answer["location"] == "/auth/refresh/page?next=%2Fme%3Fa%3D1%26b%3D%25C3%25A4"
    assert answer["cache-control"] == "no-store"
    back = reader.get(answer["location"], headers=PAGE)
    assert (back.status_code, back["location"]) == (303, "/me?a=1&b=%C3%A4")
    assert reader.get(back["location"], headers=PAGE).json()["user"] == "ada"
    assert reader.get("/count", headers=PAGE).json() == {"count": 2}


def test_the_admin_goes_on_after_a_quarter_of_an_hour(reader: Client, ada: Any) -> None:
    ada.is_staff = ada.is_superuser = True
    ada.save()
    assert went(reader, "/admin/") == ["/admin/", "/auth/refresh/page?next=%2Fadmin%2F", "/admin/"]


def test_whose_session_has_ended_is_led_to_the_projects_own_sign_in(reader: Client, ada: Any) -> None:
    account = config.run(config.auth().find_account(Link.objects.get(user=ada).account))
    config.run(config.auth().revoke_sessions(account))
    assert went(reader, "/me")[2:] == ["/me", "/login/?next=/me"]


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "application/json"},
        {"accept": "text/html", "sec-fetch-mode": "cors"},
        {**PAGE, "authorization": "Bearer nonsense"},
    ],
)
def test_a_program_is_not_sent_anywhere(reader: Client, headers: dict[str, str]) -> None:
    assert "refresh" not in reader.get("/me", headers=headers).get("location", "")


def test_a_form_is_not_sent_anywhere(reader: Client) -> None:
    assert "refresh" not in reader.post("/me", headers=PAGE).get("location", "")


def test_A39_an_address_that_could_lead_elsewhere_is_not_taken_along(reader: Client) -> None:
    assert renewing.place() not in reader.get("/me?next=https://evil.example", headers=PAGE)["location"]


def test_without_limens_routes_nobody_is_sent_to_them(reader: Client) -> None:
    with override_settings(ROOT_URLCONF=(path("mine", lambda _: HttpResponse("mine")),)):
        assert not renewing.is_included()
        assert reader.get("/mine", headers=PAGE).content == b"mine"


def test_a_token_that_the_browser_keeps_for_longer_than_it_lasts_is_renewed(
    hybrid: None, ada: Any, client: Client
) -> None:
    """Where cookies are kept until the browser closes, nothing takes the token away when it runs out."""
    with override_settings(SESSION_EXPIRE_AT_BROWSER_CLOSE=True):
        clock = turned()
        client.post("/login/", {"username": "ada", "password": PASSWORD})
        clock.turn(16 * 60)
        assert went(client, "/me") == ["/me", "/auth/refresh/page?next=%2Fme", "/me"]


@pytest.mark.parametrize("token", ["x", "a.b.c", "a.e30.c", "a.W10.c", "a.eyJleHAiOiJ4In0.c"])
def test_what_is_no_token_is_sent_nowhere(reader: Client, token: str) -> None:
    reader.cookies[config.auth().cookie_names.token] = token
    assert renewing.place() not in reader.get("/me", headers=PAGE)["location"]


@pytest.mark.anyio
async def test_async_pages_are_renewed_too(reader: Client) -> None:
    browser = AsyncClient(headers={"host": "testserver.localhost"})
    browser.cookies = reader.cookies
    answer = await browser.get("/whoever-async", headers=PAGE)
    assert answer["location"] == "/auth/refresh/page?next=%2Fwhoever-async"
