"""Requests that another site makes a browser send; and bearers, which no browser sends by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from limen.django import config, linking
from support.django_site import PASSWORD

OWN = {"origin": "http://testserver.localhost"}
FOREIGN = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}


@pytest.fixture
def browser(site: str, ada: Any) -> Client:
    """Signed in, and Django's check is on."""
    client = Client(enforce_csrf_checks=True, headers={"host": "testserver.localhost"})
    client.get("/login/")
    token = client.cookies["csrftoken"].value
    form = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert client.post("/login/", form).status_code == 302
    return client


@pytest.fixture
def bearer(site: str, ada: Any) -> dict[str, str]:
    linking.linked(ada)
    grant = config.run(config.auth().sign_in("ada@example.com", PASSWORD)).grant
    return {"authorization": f"Bearer {grant.credential}"}


def token_of(client: Client) -> dict[str, str]:
    return {"x-csrftoken": client.cookies["csrftoken"].value}


def test_S20_a_cookie_without_djangos_token_is_refused(browser: Client) -> None:
    assert browser.post("/fresh", headers=OWN).status_code == 403


def test_S20_a_cookie_with_djangos_token_is_taken(browser: Client) -> None:
    assert browser.post("/fresh", headers=token_of(browser)).status_code == 200


def test_S20_a_foreign_origin_is_refused_whatever_token_it_has(browser: Client) -> None:
    answer = browser.post("/fresh", headers={**token_of(browser), **FOREIGN})
    assert answer.status_code == 403


def test_S20_a_view_that_is_exempt_from_djangos_check_knows_nobody_from_elsewhere(browser: Client) -> None:
    assert browser.post("/exempt", headers=FOREIGN).json()["user"] == ""
    assert browser.post("/exempt").json()["user"] == ""  # nobody says where it came from
    assert browser.post("/exempt", headers=OWN).json()["user"] == "ada"


def test_a_bearer_needs_no_token_of_djangos(site: str, bearer: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "testserver.localhost"})
    assert client.post("/fresh", headers=bearer).json() == {"user": "ada"}


def test_S20_a_bad_bearer_does_not_turn_djangos_check_off(browser: Client) -> None:
    browser.cookies.pop("limen-token", None)
    browser.cookies.pop("limen-sid", None)
    answer = browser.post("/fresh", headers={"authorization": "Bearer nonsense"})
    assert answer.status_code == 403
    assert b"CSRF" in answer.content


def test_S12_a_bearer_beside_a_cookie_of_ours_is_nobody(browser: Client, bearer: dict[str, str]) -> None:
    assert browser.get("/whoever", headers=bearer).json()["user"] == ""


def test_a_bearer_does_not_see_the_session_of_somebody_else(
    site: str, ada: Any, bearer: dict[str, str]
) -> None:
    from django.contrib.auth import get_user_model

    bob = get_user_model().objects.create_user("bob", "bob@example.com", PASSWORD)
    client = Client(headers={"host": "testserver.localhost"})
    client.force_login(bob)
    client.get("/count")
    found = client.get("/whoever", headers=bearer).json()
    assert found == {"user": "ada", "session": {}}


def test_a_form_of_this_very_site_by_another_name_is_a_line_in_the_log(
    browser: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever forgot to name the address that people see would be led to the sign-in, and know of nothing."""
    browser.post("/exempt", headers={"origin": "http://192.0.2.7:8000"})
    (line,) = [record.getMessage() for record in caplog.records if record.name == "limen.django"]
    assert "'http://192.0.2.7:8000'" in line
    assert "LIMEN['issuer']" in line
