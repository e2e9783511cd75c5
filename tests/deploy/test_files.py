"""What is true of all files of deploy/: settings that exist, commands that are understood, no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from limen.cli import limen
from limen.settings import Settings, describe, load
from support.deploy import DEPLOY, VARIABLE, commands, compose, files, manifest, unit
from support.shell import surroundings

BIN = Path(sys.executable).parent
KNOWN = {one.variable for one in describe().values()} | {"LIMEN_SECRET_FILE", "LIMEN_CONFIG"}
YAMLLINT = {
    "extends": "default",
    "rules": {
        "line-length": {"max": 125},
        "document-start": "disable",
        "truthy": {"check-keys": False},
        "octal-values": "disable",  # modes of files: Kubernetes reads YAML 1.1
    },
}


def test_every_variable_is_a_setting() -> None:
    named = {name for path in files() for name in VARIABLE.findall(path.read_text())}
    assert {"LIMEN_ISSUER", "LIMEN_TRUSTED_PROXIES", "LIMEN_SECRET_FILE"} <= named
    assert named - KNOWN == set()


@pytest.mark.parametrize(("where", "words"), commands().items(), ids=str)
def test_every_command_is_understood(where: str, words: list[str]) -> None:
    """Parsed as the command line would, without doing it."""
    name, *rest = words
    context = click.Context(limen, info_name="limen")
    verb = limen.get_command(context, name)
    assert verb is not None, where
    verb.make_context(name, list(rest), parent=context)


def test_yaml_is_as_yamllint_wants_it() -> None:
    done = subprocess.run(
        [BIN / "yamllint", "--strict", "-d", json.dumps(YAMLLINT), DEPLOY], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_no_file_has_a_secret_in_it() -> None:
    for path in files():
        text = path.read_text()
        assert "BEGIN" not in text or "PRIVATE" not in text, path
        for line in text.splitlines():
            if "LIMEN_SECRET=" in line or "LIMEN_SECRET:" in line:
                raise AssertionError(f"{path}: a secret is in the environment, where everybody sees it")


def loaded(
    environment: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch, **more: str
) -> Settings:
    """The settings that Limen makes of these, with a secret of the test's own, in an empty directory."""
    monkeypatch.chdir(folder)
    (folder / "secret").write_text("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MTIzNDU2Nzg")
    (folder / "secret").chmod(0o600)
    said = {name: str(value) for name, value in environment.items()} | {
        "LIMEN_SECRET_FILE": str(folder / "secret")
    }
    for name in [name for name in os.environ if name.startswith("LIMEN_")]:
        monkeypatch.delenv(name)
    for name, value in (said | more).items():
        monkeypatch.setenv(name, value)
    return load({}, environment=True).settings


def test_the_settings_of_compose_are_good_and_its_toml_names_the_databases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = subprocess.run(
        [DEPLOY / "compose/make-secrets", tmp_path / "secrets"], capture_output=True, text=True, check=True,
        env=surroundings(),
    )  # fmt: skip
    assert "made" in made.stderr
    environment = dict(compose()["services"]["limen"]["environment"])
    environment["LIMEN_ISSUER"] = environment["LIMEN_ISSUER"].partition("$")[0] + "auth.example"
    toml, secret = tmp_path / "secrets/limen.toml", tmp_path / "secrets/limen_secret"
    settings = loaded(
        environment, tmp_path, monkeypatch, LIMEN_CONFIG=str(toml), LIMEN_SECRET_FILE=str(secret)
    )
    assert settings.database.startswith("postgresql://limen:")
    assert settings.database.endswith("@postgres/limen")
    assert settings.session_store.endswith("@valkey:6379/0")
    assert (settings.development, settings.trusted_proxies) == (False, ("172.30.77.2",))
    password = settings.session_store.split(":")[2].split("@")[0]
    assert f"requirepass {password}\n" in (tmp_path / "secrets/valkey.conf").read_text()
    assert (tmp_path / "secrets/postgres_password").read_text() in settings.database


def test_secrets_are_made_once_and_are_nobody_elses(tmp_path: Path) -> None:
    command = [DEPLOY / "compose/make-secrets", tmp_path / "secrets"]
    subprocess.run(command, capture_output=True, check=True)
    before = {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()}
    assert before.keys() == {"limen_secret", "limen.toml", "postgres_password", "valkey.conf"}
    assert all(path.stat().st_mode & 0o037 == 0 for path in (tmp_path / "secrets").iterdir())
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert again.stderr.count("stays") == 4
    assert {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()} == before


def test_the_settings_of_kubernetes_are_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = tmp_path / "limen.toml"
    toml.write_text(manifest("Secret")["stringData"]["limen.toml"])
    settings = loaded(manifest("ConfigMap")["data"], tmp_path, monkeypatch, LIMEN_CONFIG=str(toml))
    assert settings.database.startswith("postgresql://")
    assert settings.session_store.startswith("rediss://")
    assert not settings.development


def test_the_settings_of_systemd_are_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [value.partition("=") for name, value in unit() if name == "Environment"]
    environment = {name: value for name, _, value in said if name.startswith("LIMEN_")}
    toml = tmp_path / "limen.toml"
    toml.write_text('issuer = "https://auth.example"\ndatabase = "sqlite:////var/lib/limen/limen.db"\n')
    settings = loaded(environment, tmp_path, monkeypatch, LIMEN_CONFIG=str(toml))
    assert settings.database == "sqlite:////var/lib/limen/limen.db"


def test_the_example_of_a_secret_is_refused_as_one() -> None:
    from limen.errors import Misconfigured
    from limen.settings.values import secret_of

    with pytest.raises(Misconfigured):
        secret_of(manifest("Secret")["stringData"]["secret"])


def test_yaml_has_no_key_twice() -> None:
    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{node.start_mark}"
        loader.flatten_mapping(node)
        return dict(loader.construct_pairs(node, deep=True))

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    for path in files():
        if path.suffix == ".yaml":
            list(yaml.load_all(path.read_text(), Strict))
