"""Each finding about a deployment is found by an example, and a good deployment finds nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from limen.clock import Instant
from limen.doctor import Observed, SeenFile, examine, healthy
from limen.doctor.catalogue import CATALOGUE
from limen.errors import Misconfigured, Unavailable
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey, StoredRing
from limen.lint import CATALOGUE as OF_TOKENS
from limen.secret import Secret
from limen.settings import Settings
from limen.stores.base import Schema

NOW = Instant(1_800_000_000.0)
DAY = 86_400.0
GOOD = Settings(
    secret=Secret(bytes(range(100, 148))),
    issuer="https://auth.example",
    audience="api",
    trusted_proxies=("10.0.0.7",),
    database="sqlite:////var/lib/limen/limen.db",
    mail="smtps://mail.example",
    mail_from="App <no-reply@auth.example>",
)


def key(state: KeyState, *, age: float = DAY, algorithm: Algorithm = Algorithm.ES256) -> StoredKey:
    since = Instant(NOW - age)
    return StoredKey(f"{state}-{age:.0f}", algorithm, state, b"", since, since)


def ring(*keys: StoredKey) -> StoredRing:
    return StoredRing(keys, 1)


WELL = Observed(
    now=NOW,
    settings=GOOD,
    sources={"secret": "LIMEN_SECRET"},
    schema=Schema(("0001_initial",), ()),
    ring=ring(key(KeyState.ACTIVE), key(KeyState.NEXT)),
    files=(SeenFile("limen.db", 0o600, False, True), SeenFile("limen.toml", 0o644, False, False)),
    newest=Instant(NOW - 5),
    synchronised=True,
)


def found(seen: Observed) -> set[str]:
    return {finding.id for finding in examine(seen)}


def with_settings(**changes: Any) -> Observed:
    return replace(WELL, settings=replace(GOOD, **changes))


SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("secret_missing", {"secret": None}),
    ("access_lifetime_long", {"access_lifetime": 2 * 3_600}),
    ("idle_lifetime_long", {"idle_lifetime": 31 * DAY, "absolute_lifetime": 31 * DAY}),
    ("absolute_lifetime_long", {"absolute_lifetime": 400 * DAY}),
    ("refresh_grace_long", {"refresh_grace": 120}),
    ("max_staleness_long", {"max_staleness": 120}),
    ("leeway_long", {"leeway": 60}),
    ("key_rotation_long", {"key_rotation": 1_000 * DAY}),
    ("jwt_lag_long", {"strategy": "jwt", "access_lifetime": 1_800}),
    ("jwt_lag_long", {"accept": ("jwt",), "access_lifetime": 1_800}),
    ("development", {"issuer": "http://127.0.0.1:8000"}),
    ("issuer_plain_http", {"issuer": "http://auth.example"}),
    ("cookies_bare", {"issuer": "http://auth.example"}),
    ("audience_default", {"audience": ""}),
    ("algorithm_symmetric", {"algorithm": "HS256"}),
    ("proxies_none", {"trusted_proxies": ()}),
    ("proxies_malformed", {"trusted_proxies": ("everybody",)}),
    ("proxies_everyone", {"trusted_proxies": ("0.0.0.0/0",)}),
    ("proxies_everyone", {"trusted_proxies": ("10.0.0.0/8", "::/0")}),
    ("proxies_wide", {"trusted_proxies": ("104.16.0.0/12",)}),
    ("origins_wildcard", {"origins": ("*",)}),
    ("origins_wildcard", {"origins": ("https://*.example",)}),
    ("origins_wildcard", {"origins": ("null",)}),
    ("origins_plain_http", {"origins": ("http://app.example",)}),
    ("hosts_wildcard", {"hosts": ("*",)}),
    ("hashing_weak", {"argon2_memory_kib": 1_024}),
    ("hashing_weak", {"password_scheme": "bcrypt", "bcrypt_cost": 8}),
    ("passwords_short", {"password_min_length": 8}),
    ("database_forgets", {"database": "memory://"}),
    ("mail_none", {"mail": ""}),
    ("mail_begins_clear", {"mail": "smtp://mail.example:587"}),
    ("accept_further", {"accept": ("session",)}),
    ("sessions_unlimited", {"session_limit": 0}),
    ("ring_algorithm", {"algorithm": "EdDSA"}),
]

WITH_PASSWORD = replace(GOOD, database="postgresql://limen:hunter2@db.example/limen")
OTHERWISE: list[tuple[str, dict[str, Any]]] = [
    ("configuration_broken", {"settings": None, "unreadable": Misconfigured("set it")}),
    ("database_unusable", {"unusable": Unavailable("it is locked")}),
    ("secret_in_configuration", {"sources": {"secret": "limen.toml"}}),
    ("insecure", {"insecure": ["LIMEN_INSECURE_ANYTHING"]}),
    ("ring_broken", {"ring": ring(key(KeyState.NEXT))}),
    ("ring_broken", {"ring": ring(key(KeyState.ACTIVE), key(KeyState.ACTIVE, age=9))}),
    ("ring_without_next", {"ring": ring(key(KeyState.ACTIVE))}),
    ("rotation_overdue", {"ring": ring(key(KeyState.ACTIVE, age=100 * DAY), key(KeyState.NEXT))}),
    ("sqlite_old", {"sqlite": "SQLite 3.40.1 may corrupt a database"}),
    ("schema_pending", {"schema": Schema(("0001_initial",), ("0002_more",))}),
    ("database_missing", {"schema": Schema((), ("0001_initial",))}),
    *[
        ("file_readable", {"files": [SeenFile("limen.db", mode, False, True)]})
        for mode in (0o644, 0o640, 0o620)
    ],
    ("file_readable", {"files": [SeenFile("secret", 0o644, False, True, True)]}),
    *[("file_writable", {"files": [SeenFile("limen.toml", mode, False, False)]}) for mode in (0o666, 0o777)],
    ("password_readable", {"settings": WITH_PASSWORD, "sources": {"database": "limen.toml"}}),
    ("file_foreign", {"files": [SeenFile("limen.db", 0o600, True, True)]}),
    ("clock_behind", {"newest": Instant(NOW + 3_600)}),
    ("clock_alone", {"synchronised": False}),
]


def test_a_good_deployment_finds_nothing() -> None:
    assert examine(WELL) == ()
    assert healthy(examine(WELL))


@pytest.mark.parametrize(("rule", "changes"), SETTINGS)
def test_settings(rule: str, changes: dict[str, Any]) -> None:
    assert rule in found(with_settings(**changes))


@pytest.mark.parametrize(("rule", "changes"), OTHERWISE)
def test_what_else_is_observed(rule: str, changes: dict[str, Any]) -> None:
    assert rule in found(replace(WELL, **changes))


@pytest.mark.parametrize("mode", [0o640, 0o440, 0o400])
def test_a_secret_that_root_owns_and_the_service_s_group_reads_is_well_kept(mode: int) -> None:
    assert found(replace(WELL, files=[SeenFile("/etc/limen/secret", mode, False, True, True)])) == set()


def test_a_password_that_the_group_reads_or_that_is_elsewhere_is_well_kept() -> None:
    there = replace(WELL, settings=WITH_PASSWORD, sources={"database": "limen.toml"})
    assert found(replace(there, files=[SeenFile("/etc/limen/limen.toml", 0o640, False, False)])) == set()
    assert found(replace(there, sources={"database": "LIMEN_DATABASE"})) == set()


def test_every_rule_has_an_example() -> None:
    assert CATALOGUE.keys() - {rule for rule, _ in [*SETTINGS, *OTHERWISE]} == set()


PINNED = """
absolute_lifetime_long accept_further access_lifetime_long algorithm_symmetric audience_default
clock_alone clock_behind configuration_broken cookies_bare database_forgets database_missing
database_unusable development file_foreign file_readable file_writable hashing_weak hosts_wildcard
idle_lifetime_long insecure issuer_plain_http jwt_lag_long key_rotation_long leeway_long
mail_begins_clear mail_none
max_staleness_long origins_plain_http origins_wildcard password_readable passwords_short proxies_everyone
proxies_malformed proxies_none proxies_wide refresh_grace_long ring_algorithm ring_broken
ring_without_next rotation_overdue schema_pending secret_in_configuration secret_missing
sessions_unlimited sqlite_old
"""
"""People's scripts know findings by these. One may come; none may go or be renamed."""


