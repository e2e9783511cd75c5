"""One writer at a time, over all processes: an advisory lock on a file beside the database.

It is held for a whole group of writes, and for every checkpoint. SQLite's own lock would be enough for the
writes; this one also keeps a checkpoint of one process and a commit of another apart, which the WAL-reset
bug of SQLite up to 3.51.2 needs at the same moment. The lock belongs to the open file: it ends with the
process, however that ends, because children close theirs (`store.orphan`, and O_CLOEXEC).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from limen.clock import Seconds
from limen.errors import Misconfigured, Unavailable
from limen.stores.sqlite.files import lock_of, open_private

_FIRST_PAUSE: Seconds = 0.000_1
_LONGEST_PAUSE: Seconds = 0.002


class FileLock:
    """Waits up to `patience` seconds for the lock, then raises Unavailable."""

    def __init__(self, path: Path, *, patience: Seconds) -> None:
        self._path, self._patience = lock_of(path), patience
        self._descriptor = -1

    def open(self) -> None:
        """Misconfigured where the file cannot be made, or this system has no such locks."""
        try:
            import fcntl
        except ImportError as error:
            raise Misconfigured("the SQLite store needs a POSIX system, for its locks") from error
        self._flock, self._now, self._un = fcntl.flock, fcntl.LOCK_EX | fcntl.LOCK_NB, fcntl.LOCK_UN
        self._descriptor = open_private(self._path)

    def close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    @contextmanager
    def held(self) -> Iterator[None]:
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def acquire(self) -> None:
        """Ask again and again, for there is no wait that ends by itself. Pauses stay short: the lock is free
        for microseconds between two groups of a busy process."""
        waited, pause = 0.0, _FIRST_PAUSE
        while not self._try():
            if waited >= self._patience:
                raise Unavailable("another process is writing to the database", reason="lock_timeout")
            time.sleep(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_PAUSE)

    def release(self) -> None:
        with suppress(OSError):  # a descriptor that is gone holds no lock
            self._flock(self._descriptor, self._un)

    def _try(self) -> bool:
        try:
            self._flock(self._descriptor, self._now)
        except BlockingIOError:
            return False
        except OSError as error:
            raise Unavailable("the database cannot be locked", reason="lock_failed") from error
        return True
