"""A disk that is full, read-only or not there: `limen serve` and `limen migrate` say so in one sentence, and
what was acknowledged is there when it is well again."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from support.serving import Serving
from support.shell import COMMAND, Ran, surroundings

EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"
SECRET = "bW9zdCBzZWNyZXQsIGFuZCBmb3IgdGVzdHMgb25seSwgb2YgY291cnNl"
VERBS = (("serve", "--port", "0", "--log-level", "error"), ("migrate",))
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 24, 1, 2


def run(folder: Path, *arguments: str, stdin: str = "", before: Callable[[], None] | None = None) -> Ran:
    done = subprocess.run(
        [*COMMAND, *arguments], input=stdin, capture_output=True, text=True, timeout=20, preexec_fn=before,
        cwd=folder, env=surroundings(LIMEN_DATABASE=f"sqlite:///{folder}/limen.db", LIMEN_SECRET=SECRET),
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def add(folder: Path, email: str = EMAIL) -> Ran:
    return run(folder, "account", "add", email, "--password-stdin", stdin=PASSWORD)


def is_one_sentence(ran: Ran, code: int, *words: str) -> None:
    assert ran.code == code, ran.err
    assert ran.out == ""
    assert ran.err.startswith("limen: ")
    assert ran.err.count("\n") == 1
    for word in words:
        assert word in ran.err


def still_signs_in(folder: Path) -> None:
    shown = run(folder, "account", "show", EMAIL)
    assert shown.code == 0, shown.err


def as_a_user_whom_modes_stop() -> None:
    """Root is stopped by no mode; without these capabilities it is. Anybody else has none to lose."""
    libc = ctypes.CDLL(None)
    for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root mounts a small disk; RLIMIT_FSIZE is tried in its place")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount; RLIMIT_FSIZE is tried in its place")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4_096) == 4_096:
                continue
        except OSError:
            return ballast
    return ballast


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_D17_a_full_disk_is_one_sentence_and_loses_nothing(small_disk: Path, verb: tuple[str, ...]) -> None:
    assert add(small_disk).code == 0
    ballast = fill(small_disk)
    ran = run(small_disk, *verb)
    if verb[0] == "migrate":  # there is nothing to write, so a full disk need not stop it
        assert ran.code == 0 or "full" in ran.err
    else:
        is_one_sentence(ran, 3, "disk", "full")
    ballast.unlink()
    still_signs_in(small_disk)
    assert run(small_disk, "migrate").code == 0


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_D17_a_disk_that_is_full_from_the_start_is_one_sentence(
    small_disk: Path, verb: tuple[str, ...]
) -> None:
    ballast = fill(small_disk)
    is_one_sentence(run(small_disk, *verb), 3, "full")
    ballast.unlink()
    assert add(small_disk).code == 0
    still_signs_in(small_disk)


def test_D17_a_server_whose_disk_fills_up_answers_503_and_recovers(small_disk: Path) -> None:
    at = f"sqlite:///{small_disk}/limen.db"
    arguments = ("--port", "0", "--database", at, "--log-level", "error")
    with Serving(small_disk, *arguments, LIMEN_SECRET=SECRET) as server:
        with httpx2.Client(base_url=server.address, timeout=20) as client:
            body = {"email": EMAIL, "password": PASSWORD}
            assert client.post("/auth/register", json=body).status_code == 202
            ballast = fill(small_disk)
            statuses = [
                client.post("/auth/login", json=body | {"transport": "bearer"}).status_code for _ in "ab"
            ]
            assert set(statuses) <= {200, 503}
            assert client.get("/healthz").status_code == 200
            while client.get("/readyz").status_code == 200 and statuses[-1] != 503:
                statuses.append(client.post("/auth/login", json=body | {"transport": "bearer"}).status_code)
            ballast.unlink()
            assert client.get("/readyz").status_code == 200
            answer = client.post("/auth/login", json=body | {"transport": "bearer"})
            assert answer.status_code == 200, answer.text
        code, _, err = server.stop()
    assert code == 0
    assert "Traceback" not in err


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_D17_a_file_that_may_not_grow_is_one_sentence(tmp_path: Path, verb: tuple[str, ...]) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))

    is_one_sentence(run(tmp_path, *verb, before=limited), 3, "SQLITE_IOERR")
    assert add(tmp_path).code == 0
    ran = run(tmp_path, *verb, before=limited)
    assert ran.code == 0 or ran.err.count("\n") == 1
    still_signs_in(tmp_path)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_a_read_only_file_is_one_sentence_and_loses_nothing(tmp_path: Path, verb: tuple[str, ...]) -> None:
    assert add(tmp_path).code == 0
    (tmp_path / "limen.db").chmod(0o400)
    ran = run(tmp_path, *verb, before=as_a_user_whom_modes_stop)
    is_one_sentence(ran, 4, "limen.db", "cannot be written")
    (tmp_path / "limen.db").chmod(0o600)
    still_signs_in(tmp_path)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_a_read_only_directory_is_one_sentence(tmp_path: Path, verb: tuple[str, ...]) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    ran = run(tmp_path, *verb, "--database", "sqlite:///closed/limen.db", before=as_a_user_whom_modes_stop)
    is_one_sentence(ran, 4, "closed", "cannot be written")
    assert list((tmp_path / "closed").iterdir()) == []


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_a_read_only_file_system_is_one_sentence(small_disk: Path, verb: tuple[str, ...]) -> None:
    assert add(small_disk).code == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    is_one_sentence(run(small_disk, *verb), 4, str(small_disk))
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    still_signs_in(small_disk)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
@pytest.mark.parametrize("name", ["nowhere/limen.db", ".", "limen.db/limen.db"])
def test_a_missing_directory_is_one_sentence(tmp_path: Path, verb: tuple[str, ...], name: str) -> None:
    is_one_sentence(run(tmp_path, *verb, "--database", f"sqlite:///{tmp_path}/{name}"), 4, str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_a_file_that_is_no_database_is_one_sentence_and_stays(tmp_path: Path, verb: tuple[str, ...]) -> None:
    (tmp_path / "limen.db").write_bytes(b"a letter, and no database\n" * 100)
    is_one_sentence(run(tmp_path, *verb), 4, "no SQLite database")
    assert (tmp_path / "limen.db").read_bytes() == b"a letter, and no database\n" * 100
