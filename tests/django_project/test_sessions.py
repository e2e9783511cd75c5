"""`SESSION_ENGINE = "limen.django.sessions"`: Django's contract, and what Limen adds to it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY, authenticate, get_user_model
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.db import connection, connections
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from limen.django import config
from limen.django.models import Link, StoredSession
from limen.django.sessions import SessionStore
from support.django_site import PASSWORD


@pytest.fixture
def store(bare: Path) -> SessionStore:
    return SessionStore()


def again(store: SessionStore) -> SessionStore:
    """The same session in another request."""
    return SessionStore(store.session_key)


def test_a_new_session_is_empty_and_unmodified(store: SessionStore) -> None:
    assert (store.modified, store.accessed, store.is_empty()) == (False, False, True)
    assert store.get("cat") is None
    assert (store.accessed, store.modified) == (True, False)


def test_it_behaves_as_a_dict(store: SessionStore) -> None:
    store["cat"] = "dog"
    store.update({"update key": 1})
    assert store.setdefault("foo", "bar") == "bar"
    assert store.setdefault("foo", "baz") == "bar"
    assert store.pop("some key", "does not exist") == "does not exist"
    assert sorted(store.keys()) == ["cat", "foo", "update key"]
    assert "cat" in store
    del store["cat"]
    assert not store.has_key("cat")
    store.clear()
    assert list(store.items()) == []


def test_save_makes_a_key_and_load_finds_what_was_saved(store: SessionStore) -> None:
    store["cat"] = "dog"
    assert store.session_key is None
    store.save()
    assert store.exists(store.session_key or "")
    assert again(store)["cat"] == "dog"


def test_save_with_must_create_refuses_a_key_that_is_taken(store: SessionStore) -> None:
    store.create()
    with pytest.raises(CreateError):
        again(store).save(must_create=True)


def test_save_does_not_bring_back_what_was_deleted_meanwhile(store: SessionStore) -> None:
    store["a"] = 1
    store.save()
    other = again(store)
    other["b"] = 2
    store.delete()
    with pytest.raises(UpdateError):
        other.save()
    assert not store.exists(other.session_key or "")


def test_a_key_that_nobody_made_is_not_taken_over(store: SessionStore) -> None:
    chosen = SessionStore("1" * 32)
    assert chosen.get("a") is None
    chosen["a"] = 1
    chosen.save()
    assert chosen.session_key not in (None, "1" * 32)


@pytest.mark.parametrize("key", ["", "short"])
def test_a_key_that_is_too_short_is_none(store: SessionStore, key: str) -> None:
    assert SessionStore(key).session_key is None


def test_delete_and_flush(store: SessionStore) -> None:
    store["a"] = 1
    store.save()
    key = store.session_key or ""
    store.flush()
    assert (store.exists(key), store.session_key, store.is_empty()) == (False, None, True)
    assert store.modified
    store.delete()  # nothing to delete is no error


def test_cycle_key_keeps_the_data_under_another_key(store: SessionStore) -> None:
    store["a"] = 1
    store.save()
    before = store.session_key or ""
    store.cycle_key()
    store.save()
    assert store.session_key != before
    assert not store.exists(before)
    assert again(store)["a"] == 1


def test_cycle_key_of_a_session_without_a_key(store: SessionStore) -> None:
    store["a"] = 1
    store.cycle_key()
    assert store["a"] == 1
    assert store.session_key is not None


def test_expiry(store: SessionStore) -> None:
    assert store.get_expiry_age() == settings.SESSION_COOKIE_AGE
    store.set_expiry(10)
    assert store.get_expiry_age() == 10
    store.set_expiry(timedelta(seconds=100))
    assert 98 <= store.get_expiry_age() <= 100
    store.set_expiry(0)
    assert store.get_expire_at_browser_close()
    store.set_expiry(None)
    assert not store.get_expire_at_browser_close()


def test_what_has_run_out_is_not_loaded_and_is_cleared(store: SessionStore) -> None:
    store["a"] = 1
    store.set_expiry(-10)
    store.save()
    kept = SessionStore()
    kept.create()
    assert again(store).get("a") is None
    SessionStore.clear_expired()
    assert not store.exists(store.session_key or "")
    assert kept.exists(kept.session_key or "")


def test_data_of_another_key_of_django_is_empty_and_no_error(store: SessionStore) -> None:
    store["a"] = 1
    store.save()
    with override_settings(SECRET_KEY="another one, that this was not signed with, and long enough"):
        assert again(store).get("a") is None


@pytest.mark.anyio
async def test_the_async_twins(bare: Path) -> None:
    store = SessionStore()
    await store.aset("a", 1)
    await store.asave()
    key = store.session_key or ""
    assert await store.aexists(key)
    assert await SessionStore(key).aget("a") == 1
    await store.acycle_key()
    await store.asave()
    assert not await store.aexists(key)
    await store.aset_expiry(-10)
    await store.asave()
    await SessionStore.aclear_expired()
    assert not await store.aexists(store.session_key or "")
    await store.acreate()
    await store.aflush()
    assert store.session_key is None
    await sync_to_async(connections.close_all)()


def test_S01_no_table_holds_what_could_be_presented(bare: Path, ada: Any, client: Client) -> None:
    client.get("/count")
    anonymous = client.cookies["sessionid"].value
    client.force_login(ada)
    credential = client.cookies["sessionid"].value
    client.get("/count")
    connection.close()
    for file in (bare, bare.parent / "limen.db"):
        for part in (file, file.with_name(f"{file.name}-wal")):
            content = part.read_bytes() if part.exists() else b""
            assert anonymous.encode() not in content
            assert credential.encode() not in content
    for row in StoredSession.objects.all():
        assert SessionStore(row.digest).get(SESSION_KEY) is None


def test_the_key_of_whoever_signed_in_is_the_session_credential(bare: Path, ada: Any, client: Client) -> None:
    client.force_login(ada)
    identity = config.run(config.auth().authenticate(client.cookies["sessionid"].value))
    assert identity.account == Link.objects.get(user=ada).account


def test_signing_in_keeps_what_the_stranger_had_and_changes_the_key(
    bare: Path, ada: Any, client: Client
) -> None:
    client.get("/count")
    before = client.cookies["sessionid"].value
    client.force_login(ada)
    assert client.get("/count").json() == {"count": 2}
    assert client.cookies["sessionid"].value != before
    stranger = Client(headers={"host": "testserver.localhost"})
    stranger.cookies["sessionid"] = before  # whoever had planted it
    assert stranger.get("/whoever").json() == {"user": "", "session": {}}


def test_S36_a_session_that_was_revoked_elsewhere_is_empty_here(bare: Path, ada: Any, client: Client) -> None:
    client.force_login(ada)
    client.get("/count")
    auth = config.auth()
    account = config.run(auth.find_account(Link.objects.get(user=ada).account))
    config.run(auth.revoke_sessions(account))
    assert client.get("/whoever").json() == {"user": "", "session": {}}
    assert not StoredSession.objects.exists()


def test_the_session_runs_out_by_djangos_rules_too(bare: Path, ada: Any, client: Client) -> None:
    client.force_login(ada)
    StoredSession.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert client.get("/whoever").json() == {"user": "", "session": {}}


def test_flush_ends_the_session_of_limen(bare: Path, ada: Any, client: Client) -> None:
    client.force_login(ada)
    credential = client.cookies["sessionid"].value
    store = SessionStore(credential)
    store["theme"] = "dark"
    assert store.sid
    store.flush()
    assert not store.sid  # whoever signs in next ends no session of another account
    from limen import Denied

    with pytest.raises(Denied):
        config.run(config.auth().authenticate(credential))


def test_cycle_key_of_somebody_signed_in_is_another_session_as_old_as_before(
    bare: Path, ada: Any, client: Client
) -> None:
    client.force_login(ada)
    store = SessionStore(client.cookies["sessionid"].value)
    store["a"] = 1
    before = config.run(config.auth().authenticate(store.session_key or ""))
    store.cycle_key()
    store.save()
    after = config.run(config.auth().authenticate(store.session_key or ""))
    assert after.session != before.session
    assert after.authenticated == before.authenticated
    assert again(store)["a"] == 1


def test_cycle_key_does_not_revive_what_was_revoked_while_a_request_ran(
    bare: Path, ada: Any, client: Client
) -> None:
    client.force_login(ada)
    store = SessionStore(client.cookies["sessionid"].value)
    assert store[SESSION_KEY] == str(ada.pk)
    auth = config.auth()
    config.run(auth.revoke_sessions(config.run(auth.find_account(Link.objects.get(user=ada).account))))
    store.cycle_key()
    assert store.get(SESSION_KEY) is None
    assert store.credential is None


def test_cycle_key_in_a_request_does_not_revive_it_either(site: str, ada: Any, client: Client) -> None:
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    assert client.get("/cycle").status_code == 200
    assert client.get("/whoever").json()["user"] == ("ada" if site == "jwt" else "")


def test_another_user_on_the_same_browser_gets_nothing_of_the_first(
    site: str, ada: Any, client: Client
) -> None:
    bob = get_user_model().objects.create_user("bob", "bob@example.com", PASSWORD)
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    client.get("/count")
    first = {name: morsel.value for name, morsel in client.cookies.items() if morsel.value}
    client.post("/login/", {"username": "bob", "password": PASSWORD})
    assert client.get("/whoever").json()["user"] == "bob"
    assert client.get("/count").json() == {"count": 1}
    before = Client(headers={"host": "testserver.localhost"})
    before.cookies.load(first)
    assert before.get("/whoever").json()["user"] == ("ada" if site == "jwt" else "")
    assert bob.pk != ada.pk


def test_S36_what_looks_at_the_session_before_limen_shows_nothing_of_another_user(
    site: str, ada: Any, client: Client
) -> None:
    get_user_model().objects.create_user("bob", "bob@example.com", PASSWORD)
    assert authenticate(None, username="bob", password=PASSWORD) is not None
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    client.get("/count")
    key = client.cookies["sessionid"].value
    grant = config.run(config.auth().sign_in("bob@example.com", PASSWORD)).grant
    client.cookies.clear()
    client.cookies["sessionid"], client.cookies[config.auth().cookie] = key, grant.credential
    with override_settings(CSRF_USE_SESSIONS=True):  # Django's check looks there, and stands above Limen
        found = client.get("/whoever").json()
    assert found["user"] == "bob"
    assert "count" not in found["session"]
    assert SESSION_KEY not in found["session"]


def test_the_engine_works_with_djangos_own_middleware(bare: Path, ada: Any, client: Client) -> None:
    stock = [
        "django.contrib.auth.middleware.AuthenticationMiddleware" if "limen" in path else path
        for path in settings.MIDDLEWARE
    ]
    with override_settings(MIDDLEWARE=stock):
        client = Client(headers={"host": "testserver.localhost"})
        client.force_login(ada)
        assert client.get("/whoever").json()["user"] == "ada"
        auth = config.auth()
        config.run(auth.revoke_sessions(config.run(auth.find_account(Link.objects.get(user=ada).account))))
        assert client.get("/whoever").json() == {"user": "", "session": {}}
