"""What `manage.py check` says of the settings, each with the line to change. docs/django.md lists them all.

Errors are what would not work or not hold; warnings of the tag `security` come with `--deploy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import Argon2PasswordHasher, get_hasher
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Advice
from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.http.request import validate_host
from django.utils.module_loading import import_string

from limen import Limen, StrategyName, Transport
from limen.django import config, renewing
from limen.django.models import Link

ENGINE = "limen.django.sessions"
BACKEND = "limen.django.backend.LimenBackend"
MIDDLEWARE = "limen.django.middleware.LimenMiddleware"
_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
_MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
_STOCK = "django.contrib.auth.middleware.AuthenticationMiddleware"
_VERIFIED = frozenset(
    {"pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt", "bcrypt_sha256", "scrypt", "limen"}
)
"""Kinds of Django's hashes that Limen verifies too."""
_MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@register(Tags.security)
def check_settings(**_: Any) -> list[CheckMessage]:
    """What must be right wherever it runs."""
    found = [*_middleware(), *_backends()]
    try:
        auth = config.auth()
    except ImproperlyConfigured as error:
        return [*found, Error(str(error), hint=_where(str(error)), id="limen.E001")]
    return [*found, *_hashing(auth), *_users(auth), *_secrets(auth), *_places(auth), *_routes(auth)]


@register(Tags.security, deploy=True)
def check_deployment(**_: Any) -> list[CheckMessage]:
    """What must be right where other people come."""
    try:
        auth = config.auth()
    except ImproperlyConfigured:
        return []  # limen.E001 says so
    return [*_issuer(auth), *_cookies(auth)]


def _where(sentence: str) -> str:
    if "LIMEN_SECRET" in sentence:
        return "Set LIMEN_SECRET in the environment to what `manage.py limen key secret` prints, and keep it."
    if "pip install" in sentence:
        return "Install it where this project runs."
    return "Put it right in LIMEN of settings.py."


def _middleware() -> Iterator[CheckMessage]:
    order = list(settings.MIDDLEWARE)
    if MIDDLEWARE not in order:
        if settings.SESSION_ENGINE != ENGINE:
            yield Error(
                f"Nobody is signed in by Limen: {MIDDLEWARE} is not in MIDDLEWARE.",
                hint=f"Write '{MIDDLEWARE}' in MIDDLEWARE in the place of '{_STOCK}'.",
                id="limen.E002",
            )
        return
    here = order.index(MIDDLEWARE)
    if _SESSIONS not in order[:here]:
        yield Error(
            "LimenMiddleware comes before the sessions that it looks into.",
            hint=f"In MIDDLEWARE, put '{_SESSIONS}' above '{MIDDLEWARE}'.",
            id="limen.E003",
        )
    if _MESSAGES in order[:here]:
        yield Error(
            "MessageMiddleware comes before LimenMiddleware, and may read another's session.",
            hint=f"In MIDDLEWARE, put '{MIDDLEWARE}' above '{_MESSAGES}'.",
            id="limen.E004",
        )
    others = [path for path in order if path != MIDDLEWARE and _is(path, AuthenticationMiddleware)]
    if others:
        yield Error(
            f"Two middlewares say who is signed in: LimenMiddleware and {others[0]}.",
            hint=f"Take '{others[0]}' out of MIDDLEWARE.",
            id="limen.E005",
        )


def _backends() -> Iterator[CheckMessage]:
    if BACKEND not in settings.AUTHENTICATION_BACKENDS:
        yield Error(
            f"Passwords are not verified by Limen: {BACKEND} is not in AUTHENTICATION_BACKENDS.",
            hint=f"Write AUTHENTICATION_BACKENDS = ['{BACKEND}'].",
            id="limen.E006",
        )
    elif _MODEL_BACKEND in settings.AUTHENTICATION_BACKENDS:
        yield Error(
            "ModelBackend verifies passwords beside Limen, without a throttle, and old ones after a change.",
            hint=f"Take '{_MODEL_BACKEND}' out of AUTHENTICATION_BACKENDS: LimenBackend has its permissions.",
            id="limen.E007",
        )


def _hashing(auth: Limen) -> Iterator[CheckMessage]:
    readers, made = list(settings.PASSWORD_HASHERS), get_hasher("default").algorithm
    if made not in _VERIFIED:
        yield Advice(
            f"Whoever gets a new password cannot sign in: Django makes a hash of the kind {made!r}, which "
            "Limen does not verify.",
            hint="Put a hasher first in PASSWORD_HASHERS that is PBKDF2, argon2, bcrypt or scrypt; in "
            "tests that want a fast one, PBKDF2 with few iterations.",
            id="limen.W019",
        )
    if auth.settings.password_scheme == "argon2id":  # noqa: S105 - the name of a scheme
        if not any(_is(path, Argon2PasswordHasher) for path in readers):
            yield Advice(
                "Whoever leaves Limen could not sign in by a hash that Limen has made: none of "
                "PASSWORD_HASHERS reads argon2.",
                hint="Add 'django.contrib.auth.hashers.Argon2PasswordHasher' to PASSWORD_HASHERS.",
                id="limen.W008",
            )
    elif "limen.django.hashers.LimenHasher" not in readers:
        yield Advice(
            "Whoever leaves Limen could not sign in by a hash that Limen has made: Django has none like "
            "Limen's bcrypt.",
            hint="Add 'limen.django.hashers.LimenHasher' to PASSWORD_HASHERS, or set "
            "LIMEN['password_scheme'] = 'argon2id'.",
            id="limen.W008",
        )


