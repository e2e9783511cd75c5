"""D22: nobody but its owner reads the database, under any umask, and it lies where SQLite keeps it safe."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from limen.errors import Misconfigured
from limen.stores.sqlite import SQLiteStore, files
from support.stores import added

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[0o000, 0o002, 0o022, 0o077, 0o777], ids=lambda mask: f"umask-{mask:03o}")
def mask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_D22_every_file_is_0600_under_any_umask(mask: int, tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "limen.db")
    await store.start()
    await added(store)
    found = modes(tmp_path)
    assert found.keys() == {"limen.db", "limen.db-wal", "limen.db-shm", "limen.db-lock"}
    assert set(found.values()) == {0o600}
    await store.close()
    assert set(modes(tmp_path).values()) == {0o600}


async def test_D22_files_that_were_open_to_others_are_closed_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "limen.db"
    store = SQLiteStore(path)
    await store.start()
    account = await added(store)
    for name in modes(tmp_path):
        os.chmod(tmp_path / name, 0o666)
    other = SQLiteStore(path)
    await other.start()
    assert set(modes(tmp_path).values()) == {0o600}
    assert await other.account(account.id) == account
    await other.close()
    await store.close()


async def test_D22_migrating_and_looking_leave_nothing_open_to_others(mask: int, tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "limen.db")
    assert (await store.schema()).applied == ()
    assert modes(tmp_path) == {}
    await store.migrate()
    await store.schema()
    assert set(modes(tmp_path).values()) == {0o600}


@pytest.mark.parametrize("name", ["limen.db", "limen.db-wal", "limen.db-shm", "limen.db-lock"])
@pytest.mark.parametrize("kind", ["link", "dangling link", "directory", "pipe"])
async def test_D22_K04_a_file_that_is_none_is_refused_and_not_followed(
    name: str, kind: str, tmp_path: Path
) -> None:
    target, place = tmp_path / "elsewhere", tmp_path / "data"
    place.mkdir()
    match kind:
        case "link":
            target.write_text("mine")
            (place / name).symlink_to(target)
        case "dangling link":
            (place / name).symlink_to(target)
        case "directory":
            (place / name).mkdir()
        case "pipe":
            os.mkfifo(place / name)
    store = SQLiteStore(place / "limen.db")
    with pytest.raises(Misconfigured, match=r"symbolic link|directory or device"):
        await store.start()
    with pytest.raises(Misconfigured):
        await store.migrate()
    if kind == "link":
        assert target.read_text() == "mine"
    else:
        assert not target.exists()


async def test_a_missing_directory_is_said_and_not_made(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "missing" / "limen.db")
    for attempt in (store.start(), store.migrate(), store.schema()):
        with pytest.raises(Misconfigured, match="does not exist: make it"):
            await attempt
    assert modes(tmp_path) == {}


@pytest.mark.parametrize(
    "content", [b"not a database at all, but text " * 64, b"SQLite format 3\0" + b"\xff" * 4_080]
)
async def test_what_is_no_database_is_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "limen.db"
    path.write_bytes(content)
    store = SQLiteStore(path)
    with pytest.raises(Misconfigured, match=r"is no SQLite database|is damaged"):
        await store.start()
    assert path.read_bytes() == content


MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/export /srv/a\\040b nfs4 rw 0 0
tmpfs /srv tmpfs rw 0 0
host:/home /home/ada fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/srv", "tmpfs"),
        ("/srv/a b/c", "nfs4"),
        ("/srv/a", "tmpfs"),
        ("/home/ada", "fuse.sshfs"),
        ("/home/adam", "ext4"),
    ],
)
def test_D21_the_kind_of_a_file_system_is_that_of_the_deepest_mount(place: str, kind: str) -> None:
    assert files._filesystem_of(Path(place), MOUNTS) == kind


def test_a_system_without_a_list_of_mounts_is_no_obstacle() -> None:
    assert files._filesystem_of(Path("/var"), "") == ""
