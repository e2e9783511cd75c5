"""One password in two tables: whichever side changes it, and the way in and out."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import authenticate, get_user_model, login
from django.contrib.auth.hashers import check_password, make_password
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.test.utils import override_settings

from limen import Denied
from limen.django import config
from limen.django.backend import TooManyAttempts
from limen.django.balance import balance, forget, others
from limen.django.models import Link
from limen.django.sessions import SessionStore
from limen.passwords import Hasher
from support.django_site import PASSWORD, FewRounds

FRESH = "another battery, another staple"


def account_of(user: Any) -> Any:
    return config.run(config.auth().find_account(Link.objects.get(user=user).account))


def rows(database: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT * FROM auth_user ORDER BY id").fetchall()


def schema(database: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        ).fetchall()


STOCK = """
import json, sys
import django
from django.conf import settings
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    SECRET_KEY="x" * 50,
)
django.setup()
from django.contrib.auth import authenticate
tried = json.loads(sys.argv[2])
print(json.dumps([authenticate(username=name, password=word) is not None for name, word in tried]))
"""


def stock(database: Path, tried: list[tuple[str, str]]) -> list[bool]:
    """Who signs in to the same database by Django alone, with the settings that it comes with."""
    command = [sys.executable, "-c", STOCK, str(database), json.dumps(tried)]
    found: list[bool] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


def test_P10_a_hash_of_djangos_is_verified_and_upgraded_and_the_row_is_left(bare: Path, ada: Any) -> None:
    before = rows(bare)
    call_command("limen", "adopt", stdout=StringIO())
    assert account_of(ada).password == ada.password
    assert authenticate(None, username="ada", password=PASSWORD) == ada
    assert account_of(ada).password.startswith("$argon2id$")
    assert authenticate(None, username="ada", password=PASSWORD) == ada
    assert rows(bare) == before


@pytest.mark.parametrize("typed", ["ada", "ada@example.com", "ADA@Example.com"])
def test_people_sign_in_by_name_or_address(bare: Path, ada: Any, typed: str) -> None:
    call_command("limen", "adopt", stdout=StringIO())
    assert authenticate(None, username=typed, password=PASSWORD) == ada
    assert authenticate(None, username=typed, password="wrong") is None


@pytest.mark.parametrize("encoded", ["pbkdf2_sha256", "argon2", "bcrypt_sha256", "scrypt"])
def test_P10_every_format_of_djangos_goes_on_working(bare: Path, ada: Any, encoded: str) -> None:
    every = [
        "support.django_site.FewRounds",
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
        "django.contrib.auth.hashers.ScryptPasswordHasher",
    ]
    with override_settings(PASSWORD_HASHERS=every):
        made = make_password(PASSWORD, hasher=encoded)
    get_user_model().objects.filter(pk=ada.pk).update(password=made)
    call_command("limen", "adopt", stdout=StringIO())
    assert authenticate(None, username="ada", password=PASSWORD) == ada
    assert authenticate(None, username="ada", password=FRESH) is None


def test_A01_an_unknown_name_and_a_wrong_password_are_the_same(bare: Path, ada: Any) -> None:
    assert authenticate(None, username="nobody", password=PASSWORD) is None
    assert authenticate(None, username="ada", password=FRESH) is None
    ada.is_active = False
    ada.save()
    assert authenticate(None, username="ada", password=PASSWORD) is None


@pytest.mark.parametrize("upgraded", [False, True])
def test_A01_a_wrong_password_is_compared_with_a_hash_of_each_kind(
    bare: Path, ada: Any, monkeypatch: pytest.MonkeyPatch, upgraded: bool
) -> None:
    get_user_model().objects.create_user("bob", "bob@example.com", PASSWORD)
    call_command("limen", "adopt", stdout=StringIO())
    if upgraded:
        assert authenticate(None, username="ada", password=PASSWORD) == ada
    verified: list[str] = []
    verify = Hasher.verify

    def seen(self: Hasher, stored: str, password: str) -> Any:
        verified.append(stored)
        return verify(self, stored, password)

    monkeypatch.setattr(Hasher, "verify", seen)
    for name in ("ada", "nobody"):
        verified.clear()
        assert authenticate(None, username=name, password=FRESH) is None
        rounds = sum(int(one.split("$")[1]) for one in verified if one.startswith("pbkdf2_sha256$"))
        assert rounds == FewRounds.iterations
        assert len([one for one in verified if one.startswith("$argon2id$")]) == 1


def test_once_every_hash_is_limens_there_is_nothing_to_balance(bare: Path, ada: Any) -> None:
    call_command("limen", "adopt", stdout=StringIO())
    assert authenticate(None, username="ada", password=PASSWORD) == ada
    forget()
    assert balance(now=config.auth().clock.monotonic()) is None


@pytest.mark.parametrize(
    ("hasher", "stored", "beside"),
    [
        ("support.django_site.FewRounds", "pbkdf2_sha256$400$salt$x", ["pbkdf2_sha256$600$"]),
        ("support.django_site.FewRounds", "pbkdf2_sha256$1000$salt$x", []),
        ("support.django_site.FewRounds", "$argon2id$v=19$x", ["pbkdf2_sha256$1000$"]),
        ("django.contrib.auth.hashers.ScryptPasswordHasher", "$argon2id$v=19$x", ["scrypt$"]),
        ("django.contrib.auth.hashers.ScryptPasswordHasher", "scrypt$x", []),
    ],
)
def test_A01_what_is_left_to_do_is_done(hasher: str, stored: str, beside: list[str]) -> None:
    with override_settings(PASSWORD_HASHERS=[hasher]):
        found = others(stored)
    assert len(found) == len(beside)
    assert all(one.startswith(start) for one, start in zip(found, beside, strict=True))


def test_A05_guesses_are_throttled_and_the_form_says_so(bare: Path, ada: Any, client: Client) -> None:
    for _ in range(5):
        assert authenticate(None, username="ada", password="guess") is None
    with pytest.raises(TooManyAttempts):
        authenticate(None, username="ada", password=PASSWORD)
    answer = client.post("/login/", {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 200
    assert b"too many attempts" in answer.content


def test_authenticate_alone_opens_no_session(bare: Path, ada: Any) -> None:
    assert authenticate(None, username="ada", password=PASSWORD) == ada
    auth = config.auth()
    assert config.run(auth.store.sessions_of(account_of(ada).id, now=auth.clock.now())) == []


def test_S40_a_password_that_django_changes_ends_the_other_sessions_and_keeps_this_one(
    site: str, ada: Any, client: Client
) -> None:
    other = Client(headers={"host": "testserver.localhost"})
    for one in (client, other):
        one.post("/login/", {"username": "ada", "password": PASSWORD})
    form = {"old_password": PASSWORD, "new_password1": FRESH, "new_password2": FRESH}
    assert client.post("/password/", form).status_code == 302
    assert client.get("/whoever").json()["user"] == "ada"
    assert other.get("/whoever").json()["user"] == ("ada" if site == "jwt" else "")
    assert authenticate(None, username="ada", password=PASSWORD) is None
    assert authenticate(None, username="ada", password=FRESH) == ada


def test_the_session_after_a_new_password_is_from_somewhere(site: str, ada: Any, client: Client) -> None:
    """Of a list of sessions whose lines say nothing nobody knows which one to end."""
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    change = {"old_password": PASSWORD, "new_password1": FRESH, "new_password2": FRESH}
    client.post("/password/", change, headers={"user-agent": "A browser"})
    auth = config.auth()
    found = config.run(auth.store.sessions_of(account_of(ada).id, now=auth.clock.now()))
    assert [(one.source, one.user_agent) for one in found] == (
        [] if site == "jwt" else [("127.0.0.1", "A browser")]
    )


def test_S40_a_password_changed_past_every_signal_signs_nobody_in_who_had_the_old_one(
    site: str, ada: Any, client: Client
) -> None:
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    get_user_model().objects.filter(pk=ada.pk).update(password=make_password(FRESH))
    assert client.get("/whoever").json()["user"] == ""
    assert authenticate(None, username="ada", password=PASSWORD) is None
    assert authenticate(None, username="ada", password=FRESH) == ada


def test_S40_a_sign_in_that_began_before_a_change_does_not_bring_the_old_password_back(
    bare: Path, ada: Any
) -> None:
    proven = authenticate(None, username="ada", password=PASSWORD)
    changed = get_user_model().objects.get(pk=ada.pk)
    changed.set_password(FRESH)
    changed.save()
    request = RequestFactory().post("/login/")
    request.session = SessionStore()
    with pytest.raises(Denied):
        login(request, proven)
    with pytest.raises(Denied):
        config.run(config.auth().sign_in("ada@example.com", PASSWORD))
    assert config.run(config.auth().sign_in("ada@example.com", FRESH)).grant.credential


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
def test_S40_who_is_shut_out_past_every_signal_is_not_let_in_by_our_decorators_either(
    site: str, ada: Any, client: Client, change: dict[str, Any]
) -> None:
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    assert client.post("/fresh").status_code == 200
    get_user_model().objects.filter(pk=ada.pk).update(**change)
    assert client.get("/whoever").json()["user"] == ""
    answer = client.post("/fresh")
    assert (answer.status_code, answer.json()["code"]) == (401, "credential_invalid")


def test_a_password_that_limen_changes_is_djangos_at_the_next_sign_in(bare: Path, ada: Any) -> None:
    assert authenticate(None, username="ada", password=PASSWORD) == ada
    config.run(config.auth().set_password(account_of(ada), FRESH))
    assert authenticate(None, username="ada", password=FRESH) == ada
    ada.refresh_from_db()
    assert check_password(FRESH, ada.password)
    assert not check_password(PASSWORD, ada.password)


def test_a_password_that_limen_changes_is_djangos_as_soon_as_somebody_comes_with_it(
    site: str, ada: Any, client: Client
) -> None:
    assert authenticate(None, username="ada", password=PASSWORD) == ada
    auth = config.auth()
    config.run(auth.set_password(account_of(ada), FRESH))
    grant = config.run(auth.sign_in("ada@example.com", FRESH)).grant
    headers = {"authorization": f"Bearer {grant.credential}"}
    for _ in range(2):
        assert client.get("/whoever", headers=headers).json()["user"] == "ada"
    ada.refresh_from_db()
    assert check_password(FRESH, ada.password)


def test_who_is_inactive_when_adopted_cannot_sign_in_by_limens_routes_either(bare: Path, ada: Any) -> None:
    get_user_model().objects.filter(pk=ada.pk).update(is_active=False)
    call_command("limen", "adopt", stdout=StringIO())
    with pytest.raises(Denied):
        config.run(config.auth().sign_in("ada@example.com", PASSWORD))


def test_who_is_made_inactive_is_signed_out_and_who_is_deleted_is_gone(
    bare: Path, ada: Any, client: Client
) -> None:
    client.force_login(ada)
    account = account_of(ada)
    credential = client.cookies["sessionid"].value
    ada.is_active = False
    ada.save()
    with pytest.raises(Denied):
        config.run(config.auth().authenticate(credential))
    ada.is_active = True
    ada.save()
    assert account_of(ada).disabled is None
    ada.delete()
    assert config.run(config.auth().store.account(account.id)) is None


def test_an_address_that_is_taken_is_never_taken_over(bare: Path, ada: Any) -> None:
    config.run(config.auth().add_account("ada@example.com", FRESH))  # somebody who says so
    out = StringIO()
    call_command("limen", "adopt", stdout=out)
    assert "another account has this address" in out.getvalue()
    assert authenticate(None, username="ada", password=PASSWORD) == ada
    assert authenticate(None, username="ada", password=FRESH) is None
    assert authenticate(None, username="ada@example.com", password=FRESH) is None


def test_two_users_with_one_address_sign_in_by_name(bare: Path, ada: Any) -> None:
    bob = get_user_model().objects.create_user("bob", "Ada@example.com", FRESH)
    call_command("limen", "adopt", stdout=StringIO())
    assert authenticate(None, username="ada", password=PASSWORD) == ada
    assert authenticate(None, username="bob", password=FRESH) == bob
    assert authenticate(None, username="ada@example.com", password=PASSWORD) is None


def test_adopt_says_what_it_would_do_and_does_it_once(bare: Path, ada: Any) -> None:
    out = StringIO()
    call_command("limen", "adopt", "--dry-run", stdout=out)
    assert "1 users would be given an account; 0 had one before" in out.getvalue()
    assert not Link.objects.exists()
    call_command("limen", "adopt", stdout=StringIO())
    out = StringIO()
    call_command("limen", "adopt", stdout=out)
    assert "0 users were given an account; 1 had one before" in out.getvalue()


def test_the_way_out_leaves_the_tables_as_they_were(bare: Path, ada: Any, client: Client) -> None:
    bob = get_user_model().objects.create_user("bob", "bob@example.com", PASSWORD)
    call_command("migrate", "limen", "zero", verbosity=0)
    before, people = schema(bare), rows(bare)
    call_command("migrate", "limen", verbosity=0)
    call_command("limen", "adopt", stdout=StringIO())
    assert authenticate(None, username="ada", password=PASSWORD) == ada
    assert authenticate(None, username="bob", password=PASSWORD) == bob
    config.run(config.auth().set_password(account_of(bob), FRESH))
    call_command("limen", "leave", stdout=StringIO())
    assert check_password(FRESH, get_user_model().objects.get(pk=bob.pk).password)
    call_command("migrate", "limen", "zero", verbosity=0)
    assert schema(bare) == before
    assert rows(bare)[0] == people[0]
    changed = [one for one, two in zip(rows(bare)[1], people[1], strict=True) if one != two]
    assert len(changed) == 1  # the password that Limen was told to change, and nothing else
    found = stock(
        bare,
        [("ada", PASSWORD), ("ada", FRESH), ("bob", FRESH), ("bob", PASSWORD)],
    )
    assert found == [True, False, True, False]
    call_command("migrate", "limen", verbosity=0)  # and in again
    call_command("limen", "adopt", stdout=StringIO())
    assert authenticate(None, username="bob", password=FRESH) == bob


def test_a_dry_run_tells_who_will_sign_in_by_name(bare: Path, ada: Any) -> None:
    get_user_model().objects.create_user("bob", "Ada@example.com", FRESH)
    get_user_model().objects.create_user("eve", "eve@example.com", FRESH)
    config.run(config.auth().add_account("eve@example.com", FRESH))
    before, after = StringIO(), StringIO()
    call_command("limen", "adopt", "--dry-run", stdout=before)
    call_command("limen", "adopt", stdout=after)
    assert before.getvalue().replace("would be", "were") == after.getvalue()
    assert "user 3 (eve): another account has this address" in after.getvalue()
    assert "3 have no address of their own" in after.getvalue()


def test_whose_hash_is_empty_had_no_password_before(bare: Path, ada: Any) -> None:
    get_user_model().objects.filter(pk=ada.pk).update(password="")
    out = StringIO()
    call_command("limen", "adopt", stdout=out)
    assert "new password" not in out.getvalue()
    assert authenticate(None, username="ada", password="") is None


def test_before_the_tables_are_there_a_sentence_says_what_to_do(bare: Path, ada: Any) -> None:
    call_command("migrate", "limen", "zero", verbosity=0)
    for verb in ("adopt", "leave"):
        with pytest.raises(CommandError, match=r"manage\.py migrate limen"):
            call_command("limen", verb)
    call_command("migrate", "limen", verbosity=0)


def test_the_way_out_says_what_argon2_needs(bare: Path, ada: Any) -> None:
    call_command("limen", "adopt", stdout=StringIO())
    config.run(config.auth().set_password(account_of(ada), FRESH))
    for arguments in (("--dry-run",), ()):
        out = StringIO()
        call_command("limen", "leave", *arguments, stdout=out)
        assert "pip install 'django[argon2]'" in out.getvalue()


def test_an_account_that_is_in_no_database_signs_nobody_in_and_is_spoken_of(
    bare: Path, ada: Any, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """A relative path and another directory are enough for it."""
    call_command("limen", "adopt", stdout=StringIO())
    config.close()
    with override_settings(LIMEN={**settings.LIMEN, "database": f"sqlite:///{bare.parent}/other.db"}):
        answer = client.post("/login/", {"username": "ada", "password": PASSWORD})
        assert (answer.status_code, b"correct username" in answer.content) == (200, True)
        assert "is LIMEN['database'] the one of before?" in caplog.text
        ada.set_password(FRESH)
        ada.is_active = False
        ada.save()
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("limen", "adopt", stdout=out)
        assert "1 had one that is not in Limen's database" in out.getvalue()
        ada.is_active = True
        ada.save()
        call_command("limen", "leave", stdout=StringIO())
        call_command("limen", "adopt", stdout=StringIO())
        assert authenticate(None, username="ada", password=FRESH) == ada
