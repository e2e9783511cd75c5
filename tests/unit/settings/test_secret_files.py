"""Secrets in files: who could have read or written them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from limen.errors import Misconfigured
from limen.secret import Secret
from limen.settings import secret_files

TEXT = Secret.generate().reveal()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refused(what: str, *, code: str | None = None) -> None:
    with pytest.raises(Misconfigured) as caught:
        secret_files.development()
    assert what in caught.value.message
    assert TEXT not in caught.value.message
    assert code is None or caught.value.code == code


def test_the_secret_of_development_is_private_and_hidden_from_git(place: Path) -> None:
    secret, source = secret_files.development()
    folder = place / ".limen"
    assert source == ".limen/secret"
    assert (mode(folder), mode(folder / "secret")) == (0o700, 0o600)
    assert (folder / ".gitignore").read_text() == "*\n"
    assert sorted(file.name for file in folder.iterdir()) == [".gitignore", "secret"]
    assert secret_files.development()[0].reveal() == secret.reveal()


def test_a_loose_umask_loosens_nothing(place: Path) -> None:
    old = os.umask(0)
    try:
        secret_files.development()
    finally:
        os.umask(old)
    assert (mode(place / ".limen"), mode(place / ".limen" / "secret")) == (0o700, 0o600)


def test_a_folder_that_is_there_is_used(place: Path) -> None:
    (place / ".limen").mkdir(mode=0o755)
    (place / ".limen" / ".gitignore").write_text("mine\n")
    secret_files.development()
    assert (place / ".limen" / ".gitignore").read_text() == "mine\n"


CHILD = """
import sys
from limen.settings.secret_files import development
sys.stdin.read(1)
print(development()[0].reveal())
"""


def test_processes_that_start_at_once_agree(place: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=place
        )
        for _ in range(8)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("x")
        child.stdin.flush()
    said = {child.communicate()[0].strip() for child in children}
    assert [child.returncode for child in children] == [0] * 8
    assert said == {(place / ".limen" / "secret").read_text()}
    assert sorted(file.name for file in (place / ".limen").iterdir()) == [".gitignore", "secret"]


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o644, 0o777])
def test_K04_a_secret_that_others_could_read_is_refused(place: Path, bits: int) -> None:
    secret_files.development()
    (place / ".limen" / "secret").chmod(bits)
    refused(f"has mode {bits:04o}, which is open to others: delete it", code="secret_exposed")


def test_K04_a_link_is_not_followed(place: Path) -> None:
    secret_files.directory()
    (place / "elsewhere").write_text(TEXT)
    (place / "elsewhere").chmod(0o600)
    (place / ".limen" / "secret").symlink_to(place / "elsewhere")
    refused("cannot be read")


def test_K04_a_link_to_nowhere_makes_no_file_there(place: Path) -> None:
    secret_files.directory()
    (place / ".limen" / "secret").symlink_to(place / "nowhere")
    refused("cannot be read")
    assert not (place / "nowhere").exists()


@pytest.mark.parametrize("kind", ["directory", "fifo"])
def test_K04_what_is_no_file_is_refused_without_waiting(place: Path, kind: str) -> None:
    path = secret_files.directory() / "secret"
    path.mkdir() if kind == "directory" else os.mkfifo(path, 0o600)
    refused("is no regular file", code="secret_exposed")


def test_K04_a_folder_that_others_may_write_into_is_refused(place: Path) -> None:
    (place / ".limen").mkdir()
    (place / ".limen").chmod(0o777)
    refused("others may write into it; set LIMEN_SECRET", code="secret_missing")


@pytest.mark.parametrize("kind", ["link", "file"])
def test_K04_a_folder_that_is_none_is_refused(place: Path, kind: str) -> None:
    (place / "real").mkdir()
    (place / ".limen").symlink_to("real") if kind == "link" else (place / ".limen").touch()
    refused("is no directory", code="secret_missing")


def test_K04_a_file_of_another_user_is_refused() -> None:
    here = os.stat(".")
    theirs = os.stat_result((stat.S_IFREG | 0o600, 0, 0, 1, os.geteuid() + 1, *here[5:]))
    with pytest.raises(Misconfigured, match="belongs to another user") as caught:
        secret_files.check_private(Path("limen.toml"), theirs)
    assert caught.value.code == "secret_exposed"


def test_a_folder_that_cannot_be_made_is_said(place: Path) -> None:
    (place / "gone").mkdir()
    os.chdir(place / "gone")
    (place / "gone").rmdir()
    refused(".limen cannot be made in the working directory", code="secret_missing")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff" * 40, "holds no text"),
        (b"a" * 5_000, "is too long"),
        (b"short", "needs at least 32"),
        (b"change-me-change-me-change-me-change-me", "is an example"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused(place: Path, content: bytes, what: str) -> None:
    path = place / "secret"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(Misconfigured, match=what):
        secret_files.read(path)


@pytest.mark.parametrize("bits", [0o400, 0o440, 0o600, 0o640])
def test_a_mounted_secret_may_be_read_by_its_group(place: Path, bits: int) -> None:
    path = place / "secret"
    path.write_text(f"{TEXT}\n")
    path.chmod(bits)
    assert secret_files.read(path).reveal() == TEXT


@pytest.mark.parametrize("bits", [0o444, 0o644, 0o660, 0o604, 0o602])
def test_K04_a_mounted_secret_that_others_reach_is_refused(place: Path, bits: int) -> None:
    path = place / "secret"
    path.write_text(TEXT)
    path.chmod(bits)
    with pytest.raises(Misconfigured, match=f"has mode {bits:04o}.*mode 0400") as caught:
        secret_files.read(path)
    assert caught.value.code == "secret_exposed"


def test_a_mounted_secret_may_be_a_link_as_in_kubernetes(place: Path) -> None:
    (place / "..data").mkdir()
    path = place / "..data" / "secret"
    path.write_text(TEXT)
    path.chmod(0o440)
    (place / "secret").symlink_to("..data/secret")
    assert secret_files.read(place / "secret").reveal() == TEXT


def test_a_mounted_secret_that_is_not_there_is_said(place: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read: No such file"):
        secret_files.read(place / "secret")