def test_ids_stay() -> None:
    assert sorted(CATALOGUE) == PINNED.split()


def test_no_id_means_two_things() -> None:
    assert CATALOGUE.keys() & OF_TOKENS.keys() == set()


def test_K15_a_public_secret_is_an_error() -> None:
    seen = with_settings(secret=Secret(b"<random_string_at_least_32_characters_long>"))
    assert "secret_public" in found(seen)
    assert not healthy(examine(seen))


def test_what_is_not_known_is_no_finding() -> None:
    assert examine(Observed(now=NOW)) == ()
    assert found(replace(WELL, ring=ring())) == set()


def test_what_is_broken_is_told_with_its_sentence_and_code() -> None:
    (finding,) = examine(
        Observed(now=NOW, unreadable=Misconfigured("leeway is a number", code="misconfigured"))
    )
    assert "leeway is a number" in finding.what
    assert "misconfigured" in finding.what
    assert not healthy([finding])


def test_a_group_may_write_and_a_sticky_directory_may_be_shared() -> None:
    for mode in (0o664, 0o775, 0o1777):
        assert found(replace(WELL, files=[SeenFile("limen.toml", mode, False, False)])) == set()


def test_mail_to_this_machine_needs_no_tls() -> None:
    assert found(with_settings(mail="smtp://127.0.0.1:25")) == set()
    assert "mail_none" not in found(with_settings(mail="", issuer="http://127.0.0.1:8000"))


def test_private_networks_may_be_large() -> None:
    assert found(with_settings(trusted_proxies=("10.0.0.0/8", "fd00::/8", "192.0.2.1"))) == set()


def test_every_rule_says_what_why_where_and_what_to_do() -> None:
    for rule, said in CATALOGUE.items():
        assert all((said.what, said.why, said.section, said.mend)), rule
        assert said.mend.endswith("."), rule


def test_no_finding_shows_the_secret() -> None:
    secret = Secret(b"correct horse battery staple and more")
    assert "horse" not in str(examine(with_settings(secret=secret)))
