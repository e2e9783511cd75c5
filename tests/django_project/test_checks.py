"""Every check of the settings: what sets it off, and that its hint names the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage
from django.test.utils import override_settings

from limen.django.checks import check_deployment, check_settings
from support.django_site import SECRET
from support.source import ROOT

MIDDLEWARE = "limen.django.middleware.LimenMiddleware"
STOCK = "django.contrib.auth.middleware.AuthenticationMiddleware"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
BACKEND = "limen.django.backend.LimenBackend"


def without(middleware: str) -> list[str]:
    return [path for path in settings.MIDDLEWARE if path != middleware]


def right(folder: Path) -> dict[str, Any]:
    """Settings that nothing is said about, `--deploy` included."""
    return {
        "LIMEN": {
            "database": f"sqlite:///{folder}/limen.db",
            "strategy": "session",
            "issuer": "https://app.example",
            "create_users": True,
        },
        "SESSION_COOKIE_SECURE": True,
    }


def said(change: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[CheckMessage]:
    if "secret" not in change.get("LIMEN", {}):
        monkeypatch.setenv("LIMEN_SECRET", SECRET)
    base = right(folder)
    limen = {**base["LIMEN"], **change.pop("LIMEN", {})}
    with override_settings(**{**base, **change, "LIMEN": limen}):
        return [*check_settings(), *check_deployment()]


def test_nothing_is_said_of_what_is_right(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said({}, tmp_path, monkeypatch) == []


class Elsewhere:
    """Users are in a database of their own, and nobody thought of Limen's tables."""

    def db_for_write(self, model: Any, **_: Any) -> str | None:
        return "people" if model._meta.app_label == "auth" else None


CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("limen.E001", "LIMEN", {"LIMEN": {"strategie": "session"}}),
    ("limen.E001", "LIMEN", {"LIMEN": {"issuer": "http://app.example"}}),
    (
        "limen.E002",
        MIDDLEWARE,
        {"MIDDLEWARE": "stock", "SESSION_ENGINE": "django.contrib.sessions.backends.db"},
    ),
    ("limen.E003", "SessionMiddleware", {"MIDDLEWARE": "first"}),
    ("limen.E004", "MessageMiddleware", {"MIDDLEWARE": "last"}),
    ("limen.E005", STOCK, {"MIDDLEWARE": "both"}),
    ("limen.E006", BACKEND, {"AUTHENTICATION_BACKENDS": [MODEL_BACKEND]}),
    ("limen.E007", MODEL_BACKEND, {"AUTHENTICATION_BACKENDS": [BACKEND, MODEL_BACKEND]}),
    ("limen.W008", "Argon2", {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]}),
    (
        "limen.W008",
        "LimenHasher",
        {
            "LIMEN": {"password_scheme": "bcrypt"},
            "PASSWORD_HASHERS": ["django.contrib.auth.hashers.PBKDF2PasswordHasher"],
        },
    ),
    ("limen.W010", "create_users", {"LIMEN": {"create_users": False}}),
    ("limen.E011", "LIMEN_SECRET", {"SECRET_KEY": SECRET, "LIMEN": {"secret": SECRET}}),
    ("limen.W012", "LIMEN_SECRET", {"LIMEN": {"secret": SECRET}}),
    ("limen.E013", "LIMEN['database']", {"LIMEN": {"database": "same"}}),
    ("limen.W014", "SESSION_ENGINE", {"SESSION_ENGINE": "django.contrib.sessions.backends.db"}),
    ("limen.W015", "LIMEN['issuer']", {"LIMEN": {"issuer": "http://localhost:8000"}}),
    ("limen.W016", "SESSION_COOKIE_SECURE = True", {"SESSION_COOKIE_SECURE": False}),
    ("limen.W017", "SESSION_COOKIE_HTTPONLY = True", {"SESSION_COOKIE_HTTPONLY": False}),
    ("limen.W017", "SESSION_COOKIE_DOMAIN", {"SESSION_COOKIE_DOMAIN": ".example"}),
    ("limen.W018", "LIMEN['origins']", {"CSRF_TRUSTED_ORIGINS": ["https://other.example"]}),
    (
        "limen.W019",
        "PASSWORD_HASHERS",
        {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]},
    ),
    ("limen.W020", "limen.django.urls", {"LIMEN": {"strategy": "hybrid"}, "ROOT_URLCONF": ()}),
    ("limen.W021", "LIMEN['issuer']", {"ALLOWED_HOSTS": ["www.app.example"]}),
    ("limen.E022", "DATABASE_ROUTERS", {"DATABASE_ROUTERS": [Elsewhere()]}),
]


@pytest.mark.parametrize(("found", "hint", "change"), CASES)
def test_each_is_said_and_its_hint_names_the_line(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str, hint: str, change: dict[str, Any]
) -> None:
    order = {
        "stock": lambda: [STOCK if path == MIDDLEWARE else path for path in settings.MIDDLEWARE],
        "first": lambda: [MIDDLEWARE, *without(MIDDLEWARE)],
        "last": lambda: [*without(MIDDLEWARE), MIDDLEWARE],
        "both": lambda: [*settings.MIDDLEWARE[:-2], STOCK, *settings.MIDDLEWARE[-2:]],
    }
    change = {name: dict(value) if isinstance(value, dict) else value for name, value in change.items()}
    if isinstance(change.get("MIDDLEWARE"), str):
        change["MIDDLEWARE"] = order[change["MIDDLEWARE"]]()
    if change.get("LIMEN", {}).get("database") == "same":
        change["LIMEN"]["database"] = f"sqlite:///{settings.DATABASES['default']['NAME']}"
    messages = said(change, tmp_path, monkeypatch)
    assert found in [one.id for one in messages]
    (message,) = [one for one in messages if one.id == found]
    assert message.hint is not None
    assert hint in message.hint
    assert ("E" in found) == message.is_serious()


def test_E001_says_where_what_is_missing_belongs(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIMEN_SECRET", raising=False)
    with override_settings(LIMEN={"issuer": "https://app.example"}):
        (message,) = [one for one in check_settings() if one.id == "limen.E001"]
    assert "LIMEN_SECRET in the environment" in (message.hint or "")


def test_E013_sees_the_same_file_by_another_path(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(settings.DATABASES["default"]["NAME"]).parent)
    database = f"sqlite:///{Path(settings.DATABASES['default']['NAME']).name}"
    messages = said({"LIMEN": {"database": database}}, tmp_path, monkeypatch)
    assert [one.id for one in messages] == ["limen.E013"]


def test_users_that_have_no_address_are_not_made(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_user_model(), "EMAIL_FIELD", "absent")
    (message,) = said({}, tmp_path, monkeypatch)
    assert message.id == "limen.E009"
    assert "EMAIL_FIELD" in (message.hint or "")


def test_every_check_has_a_case_and_a_line_in_the_documentation() -> None:
    source = (ROOT / "src/limen/django/checks.py").read_text()
    ids = {f"limen.{word[:4]}" for word in source.split('id="limen.')[1:]}
    assert ids == {found for found, _, _ in CASES} | {"limen.E009"}
    documented = (ROOT / "docs/django.md").read_text()
    assert [one for one in sorted(ids) if f"`{one}`" not in documented] == []
