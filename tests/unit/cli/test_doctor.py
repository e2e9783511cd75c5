"""`limen doctor` on real files."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from limen.cli import machine
from support.shell import Ran, Shell


def found(ran: Ran) -> set[str]:
    return {one["id"] for one in ran.json["findings"]}


def test_a_development_set_up_has_no_errors(ada: Shell) -> None:
    ran = ada("doctor", "--json")
    assert (ran.code, ran.json["counts"]["error"]) == (0, 0)
    assert "development" in found(ran)


def test_it_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    ran = shell("doctor", "--database", "sqlite:///app.db", "--json")
    assert "database_missing" in found(ran)
    assert not (tmp_path / "app.db").exists()


def test_a_broken_configuration_is_a_finding(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "limen.toml").write_text("strategy = \n")
    ran = shell("doctor", "--json")
    assert ran.code == 1
    assert "configuration_broken" in found(ran)
    assert shell("doctor", LIMEN_LEEWAY="often").code == 1


def test_a_broken_database_is_a_finding(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "app.db").write_bytes(b"this is no database" * 100)
    ran = shell("doctor", "--database", "sqlite:///app.db", "--json")
    assert ran.code == 1
    assert "database_unusable" in found(ran)
    missing = shell("doctor", "--database", "sqlite:////nowhere/app.db", "--json")
    assert "database_unusable" in found(missing)


def test_the_sqlite_here_is_nobody_s_matter_who_does_not_keep_accounts_in_it(shell: Shell) -> None:
    there = shell("doctor", "--database", "postgresql://limen@127.0.0.1:1/limen", "--json")
    assert "database_unusable" in found(there)
    assert "sqlite_old" not in found(there)


def test_an_unsafe_choice_is_a_finding_whether_or_not_it_is_known(shell: Shell) -> None:
    assert "insecure" in found(shell("doctor", "--json", LIMEN_INSECURE_ANYTHING="1"))


def test_production_without_a_secret_is_a_finding(shell: Shell) -> None:
    ran = shell("doctor", "--json", LIMEN_ISSUER="https://app.example", LIMEN_DATABASE="sqlite:///app.db")
    assert ran.code == 1
    assert "secret_missing" in found(ran)


def test_files_that_others_read_are_a_finding(ada: Shell, tmp_path: Path) -> None:
    (tmp_path / ".limen").chmod(0o755)
    ran = ada("doctor", "--json")
    assert (ran.code, "file_readable" in found(ran)) == (1, True)


def test_it_looks_at_modes_before_anything_mends_them(ada: Shell, tmp_path: Path) -> None:
    database = tmp_path / ".limen" / "limen.db"
    database.chmod(0o644)
    assert "file_readable" in found(ada("doctor", "--json"))


def test_missing_migrations_are_a_finding_and_stay_missing(shell: Shell, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "app.db")) as db:
        db.execute("CREATE TABLE other (x)")
    ran = shell("doctor", "--database", "sqlite:///app.db", "--json")
    assert {"database_missing", "schema_pending"} & found(ran)
    with closing(sqlite3.connect(tmp_path / "app.db")) as db:
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def test_settings_say_where_they_come_from(shell: Shell) -> None:
    ran = shell(
        "doctor", "--settings", LIMEN_STRATEGY="jwt", LIMEN_SECRET="Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MTIzNA"
    )
    assert "LIMEN_STRATEGY" in ran.out
    assert "Zm9v" not in ran.out
    said = {one["name"]: one for one in shell("doctor", "--json", LIMEN_STRATEGY="jwt").json["settings"]}
    assert (said["strategy"]["value"], said["strategy"]["source"]) == ("jwt", "LIMEN_STRATEGY")


def test_a_file_of_the_future_means_a_clock_that_is_behind(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.touch()
    os.utime(file, (4_000_000_000, 4_000_000_000))
    assert machine.newest([(file, False)]) == 4_000_000_000


def test_the_clock_is_asked_of_the_kernel() -> None:
    assert machine.clock_follows_a_server() in (None, True, False)


def test_no_password_of_a_mail_server_or_a_database_is_shown(shell: Shell) -> None:
    ran = shell(
        "doctor",
        "--settings",
        "--json",
        LIMEN_MAIL="smtps://limen:hunter2@mail.example",
        LIMEN_MAIL_FROM="a@b.example",
    )
    assert "hunter2" not in ran.out + ran.err
    assert "smtps://limen:…@mail.example" in ran.out


def test_asvs_is_judged_by_this_configuration(ada: Shell) -> None:
    ran = ada("doctor", "--asvs", "--json")
    assert (ran.code, ran.json["standard"], ran.json["level"]) == (1, "OWASP ASVS 5.0.0", 2)
    by_id = {one["id"]: one for one in ran.json["requirements"]}
    assert by_id["v5.0.0-7.4.1"]["verdict"] == "pass"
    assert by_id["v5.0.0-7.4.1"]["settings"]["strategy"] == "hybrid"
    jwt = ada("doctor", "--asvs", "--json", LIMEN_STRATEGY="jwt")
    assert {one["id"]: one["verdict"] for one in jwt.json["requirements"]}["v5.0.0-7.4.1"] == "fail"


def test_asvs_exits_by_what_fails_at_its_level(ada: Shell) -> None:
    assert ada("doctor", "--asvs", "--level", "1").code == 0
    assert ada("doctor", "--asvs", "--level", "1", LIMEN_STRATEGY="jwt").code == 1
    table = ada("doctor", "--asvs", "--level", "3").out
    assert "10.3.5" in table
    assert "test_S18_the_idle_end_is_exact" in table
    assert "idle_lifetime=7d" in table


def test_asvs_judges_nothing_that_cannot_be_read(shell: Shell) -> None:
    assert shell("doctor", "--asvs", LIMEN_LEEWAY="often").code == 4
    assert shell("doctor", "--level", "2").code == 2


def test_a_secret_that_does_not_open_the_ring_is_a_finding(ada: Shell, tmp_path: Path) -> None:
    secret = tmp_path / ".limen" / "secret"
    before = secret.read_text()
    assert "database_unusable" not in found(ada("doctor", "--json"))
    secret.write_text("bW9zdCBzZWNyZXQsIGFuZCBmb3IgdGVzdHMgb25seSwgb2YgY291cnNl\n")
    ran = ada("doctor", "--json")
    assert (ran.code, "database_unusable" in found(ran)) == (1, True)
    assert "sealed under another LIMEN_SECRET" in ran.out
    secret.write_text("bW9zdCBzZWNyZXQsIGFuZCBmb3IgdGVzdHMgb25seSwgb2YgY291cnNl\n" + before)
    assert "database_unusable" not in found(ada("doctor", "--json"))


def test_why_the_database_cannot_be_used_is_said(shell: Shell) -> None:
    there = shell("doctor", "--database", "postgresql://limen@127.0.0.1:1/limen")
    assert "nothing listens where PostgreSQL should" in there.out
    assert "ConnectionRefusedError" in there.out


def test_the_secret_of_a_service_may_be_read_by_its_group(shell: Shell, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("bW9zdCBzZWNyZXQsIGFuZCBmb3IgdGVzdHMgb25seSwgb2YgY291cnNl\n")
    for mode in (0o640, 0o440, 0o600):
        secret.chmod(mode)
        assert "file_readable" not in found(shell("doctor", "--json", LIMEN_SECRET_FILE=str(secret)))
