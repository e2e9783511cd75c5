"""Which value counts, and where it came from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from limen.errors import Misconfigured
from limen.secret import Secret
from limen.settings import Settings, beneath, load, require_secret
from limen.strategies.base import StrategyName

ONE, OTHER = Secret.generate().reveal(), Secret.generate().reveal()
PRODUCTION = "https://app.example"


def refused(options: dict[str, object] | None = None, *, environment: bool = True) -> str:
    with pytest.raises(Misconfigured) as caught:
        load(options or {}, environment=environment)
    return caught.value.message


def test_nothing_said_is_the_defaults() -> None:
    loaded = load({"database": "memory://"})
    assert loaded.settings.strategy == "hybrid"
    assert loaded.sources["strategy"] == "default"
    assert loaded.sources["database"] == "keyword"


def test_precedence_rises_from_keywords_over_the_file_and_the_environment_to_flags(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "limen.toml").write_text('strategy = "jwt"\nprefix = "/toml"\nleeway = 2\n')
    monkeypatch.setenv("LIMEN_LEEWAY", "3")
    monkeypatch.setenv("LIMEN_CACHE_SIZE", "30")
    options = {
        "database": "memory://",
        "strategy": "session",
        "prefix": "/keyword",
        "leeway": 1,
        "cache_size": 1,
    }
    loaded = load(options, environment=True, over={"cache_size": 40})
    found = loaded.settings
    assert (found.strategy, found.prefix, found.leeway, found.cache_size) == ("jwt", "/toml", 3, 40)
    assert loaded.sources["database"] == "keyword"
    assert loaded.sources["strategy"] == loaded.sources["prefix"] == "limen.toml"
    assert loaded.sources["leeway"] == "LIMEN_LEEWAY"
    assert loaded.sources["cache_size"] == "flag"
    assert loaded.sources["issuer"] == "default"
    assert loaded.sources.keys() == set(Settings.__slots__)  # type: ignore[attr-defined]


def test_without_environment_neither_file_nor_variables_count(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "limen.toml").write_text("this is no TOML")
    monkeypatch.setenv("LIMEN_STRATEGY", "nonsense")
    assert load({"database": "memory://"}).settings.strategy == "hybrid"


def test_keywords_lie_over_the_base() -> None:
    base = load({"database": "memory://", "strategy": "session", "leeway": 1}).settings
    loaded = load({"leeway": 2}, base=base)
    assert (loaded.settings.strategy, loaded.settings.leeway) == ("session", 2)
    assert loaded.settings.secret is base.secret
    assert (loaded.sources["strategy"], loaded.sources["leeway"]) == ("settings", "keyword")
    assert load({}, base=base).settings == base


def test_what_a_project_says_lies_beneath_keywords_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMEN_STRATEGY", "jwt")
    project = {"database": "memory://", "strategy": "session", "leeway": 9, "access_lifetime": 60}
    with beneath(project):
        found = load({"access_lifetime": 120}, environment=True).settings
        assert (found.database, found.strategy, found.leeway) == ("memory://", "jwt", 9)
        assert found.access_lifetime == 120
        assert load({"database": "memory://"}).settings.leeway != 9
    assert load({"database": "memory://"}, environment=True).settings.leeway != 9


def test_enums_are_taken_as_their_values() -> None:
    assert load({"database": "memory://", "strategy": StrategyName.JWT}).settings.strategy == "jwt"


def test_every_kind_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMEN_DATABASE", "memory://")
    monkeypatch.setenv("LIMEN_ACCESS_LIFETIME", "10m")
    monkeypatch.setenv("LIMEN_CACHE_SIZE", "7")
    monkeypatch.setenv("LIMEN_TRANSPORTS", " bearer , cookie ")
    monkeypatch.setenv("LIMEN_ACCEPT", "")
    monkeypatch.setenv("LIMEN_SECRET", ONE)
    found = load({"accept": ["jwt"]}, environment=True).settings
    assert (found.access_lifetime, found.cache_size) == (600, 7)
    assert (found.transports, found.accept) == (("bearer", "cookie"), ())
    assert require_secret(found).reveal() == ONE


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"stratgy": "jwt"}, "there is no setting stratgy; did you mean strategy?"),
        ({"xyz": 1}, "docs/configuration.md lists them all"),
        ({"development": True}, "there is no setting development"),
        ({"strategy": 7}, "strategy: write a text"),
        ({"transports": "cookie"}, "transports: write a list"),
        ({"strategy": "sesion"}, "strategy: there is no 'sesion'; did you mean session?"),
        ({"leeway": 61}, "leeway: 61 is out of bounds"),
        ({"issuer": "http://app.example"}, "issuer: over http://app.example"),
    ],
)
def test_a_keyword_that_does_not_fit_is_said(options: dict[str, object], sentence: str) -> None:
    assert sentence in refused(options, environment=False)


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("LIMEN_STRATGY", "jwt", "there is no variable LIMEN_STRATGY; did you mean LIMEN_STRATEGY?"),
        ("LIMEN_XYZ", "1", "docs/configuration.md lists them all"),
        ("LIMEN_INSECURE_HTTP", "1", "there is no variable LIMEN_INSECURE_HTTP"),
        ("LIMEN_strategy", "jwt", "there is no variable LIMEN_strategy"),
        ("LIMEN_STRATEGY", "sesion", "LIMEN_STRATEGY: there is no 'sesion'; did you mean session?"),
        ("LIMEN_LEEWAY", "1h", "LIMEN_LEEWAY: 3600 is out of bounds: choose from 0 to 60"),
        ("LIMEN_LEEWAY", "soon", "LIMEN_LEEWAY: write a duration"),
        ("LIMEN_CACHE_SIZE", "many", "LIMEN_CACHE_SIZE: write a whole number"),
        ("LIMEN_ISSUER", "", "LIMEN_ISSUER: '' is no origin"),
    ],
)
def test_a_variable_that_does_not_fit_is_said_by_its_name(
    variable: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert sentence in refused()


@pytest.mark.parametrize(
    "variable",
    [
        "LIMEN_SERVICE_HOST",
        "LIMEN_SERVICE_PORT",
        "LIMEN_SERVICE_PORT_HTTP",
        "LIMEN_PORT",
        "LIMEN_PORT_8000_TCP",
        "LIMEN_PORT_8000_TCP_ADDR",
        "LIMEN_AUTH_PORT_443_TCP_PROTO",
        "LIMEN_AUTH_SERVICE_HOST",
        "LIMENADE",
        "XLIMEN_FOO",
    ],
)
def test_what_others_put_into_the_environment_is_left_alone(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "tcp://10.0.0.1:8000")
    assert load({"database": "memory://"}, environment=True).settings.strategy == "hybrid"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('stratgy = "jwt"', "there is no setting in limen.toml called stratgy; did you mean strategy?"),
        ('strategy = "sesion"', "strategy in limen.toml: there is no 'sesion'"),
        ("strategy = 7", "strategy in limen.toml: write a text"),
        ('accept = "jwt"', "accept in limen.toml: write a list"),
        ('leeway = "1h"', "leeway in limen.toml: 3600 is out of bounds"),
        ('cache_size = "7"', "cache_size in limen.toml: write a whole number"),
        ('[strategy]\nname = "jwt"', "strategy in limen.toml: write a text"),
        (
            '[limen]\nstrategy = "jwt"',
            "limen.toml has a table [limen], and is flat: write the settings without a heading",
        ),
        ("strategy = ", "limen.toml is no TOML"),
        ('strategy = "jwt"\nstrategy = "session"', "limen.toml is no TOML"),
        ('strategy = "\udcff"', "limen.toml is no TOML"),
    ],
)
def test_a_file_that_does_not_fit_is_said_by_its_name(place: Path, text: str, sentence: str) -> None:
    (place / "limen.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert sentence in refused()


def test_a_file_can_be_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "limen.toml").write_text('strategy = "jwt"')
    (place / "prod.conf").write_text('strategy = "session"\nidle_lifetime = "2d"\ndatabase = "memory://"')
    monkeypatch.setenv("LIMEN_CONFIG", str(place / "prod.conf"))
    loaded = load({}, environment=True)
    assert (loaded.settings.strategy, loaded.settings.idle_lifetime) == ("session", 172_800)
    assert loaded.sources["strategy"] == "prod.conf"


def test_a_file_that_is_named_must_be_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMEN_CONFIG", "prod.toml")
    assert refused() == "LIMEN_CONFIG names prod.toml, and there is no such file"
    monkeypatch.setenv("LIMEN_CONFIG", str(place))
    assert "cannot be read" in refused()


def test_K15_production_without_a_secret_does_not_start() -> None:
    settings = load({"issuer": PRODUCTION}).settings
    assert settings.secret is None
    with pytest.raises(Misconfigured) as caught:
        require_secret(settings)
    assert caught.value.code == "secret_missing"
    assert "limen key secret" in caught.value.message


def test_a_secret_is_looked_for_outside_even_where_nothing_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMEN_SECRET", ONE)
    loaded = load({"issuer": PRODUCTION})
    assert require_secret(loaded.settings).reveal() == ONE
    assert loaded.sources["secret"] == "LIMEN_SECRET"


def test_a_secret_in_code_yields_to_the_environment_as_everything_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIMEN_SECRET", ONE)
    assert require_secret(load({"secret": OTHER}).settings).reveal() == OTHER
    assert require_secret(load({"secret": OTHER}, environment=True).settings).reveal() == ONE


def test_a_secret_may_lie_in_a_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place / "mounted"
    path.write_text(f"{ONE}\n")
    path.chmod(0o400)
    monkeypatch.setenv("LIMEN_SECRET_FILE", str(path))
    for environment in (True, False):
        loaded = load({"issuer": PRODUCTION}, environment=environment)
        assert require_secret(loaded.settings).reveal() == ONE
        assert loaded.sources["secret"] == "LIMEN_SECRET_FILE"


def test_two_secrets_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMEN_SECRET", ONE)
    monkeypatch.setenv("LIMEN_SECRET_FILE", "somewhere")
    assert "keep one of them" in refused({"issuer": PRODUCTION})


def test_an_empty_variable_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMEN_SECRET", "")
    assert load({"issuer": PRODUCTION}, environment=True).settings.secret is None


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o620])
def test_K04_a_secret_in_a_file_that_others_read_or_write_is_refused(place: Path, mode: int) -> None:
    path = place / "limen.toml"
    path.write_text(f'issuer = "{PRODUCTION}"\nsecret = "{ONE}"\n')
    path.chmod(mode)
    message = refused()
    assert f"has mode {mode:04o}" in message
    assert ONE not in message
    path.chmod(0o600)
    loaded = load({}, environment=True)
    assert require_secret(loaded.settings).reveal() == ONE
    assert loaded.sources["secret"] == "limen.toml"


def test_in_memory_the_secret_lives_as_long_as_the_settings(place: Path) -> None:
    loaded = load({"database": "memory://"})
    assert loaded.sources["secret"] == "memory"
    assert load({}, base=loaded.settings).settings.secret is loaded.settings.secret
    assert list(place.iterdir()) == []


def test_in_development_the_secret_is_made_once(place: Path) -> None:
    first, again = load({}), load({}, environment=True)
    assert require_secret(first.settings).reveal() == require_secret(again.settings).reveal()
    assert first.sources["secret"] == os.path.join(".limen", "secret")


def test_in_development_there_is_room_for_the_database(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMEN_SECRET", ONE)
    load({})
    assert (place / ".limen").is_dir()
    assert not (place / ".limen" / "secret").exists()


def test_nothing_is_made_where_nothing_is_needed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load({"issuer": PRODUCTION})
    monkeypatch.setenv("LIMEN_SECRET", ONE)
    load({"database": "sqlite:///app.db"})
    assert list(place.iterdir()) == []


def test_K16_settings_do_not_show_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMEN_SECRET", ONE)
    loaded = load({"issuer": PRODUCTION})
    assert ONE not in repr(loaded)


def test_secrets_that_are_still_good_stand_beside_the_current_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMEN_SECRET", ONE)
    monkeypatch.setenv("LIMEN_SECRET_PREVIOUS", f" {OTHER} ,")
    found = load({"issuer": PRODUCTION}, environment=True)
    assert [s.reveal() for s in require_secret(found.settings).every()] == [ONE, OTHER]
    assert found.sources["secret_previous"] == "LIMEN_SECRET_PREVIOUS"
    assert OTHER not in repr(found.settings)
    monkeypatch.setenv("LIMEN_SECRET_PREVIOUS", "change-me-change-me-change-me-change-me")
    with pytest.raises(Misconfigured, match="example"):
        load({"issuer": PRODUCTION}, environment=True)
    for bad in (OTHER, [1], 3):
        with pytest.raises(Misconfigured, match="limen key secret"):
            load({"secret_previous": bad})
    path = place / "secrets"
    path.write_text(f"{OTHER}\n\n{ONE}\n")
    path.chmod(0o600)
    monkeypatch.delenv("LIMEN_SECRET")
    monkeypatch.delenv("LIMEN_SECRET_PREVIOUS")
    monkeypatch.setenv("LIMEN_SECRET_FILE", str(path))
    found = load({"issuer": PRODUCTION}, environment=True)
    assert [s.reveal() for s in require_secret(found.settings).every()] == [OTHER, ONE]
