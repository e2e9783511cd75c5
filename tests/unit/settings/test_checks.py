"""Values that do not fit, and what is said about them."""

from __future__ import annotations

from typing import Any

import pytest

from limen.settings import Settings
from limen.settings.checks import faults


def said(**values: Any) -> dict[str, str]:
    return dict(faults(Settings(**values)))


def test_the_defaults_fit() -> None:
    assert said() == {}


GOOD: list[dict[str, Any]] = [
    {"strategy": "session"},
    {"strategy": "jwt", "accept": ("session", "hybrid")},
    {"transports": ("bearer",)},
    {"issuer": "https://app.example"},
    {"issuer": "https://app.example:8443"},
    {"issuer": "https://xn--bcher-kva.example"},
    {"issuer": "https://203.0.113.9"},
    {"issuer": "https://[2001:db8::1]:8443"},
    {"issuer": "http://localhost:8000"},
    {"issuer": "http://app.localhost"},
    {"issuer": "http://[::1]:8000"},
    {"issuer": "http://127.8.9.1"},
    {"algorithm": "HS256"},
    {"algorithm": "HS256", "issuer": "https://app.example", "audience": "https://app.example"},
    {"algorithm": "EdDSA", "audience": "urn:notes"},
    {"prefix": "/api/v1/auth"},
    {"hosts": ("app.example", "app.example:8443", "[2001:db8::1]", "my_app")},
    {"origins": ("https://friend.example", "http://localhost:3000")},
    {"trusted_proxies": ("10.0.0.0/8", "192.0.2.1", "::1", "fd00::/8", "unix")},
    {"leeway": 0, "refresh_grace": 0, "cache_size": 0, "session_limit": 0, "hash_queue": 0},
    {"leeway": 60, "refresh_grace": 300, "access_lifetime": 86_400},
    {"idle_lifetime": 60, "absolute_lifetime": 60},
    {"sign_in_page": ""},
    {"sign_in_page": "/id/sign-in"},
    {"sign_in_page": "https://app.example/enter"},
    {"sign_in_page": "http://127.0.0.1:8000/sign-in"},
    {"forward_headers": ()},
    {"forward_headers": ("user",), "forward_audience": "urn:notes"},
    {"default_scopes": ("notes:read", "a"), "clients": ("mail", "billing.v2")},
]


@pytest.mark.parametrize("values", GOOD)
def test_what_fits_is_let_through(values: dict[str, Any]) -> None:
    assert said(**values) == {}


