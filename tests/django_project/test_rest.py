"""Django REST framework: Limen's credentials in its views, and refusals in its form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.test.utils import override_settings
from rest_framework.test import APIRequestFactory, force_authenticate

from limen.django import config, linking
from limen.django.models import Link
from support.django_rest import Api, Open
from support.django_site import PASSWORD, turned

OWN = {"origin": "http://testserver.localhost"}
FOREIGN = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}


@pytest.fixture(autouse=True)
def _rest() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="support.django_rest"):
        yield


@pytest.fixture
def browser(site: str, ada: Any) -> Client:
    """Signed in by Django's form, and Django's check against forged requests is on."""
    client = Client(enforce_csrf_checks=True, headers={"host": "testserver.localhost"})
    client.get("/login/")
    form = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    assert client.post("/login/", form).status_code == 302
    return client


@pytest.fixture
def program() -> Client:
    return Client(enforce_csrf_checks=True, headers={"host": "testserver.localhost"})


def bearer(ada: Any) -> dict[str, str]:
    linking.linked(ada)
    grant = config.run(config.auth().sign_in("ada@example.com", PASSWORD)).grant
    return {"authorization": f"Bearer {grant.credential}"}


def test_a_bearer_reads_and_writes(site: str, ada: Any, program: Client) -> None:
    headers = bearer(ada)
    told = {"user": "ada", "account": Link.objects.get(user=ada).account}
    assert program.get("/api", headers=headers).json() == told
    assert program.post("/api", headers=headers).json() == told


def test_a_stranger_is_401_and_told_how_to_come(site: str, program: Client) -> None:
    answer = program.get("/api")
    assert (answer.status_code, answer["www-authenticate"]) == (401, 'Bearer realm="limen"')
    assert program.get("/api/open").json() == {"user": ""}


@pytest.mark.parametrize("path", ["/api", "/api/open"])
def test_S37_a_bad_credential_is_401_also_where_strangers_may_come(
    site: str, program: Client, path: str
) -> None:
    for bad in ("nonsense", "of+another/kind="):
        answer = program.get(path, headers={"authorization": f"Bearer {bad}"})
        assert answer.status_code == 401
    assert 'error="invalid_token"' in answer["www-authenticate"]
    assert "nonsense" not in answer.content.decode()


def test_S20_a_cookie_writes_with_djangos_token_from_a_page_of_ours_alone(browser: Client) -> None:
    token = {"x-csrftoken": browser.cookies["csrftoken"].value}
    assert browser.get("/api").json()["user"] == "ada"
    assert browser.post("/api", headers=OWN).status_code == 403
    assert browser.post("/api", headers={**token, **FOREIGN}).status_code == 403
    assert browser.post("/api", headers={**token, **OWN}).json()["user"] == "ada"


def test_scopes_are_asked_for(site: str, ada: Any, program: Client) -> None:
    assert program.get("/api/notes").status_code == 401
    refused = program.get("/api/notes", headers=bearer(ada))
    assert refused.status_code == 403
    assert refused.json() == {"detail": "this needs a scope that you do not have"}
    account = config.run(config.auth().find_account(Link.objects.get(user=ada).account))
    config.run(config.auth().set_scopes(account, ("notes:read",)))
    assert program.get("/api/notes", headers=bearer(ada)).json()["user"] == "ada"


def test_who_is_shut_out_is_401(site: str, ada: Any, program: Client) -> None:
    headers = bearer(ada)
    get_user_model().objects.filter(pk=ada.pk).update(is_active=False)  # past every signal
    assert program.get("/api", headers=headers).status_code == 401


def test_limens_decorators_ask_here_too(bare: Path, ada: Any, program: Client) -> None:
    clock = turned()
    headers = bearer(ada)
    assert program.get("/api/transfer", headers=headers).json() == {"user": "ada"}
    clock.turn(301)
    answer = program.get("/api/transfer", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_too_old")


def test_it_is_503_while_nobody_can_tell(bare: Path, ada: Any, program: Client) -> None:
    clock = turned()
    headers = bearer(ada)
    (bare.parent / "limen.db").unlink()
    clock.turn(60)
    assert program.get("/api", headers=headers).status_code == 503


def test_a_cookie_whose_sign_in_has_ended_is_a_strangers(bare: Path, ada: Any, program: Client) -> None:
    """Or a view that signs in by this framework could not be asked before the browser has forgotten it."""
    program.cookies[config.auth().cookie_names.sid] = bearer(ada)["authorization"].removeprefix("Bearer ")
    account = config.run(config.auth().find_account(Link.objects.get(user=ada).account))
    config.run(config.auth().revoke_sessions(account))
    assert program.get("/api/open").json() == {"user": ""}
    refused = program.get("/api")
    assert (refused.status_code, 'error="invalid_token"' in refused["www-authenticate"]) == (401, True)


def test_without_the_middleware_a_sentence_says_so(bare: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="LimenMiddleware"):
        Api.as_view()(APIRequestFactory().get("/api"))


def test_a_factorys_request_is_whose_the_test_says(bare: Path, ada: Any) -> None:
    request = APIRequestFactory().get("/api/open")
    force_authenticate(request, user=ada)
    assert Open.as_view()(request).data == {"user": "ada"}
