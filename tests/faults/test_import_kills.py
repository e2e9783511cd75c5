"""kill -9 in the middle of an import, again and again: whole batches are there, and the next run goes on."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from contextlib import closing, suppress
from pathlib import Path

import asyncpg
import pytest

from limen.flows.import_accounts import BATCH
from support import servers
from support.shell import COMMAND, surroundings

SECRET = "bW9zdCBzZWNyZXQsIGFuZCBmb3IgdGVzdHMgb25seSwgb2YgY291cnNl"
COUNT = 3_000
HASH = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"
HEAD = "id,email,hashed_password,is_active,is_superuser,is_verified\n"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    lines = (f"{n},p{n}@example.com,{HASH},t,f,t\n" for n in range(COUNT))
    (tmp_path / "people.csv").write_text(HEAD + "".join(lines))
    return tmp_path


def limen(folder: Path, url: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=surroundings(LIMEN_DATABASE=url, LIMEN_SECRET=SECRET),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def importing(folder: Path, url: str) -> subprocess.Popen[str]:
    return limen(
        folder, url, "account", "import", "--from", "fastapi-users", "people.csv", "--apply", "--json"
    )


def done(process: subprocess.Popen[str]) -> str:
    out, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    return out


def counted(file: Path) -> int:
    with closing(sqlite3.connect(file)) as db:
        return int(db.execute("SELECT count(*) FROM limen_accounts").fetchone()[0])


def rows(file: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as db:
        return db.execute("SELECT id, email, password FROM limen_accounts ORDER BY key").fetchall()


def test_D18_an_import_that_is_killed_leaves_whole_batches_and_goes_on(people: Path) -> None:
    url, file = f"sqlite:///{people}/a.db", people / "a.db"
    done(limen(people, url, "migrate"))
    for round_ in range(1, 3):
        before = counted(file)
        with importing(people, url) as process:
            while counted(file) < before + round_ * BATCH:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=0.02)
                    break
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL, "it was done before it could be killed"
        assert counted(file) % BATCH == 0
    assert f'"new":{COUNT - counted(file)},' in done(importing(people, url))
    undisturbed = f"sqlite:///{people}/b.db"
    done(limen(people, undisturbed, "migrate"))
    done(importing(people, undisturbed))
    assert rows(file) == rows(people / "b.db")


@pytest.mark.anyio
async def test_two_imports_at_once_into_postgresql_make_each_account_once(people: Path) -> None:
    schema = servers.new_schema()
    url = servers.postgres().url(schema=schema)
    done(limen(people, url, "migrate"))
    both = [importing(people, url), importing(people, url)]
    said = [done(process) for process in both]
    connection = await asyncpg.connect(servers.postgres().url())
    try:
        count = await connection.fetchval(f'SELECT count(*) FROM "{schema}".limen_accounts')
    finally:
        await connection.close()
    assert count == COUNT, said