BAD: list[tuple[str, Any, str]] = [
    ("strategy", "sesion", "did you mean session?"),
    ("strategy", "JWT", "did you mean jwt?"),
    ("strategy", "", "choose from session, jwt, hybrid"),
    ("accept", ("session", "cookies"), "no 'cookies'"),
    ("forward_headers", ("users",), "did you mean user?"),
    ("forward_audience", "a b", "a blank"),
    ("forward_audience", "http://127.0.0.1:8000", "that of access tokens"),
    *(
        ("sign_in_page", page, "neither a path")
        for page in (
            "sign-in",
            "//evil.example",
            "/a b",
            "/a?b",
            "/a/",
            "javascript:alert(1)",
            "http://app.example/enter",
            "https://app.example",
            "https://a@b.example/x",
            "https://app.example/x?y",
            "https://app.example/\r\nx",
            "https://app.example/'x",
            "/\\evil.example",
        )
    ),
    ("algorithm", "none", "choose from ES256"),
    ("algorithm", "es256", "did you mean ES256?"),
    ("algorithm", "HS512", "no 'HS512'"),
    ("transports", (), "name cookie, bearer, or both"),
    ("transports", ("header",), "no 'header'"),
    ("registration", "close", "did you mean closed?"),
    ("password_scheme", "argon2", "did you mean argon2id?"),
    ("password_scheme", "md5", "choose from argon2id, bcrypt"),
    ("issuer", "http://app.example", "write https"),
    ("issuer", "http://192.168.1.5:8000", "this very machine"),
    ("issuer", "http://localhost.evil", "write https"),
    ("issuer", "http://127.0.0.1.evil.example", "write https"),
    ("issuer", "app.example", "is no origin"),
    ("issuer", "https://app.example/", "without a / at the end"),
    ("issuer", "https://app.example/tenant", "is no origin"),
    ("issuer", "https://App.example", "lower-case"),
    ("issuer", "https://app.example:443", "leave it out"),
    ("issuer", "http://localhost:80", "leave it out"),
    ("issuer", "https://app.example:0", "is no origin"),
    ("issuer", "https://app.example:65536", "is no origin"),
    ("issuer", "https://user:pass@app.example", "is no origin"),
    ("issuer", "https://app.example?x", "is no origin"),
    ("issuer", "https://app.example#x", "is no origin"),
    ("issuer", "https://bücher.example", "ASCII"),
    ("issuer", "https://[2001:db8:0::1]", "is no origin"),
    ("issuer", "https://[::1", "is no origin"),
    ("issuer", "https://app..example", "is no origin"),
    ("issuer", "https://app.example\n", "is no origin"),
    ("issuer", "ftp://app.example", "is no origin"),
    ("issuer", "", "is no origin"),
    ("origins", ("*",), "would let every page in"),
    ("origins", ("null",), "would let every page in"),
    ("origins", ("https://*.example",), "is no origin"),
    ("origins", ("https://friend.example/",), "without a / at the end"),
    ("origins", ("http://friend.example",), "write https"),
    ("hosts", ("*",), "is no host"),
    ("hosts", ("https://app.example",), "is no host"),
    ("hosts", ("app.example/abc?bar=",), "is no host"),
    ("hosts", ("app.example:99999",), "is no host"),
    ("hosts", ("user@app.example",), "is no host"),
    ("hosts", ("App.example",), "lower case"),
    ("hosts", ("",), "is no host"),
    ("trusted_proxies", ("*",), "write 10.0.0.0/8"),
    ("trusted_proxies", ("0.0.0.0/0",), "would believe everybody"),
    ("trusted_proxies", ("::/0",), "would believe everybody"),
    ("trusted_proxies", ("10.1.2.3/8",), "has host bits set"),
    ("trusted_proxies", ("proxy.internal",), "write 10.0.0.0/8"),
    ("prefix", "", "begin with a /"),
    ("prefix", "/", "begin with a /"),
    ("prefix", "auth", "begin with a /"),
    ("prefix", "/auth/", "end without one"),
    ("prefix", "/auth//x", "is no path"),
    ("prefix", "/../auth", "is no path"),
    ("prefix", "/au th", "is no path"),
    ("prefix", "/auth;x", "is no path"),
    ("prefix", "/.well-known", "is no path"),
    ("prefix", "/{prefix}", "is no path"),
    ("audience", "a b", "has a blank"),
    ("client_id", "", "is no client id"),
    ("clients", ("a b",), "is no client id"),
    ("clients", ("mail", "mail"), "names one twice"),
    ("default_scopes", ("a b",), "scopes cannot have"),
    ("default_scopes", ("",), "scopes cannot have"),
    ("default_scopes", ('a"b',), "scopes cannot have"),
    ("default_scopes", ("notes:read", "limen:admin"), "makes an administrator"),
    ("database", "", "sqlite:///limen.db"),
    ("access_lifetime", 0, "choose from 1 to 86400"),
    ("access_lifetime", 86_401, "choose from 1 to 86400"),
    ("idle_lifetime", 31 * 86_400, "longer than absolute_lifetime"),
    ("absolute_lifetime", 401 * 86_400, "out of bounds"),
    ("refresh_grace", 301, "choose from 0 to 300"),
    ("refresh_grace", -1, "choose from 0 to 300"),
    ("max_staleness", 0, "choose from 0.1 to 300"),
    ("leeway", 61, "choose from 0 to 60"),
    ("cache_size", -1, "choose from 0"),
    ("session_limit", -1, "choose from 0"),
    ("password_min_length", 7, "choose from 8 to 64"),
    ("bcrypt_cost", 10, "choose from 12 to 20"),
    ("argon2_time_cost", 0, "choose from 1"),
    ("hash_threads", -1, "choose from 0"),
    ("jwks_max_age", -1, "choose from 0"),
    ("key_rotation", 60, "choose from 3600"),
]


@pytest.mark.parametrize(("name", "value", "sentence"), BAD)
def test_what_does_not_fit_is_said_with_what_to_do(name: str, value: Any, sentence: str) -> None:
    found = list(faults(Settings(**{name: value})))
    assert any(setting == name and sentence in what for setting, what in found), found


def test_K12_HS256_is_for_a_single_service() -> None:
    found = said(algorithm="HS256", audience="urn:other")
    assert "take ES256" in found["algorithm"]


def test_a_key_is_not_rotated_before_its_tokens_are_gone() -> None:
    found = said(key_rotation=3_600, access_lifetime=3_600)
    assert "access_lifetime" in found["key_rotation"]


def test_every_fault_is_said_and_not_only_the_first() -> None:
    found = said(strategy="x", issuer="y", prefix="z", leeway=100, hosts=("*",))
    assert found.keys() == {"strategy", "issuer", "prefix", "leeway", "hosts"}


def test_every_number_has_bounds() -> None:
    for name, value in vars_of(Settings()).items():
        if isinstance(value, int | float):
            assert name in said(**{name: -1}), name


def vars_of(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in type(settings).__slots__}  # type: ignore[attr-defined]
