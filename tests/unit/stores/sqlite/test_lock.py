"""The lock: one holder over all processes, a bounded wait, and a holder that dies lets go."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from limen.errors import Misconfigured, Unavailable
from limen.stores.sqlite.lock import FileLock


@pytest.fixture
def locks(tmp_path: Path) -> Iterator[tuple[FileLock, FileLock]]:
    pair = FileLock(tmp_path / "a.db", patience=0.05), FileLock(tmp_path / "a.db", patience=0.05)
    for lock in pair:
        lock.open()
    yield pair
    for lock in pair:
        lock.close()


def test_one_holds_it_and_the_other_waits_in_vain(locks: tuple[FileLock, FileLock]) -> None:
    mine, other = locks
    with mine.held():
        with pytest.raises(Unavailable) as caught:
            other.acquire()
        assert caught.value.reason == "lock_timeout"
    with other.held(), pytest.raises(Unavailable):
        mine.acquire()


def test_it_is_let_go_whatever_happens_meanwhile(locks: tuple[FileLock, FileLock]) -> None:
    mine, other = locks
    with pytest.raises(KeyError), mine.held():
        raise KeyError
    other.acquire()
    other.release()


def test_a_closed_file_holds_nothing(locks: tuple[FileLock, FileLock]) -> None:
    mine, other = locks
    mine.acquire()
    mine.close()
    mine.close()
    other.acquire()
    other.release()


def test_whoever_waits_gets_it_when_it_is_free(tmp_path: Path) -> None:
    mine, other = FileLock(tmp_path / "a.db", patience=5), FileLock(tmp_path / "a.db", patience=5)
    mine.open()
    other.open()
    mine.acquire()
    got = threading.Event()

    def wait() -> None:
        with other.held():
            got.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert not got.wait(0.02)
    mine.release()
    assert got.wait(5)
    waiter.join()
    mine.close()
    other.close()


def test_a_descriptor_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "a.db", patience=0.05)
    lock.open()
    os.close(lock._descriptor)
    with pytest.raises(Unavailable) as caught:
        lock.acquire()
    assert caught.value.reason == "lock_failed"
    lock._descriptor = -1


def test_D22_the_file_is_private_and_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.db-lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Misconfigured):
        FileLock(tmp_path / "a.db", patience=0.05).open()
    assert not (tmp_path / "elsewhere").exists()
