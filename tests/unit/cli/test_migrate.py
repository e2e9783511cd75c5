"""`limen migrate`."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from limen.cli import migrate
from support.shell import Shell


def test_migrate_is_done_once_and_check_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    url = "sqlite:///app.db"
    check = shell("migrate", "--check", "--database", url)
    assert check.code == 1
    assert not (tmp_path / "app.db").exists()
    assert shell("migrate", "--database", url, "--json").json["applied"]
    assert shell("migrate", "--database", url, "--json").json["applied"] == []
    assert shell("migrate", "--check", "--database", url).code == 0


def test_it_needs_no_secret(shell: Shell) -> None:
    ran = shell("migrate", "--database", "sqlite:///app.db", LIMEN_ISSUER="https://app.example")
    assert ran.code == 0, ran.err


def test_flags_win_over_environment_and_file(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "limen.toml").write_text('database = "sqlite:///file.db"\n')
    assert shell("migrate", "--json").json["database"] == "sqlite:///file.db"
    outside = shell("migrate", "--json", LIMEN_DATABASE="sqlite:///environment.db")
    assert outside.json["database"] == "sqlite:///environment.db"
    both = shell("migrate", "--database", "sqlite:///flag.db", "--json", LIMEN_DATABASE="sqlite:///e.db")
    assert both.json["database"] == "sqlite:///flag.db"
    (tmp_path / "other.toml").write_text('database = "sqlite:///other.db"\n')
    assert shell("migrate", "--config", "other.toml", "--json").json["database"] == "sqlite:///other.db"


def test_what_is_wrong_is_one_sentence(shell: Shell) -> None:
    for url in ("sqlite:////nowhere/at/all.db", "postgresql:/x", "nothing", "sqlite:///"):
        ran = shell("migrate", "--database", url)
        assert ran.code == 4
        assert ran.err.startswith("limen: ")
        assert ran.err.count("\n") == 1


def test_a_restored_copy_ends_the_sessions_of_a_session_store_only_if_that_is_meant(shell: Shell) -> None:
    beside = {"LIMEN_SESSION_STORE": "redis://limen:hunter2@127.0.0.1:1/0"}
    ran = shell("migrate", "--restored", **beside)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "redis://limen:…@127.0.0.1:1/0" in ran.err
    assert "--yes" in ran.err
    assert shell("migrate", "--restored", "--yes", **beside).code == 3  # nobody listens there
    assert shell("migrate", "--restored", LIMEN_SESSION_STORE="").code == 0


def test_a_restored_copy_asks_nobody_where_stdin_is_closed(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(click.UsageError, match="--yes"):
        migrate._ask_about("redis://127.0.0.1:1/0", yes=False)
