"""The files of a database: where they may lie, and that nobody but their owner reads them.

SQLite gives `-wal` and `-shm` the mode of the database. That file is never opened here once it exists:
closing any descriptor of it would drop the locks that this process holds on it through SQLite.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

from limen.errors import Misconfigured, Unavailable

_log = logging.getLogger("limen.stores")
_PRIVATE = 0o600
_BESIDE = ("-wal", "-shm")
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs"})
_MOUNTS = Path("/proc/self/mounts")


class Place:
    """Whether the database that was opened still lies where it was opened.

    SQLite goes on with a file that was removed, or replaced by a backup: what is acknowledged then is lost,
    and what other processes revoke is never heard of. So nothing is answered from it.
    """

    __slots__ = ("_known", "_path", "lost")

    def __init__(self, path: Path) -> None:
        self._path, self._known, self.lost = path, _identity(path), False

    def look(self) -> None:
        """Unavailable if it is gone, or another one."""
        lost = _identity(self._path) != self._known
        if lost and not self.lost:
            _log.critical(
                "%s was removed or replaced while it was open, and is not used any more: stop every process "
                "that has it open, put the file in its place, and start again",
                self._path,
            )
        self.lost = lost
        self.check()

    def check(self) -> None:
        """Unavailable if the last look found it so. Costs no call of the system."""
        if self.lost:
            raise Unavailable("the database was moved away", reason="database_moved")


def lock_of(path: Path) -> Path:
    """The file whose lock keeps the writers of all processes apart."""
    return path.with_name(path.name + "-lock")


def check_place(path: Path) -> None:
    """Misconfigured unless a database could lie here. Touches nothing."""
    if not path.parent.is_dir():
        raise Misconfigured(f"the directory {path.parent} does not exist: make it, or name another database")
    for file in (path, lock_of(path), *_beside(path)):
        _check_regular(file)
    mount = _filesystem_of(path.parent.resolve(), _MOUNTS.read_text("utf-8") if _MOUNTS.exists() else "")
    if mount in _NETWORK:
        raise Misconfigured(
            f"{path} lies on a network file system ({mount}), where SQLite loses data: put it on a local disk"
        )


def open_private(path: Path) -> int:
    """A descriptor of this file, made if need be, that only its owner may read."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags, _PRIVATE)
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written by this user: {error.strerror}") from error
    try:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != _PRIVATE:
            os.fchmod(descriptor, _PRIVATE)  # the umask, or whoever made it
    except OSError as error:
        os.close(descriptor)
        raise _open_to_others(path, error) from error
    return descriptor


def make_private(path: Path) -> None:
    """Make the database if it is not there, and close what is there to everybody but its owner.

    Misconfigured where this user could not write it. SQLite would open it all the same, say so at the first
    write that reaches the file, and leave a log behind that nobody can write either.
    """
    if not path.exists():
        os.close(open_private(path))
    for file in (path, *_beside(path)):
        _tighten(file)
        if file.exists() and not os.access(file, os.W_OK):
            raise Misconfigured(f"{file} cannot be written by this user: change its mode or its owner")


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file lies here; None if there is none."""
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in _BESIDE]


def _tighten(file: Path) -> None:
    try:
        if stat.S_IMODE(file.lstat().st_mode) & 0o177:
            file.chmod(_PRIVATE)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _open_to_others(file, error) from error


def _open_to_others(file: Path, error: OSError) -> Misconfigured:
    return Misconfigured(f"{file} is open to others and its mode cannot be set to 0600: {error.strerror}")


def _check_regular(file: Path) -> None:
    try:
        mode = file.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise Misconfigured(f"{file} cannot be looked at by this user: {error.strerror}") from error
    if stat.S_ISLNK(mode):
        raise Misconfigured(f"{file} is a symbolic link: name the file that it leads to")
    if not stat.S_ISREG(mode):
        raise Misconfigured(f"{file} is a directory or device: name a file")


def _filesystem_of(place: Path, mounts: str) -> str:
    """The kind of the file system that a place lies on, from the text of /proc/mounts; empty if unknown."""
    found = ("", "")
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if place.is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, kind)
    return found[1]
