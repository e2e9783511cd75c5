"""Runs are kept whole, found again, and refused where they are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from limen.errors import Rejected
from limen.lab import archive
from support.lab import a_run


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = archive.save(a_run(), tmp_path / "new" / "folder")
    assert archive.load(path) == a_run()
    assert [file.name for file in path.parent.iterdir()] == ["20270115T080000Z.json"]


def test_the_last_run_is_the_one_that_is_meant(tmp_path: Path) -> None:
    later = a_run()
    later.id = "20280115T080000Z"
    for run in (later, a_run()):
        archive.save(run, tmp_path)
    (tmp_path / "notes.json").write_text("{}")
    assert archive.find(None, tmp_path).stem == later.id
    assert archive.find("20270115T080000Z", tmp_path).stem == "20270115T080000Z"
    assert archive.find(str(tmp_path / "notes.json"), tmp_path).name == "notes.json"


def test_there_must_be_one(tmp_path: Path) -> None:
    for named in (None, "20270115T080000Z", "elsewhere.json"):
        with pytest.raises(Rejected) as refused:
            archive.find(named, tmp_path)
        assert refused.value.code == "run_missing"


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"id": 1}', "\x00"])
def test_what_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(Rejected) as refused:
        archive.load(tmp_path / "x.json")
    assert refused.value.code == "run_unreadable"


def test_another_format_is_not_guessed_at(tmp_path: Path) -> None:
    run = a_run()
    run.format = 99
    with pytest.raises(Rejected, match="format 99"):
        archive.load(archive.save(run, tmp_path))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:secret@db.example:5432/lab?sslmode=require", "postgresql://db.example:5432/lab"),
        ("redis://:secret@cache/0", "redis://cache/0"),
        ("sqlite:///lab.db", "sqlite:///lab.db"),
        ("sqlite", "sqlite"),
    ],
)
def test_no_report_shows_a_password(url: str, shown: str) -> None:
    assert archive.without_credentials(url) == shown
