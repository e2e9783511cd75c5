"""The one Limen of a process, and the other one that Django's tests get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings, setup_test_environment, teardown_test_environment

from limen.django import config
from support.django_site import PASSWORD


@pytest.fixture
def tested() -> Iterator[None]:
    """As under `manage.py test` and pytest-django."""
    setup_test_environment()
    try:
        yield
    finally:
        teardown_test_environment()
        config.close()


def test_a_projects_tests_write_nothing_to_its_database(
    bare: Path, tested: None, ada: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment names, which may be where people sign in."""
    monkeypatch.setenv("LIMEN_DATABASE", f"sqlite:///{bare.parent}/limen.db")
    assert client.post("/login/", {"username": "ada", "password": PASSWORD}).status_code == 302
    assert client.get("/me").json()["user"] == "ada"
    assert config.auth().settings.database == "memory://"
    assert not (bare.parent / "limen.db").exists()


def test_one_that_was_made_before_the_tests_began_is_not_theirs(bare: Path) -> None:
    """Whoever imports the addresses makes it; pytest may as it collects, before Django's tests are set up."""
    real = config.auth()
    assert real.settings.database.startswith("sqlite:")
    setup_test_environment()
    try:
        assert config.auth().settings.database == "memory://"
        assert config.auth() is config.auth()
    finally:
        teardown_test_environment()
        config.close()


def test_sessions_of_tests_are_not_in_the_store_of_sessions_either(
    bare: Path, tested: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMEN_SESSION_STORE", "redis://127.0.0.1:1/0")
    assert config.auth().settings.session_store == ""


@pytest.mark.parametrize("way", ["login", "force_login"])
def test_the_test_client_signs_in_under_each_strategy(
    site: str, tested: None, ada: Any, client: Client, way: str
) -> None:
    if way == "login":
        assert client.login(username="ada", password=PASSWORD)
    else:
        client.force_login(ada)
    assert client.get("/me").json()["user"] == "ada"
    assert client.get("/count").json() == {"count": 1}
    assert client.get("/count").json() == {"count": 2}
    client.logout()
    assert client.get("/whoever").json() == {"user": "", "session": {}}


def test_elsewhere_no_key_of_a_session_stands_for_a_token(bare: Path, ada: Any, client: Client) -> None:
    with override_settings(LIMEN={**settings.LIMEN, "strategy": "hybrid"}):
        client.force_login(ada)
        assert client.get("/whoever").json()["user"] == ""


def test_it_can_be_named(bare: Path, tested: None, tmp_path: Path) -> None:
    named = f"sqlite:///{tmp_path}/tests.db"
    with override_settings(LIMEN={**settings.LIMEN, "test_database": named}):
        assert config.auth().settings.database == named


def test_elsewhere_it_is_the_one_that_was_chosen(bare: Path) -> None:
    assert config.auth().settings.database == settings.LIMEN["database"]
