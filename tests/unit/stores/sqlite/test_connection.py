"""D20: which SQLite libraries are refused, which are warned about; and what connections are set to."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from limen.errors import Misconfigured
from limen.stores.sqlite import connection
from limen.stores.sqlite.connection import open_reader, open_writer, warn_once, warning_about


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 34, 1), (3, 36, 0)])
def test_D20_a_library_that_lacks_what_is_used_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(Misconfigured, match="is too old; Limen needs"):
        warning_about(version)


@pytest.mark.parametrize(
    "version",
    [(3, 37, 0), (3, 40, 1), (3, 44, 5), (3, 45, 0), (3, 46, 1), (3, 50, 6), (3, 51, 0), (3, 51, 2)],
)
def test_D20_a_library_with_the_wal_reset_bug_is_warned_about(version: tuple[int, ...]) -> None:
    warning = warning_about(version)
    assert warning is not None
    assert ".".join(map(str, version)) in warning
    assert "3.51.3" in warning


@pytest.mark.parametrize("version", [(3, 44, 6), (3, 44, 9), (3, 50, 7), (3, 51, 3), (3, 52, 0), (4, 0, 0)])
def test_D20_a_library_with_the_repair_is_not(version: tuple[int, ...]) -> None:
    assert warning_about(version) is None


def test_D20_the_warning_comes_once_a_process(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_warned", set())
    for _ in range(3):
        warn_once((3, 40, 1))
        warn_once((3, 51, 3))
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


EXPECTED = {
    "journal_mode": "wal",
    "synchronous": 2,
    "wal_autocheckpoint": 0,
    "mmap_size": 0,
    "foreign_keys": 1,
    "busy_timeout": 200,
}


def test_D19_a_writer_syncs_each_commit_and_checkpoints_when_it_is_told(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "a.db", sqlite3.Connection, patience=0.2)) as db:
        said = {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in EXPECTED}
    assert said == EXPECTED


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    open_writer(tmp_path / "a.db", sqlite3.Connection, patience=0.2).close()
    with (
        closing(open_reader(tmp_path / "a.db", sqlite3.Connection)) as db,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        db.execute("CREATE TABLE x (y)")


def test_a_file_system_without_a_log_is_said(tmp_path: Path) -> None:
    class NoLog(sqlite3.Connection):
        def execute(self, statement: str, *arguments: object) -> sqlite3.Cursor:
            found = statement.replace("PRAGMA journal_mode = WAL", "PRAGMA journal_mode = DELETE")
            return super().execute(found, *arguments)  # type: ignore[arg-type]

    with pytest.raises(Misconfigured, match="put the database on a local disk"):
        open_writer(tmp_path / "a.db", NoLog, patience=0.2)