def _users(auth: Limen) -> Iterator[CheckMessage]:
    if config.own("create_users") and not hasattr(get_user_model(), get_user_model().get_email_field_name()):
        yield Error(
            "LIMEN['create_users'] makes users of accounts, and the user model has no e-mail address.",
            hint="Set EMAIL_FIELD of the user model, or take create_users out of LIMEN.",
            id="limen.E009",
        )
    if auth.settings.registration == "open" and not config.own("create_users"):
        yield Advice(
            "Whoever registers at Limen's routes gets an account, and no user of this project.",
            hint="Set LIMEN['create_users'] = True, or LIMEN['registration'] = 'closed'.",
            id="limen.W010",
        )

    here, theirs = router.db_for_write(Link), router.db_for_write(get_user_model())
    if here != theirs:
        yield Error(
            f"The users are in DATABASES[{theirs!r}], and what links them to accounts in {here!r}.",
            hint="Let DATABASE_ROUTERS send the app label 'limen' where the user model goes.",
            id="limen.E022",
        )


def _secrets(auth: Limen) -> Iterator[CheckMessage]:
    said = config.options().get("secret")
    known = {settings.SECRET_KEY, *getattr(settings, "SECRET_KEY_FALLBACKS", ())}
    if said is not None and str(said) in known:
        yield Error(
            "LIMEN['secret'] is SECRET_KEY: whoever learns one can forge what the other protects.",
            hint="Set LIMEN_SECRET in the environment to what `manage.py limen key secret` prints.",
            id="limen.E011",
        )
    if auth.sources.get("secret") == "keyword" and not settings.DEBUG:
        yield Advice(
            "Limen's secret stands in the settings, and so in the repository.",
            hint="Take 'secret' out of LIMEN, and set LIMEN_SECRET or LIMEN_SECRET_FILE in the environment.",
            id="limen.W012",
        )


def _places(auth: Limen) -> Iterator[CheckMessage]:
    named = Path(auth.settings.database.removeprefix("sqlite:///").partition("?")[0]).resolve()
    for alias, database in settings.DATABASES.items():
        theirs = Path(str(database.get("NAME"))).resolve()
        if database.get("ENGINE", "").endswith("sqlite3") and theirs == named:
            yield Error(
                f"Limen's database is the file of DATABASES['{alias}']: its tables would be among yours.",
                hint="Give LIMEN['database'] a file of its own: f'sqlite:///{BASE_DIR}/limen.db'.",
                id="limen.E013",
            )
    if settings.SESSION_ENGINE != ENGINE and auth.settings.strategy != StrategyName.JWT:
        yield Advice(
            "What Django's sessions hold outlives the sign-in, and whoever changes the password is signed "
            "out: SESSION_ENGINE is another than Limen's.",
            hint=f"Set SESSION_ENGINE = '{ENGINE}'.",
            id="limen.W014",
        )


def _routes(auth: Limen) -> Iterator[CheckMessage]:
    cookies = Transport.COOKIE in auth.transports and MIDDLEWARE in settings.MIDDLEWARE
    if auth.settings.strategy == StrategyName.HYBRID and cookies and not renewing.is_included():
        minutes = auth.lifetimes.access / 60
        yield Advice(
            f"Everybody is signed out after {minutes:.0f} minutes: the hybrid's tokens are renewed by "
            "Limen's routes, which are not among the addresses.",
            hint="Add path('', include('limen.django.urls')) to the urlpatterns.",
            id="limen.W020",
        )


def _issuer(auth: Limen) -> Iterator[CheckMessage]:
    host = urlsplit(auth.settings.issuer).hostname or ""
    if settings.ALLOWED_HOSTS and not validate_host(host, settings.ALLOWED_HOSTS):
        yield Advice(
            f"The issuer is {auth.settings.issuer}, and ALLOWED_HOSTS lets nobody in who asks for {host}.",
            hint="Set LIMEN['issuer'] to the address that people see, or add its host to ALLOWED_HOSTS.",
            id="limen.W021",
        )
    if auth.settings.development:
        yield Advice(
            f"The issuer is {auth.settings.issuer}: cookies go without Secure, to this machine alone.",
            hint="Set LIMEN['issuer'] = 'https://…', the address that people see.",
            id="limen.W015",
        )


def _cookies(auth: Limen) -> Iterator[CheckMessage]:
    if settings.SESSION_ENGINE == ENGINE and not settings.SESSION_COOKIE_SECURE:
        yield Advice(
            "The session cookie, which is a credential, is sent in clear text too.",
            hint="Set SESSION_COOKIE_SECURE = True.",
            id="limen.W016",
        )
    if settings.SESSION_ENGINE == ENGINE and (
        not settings.SESSION_COOKIE_HTTPONLY or settings.SESSION_COOKIE_DOMAIN is not None
    ):
        yield Advice(
            "The session cookie, which is a credential, is seen by scripts or by other hosts.",
            hint="Set SESSION_COOKIE_HTTPONLY = True and take SESSION_COOKIE_DOMAIN out.",
            id="limen.W017",
        )
    foreign = set(settings.CSRF_TRUSTED_ORIGINS) - auth.origins
    if foreign and Transport.COOKIE in auth.transports:
        yield Advice(
            f"Django takes forms from {sorted(foreign)[0]}, and Limen signs nobody in who comes from there.",
            hint=f"Set LIMEN['origins'] = {sorted(foreign)!r}, or take it out of CSRF_TRUSTED_ORIGINS.",
            id="limen.W018",
        )


def _is(path: str, kind: type) -> bool:
    try:
        found = import_string(path)
    except ImportError:  # Django says that by a check of its own
        return False
    return isinstance(found, type) and issubclass(found, kind)


CHECKS: tuple[Callable[..., list[CheckMessage]], ...] = (check_settings, check_deployment)
