"""Secrets that lie in files: who may have been able to read or write them is asked before they are believed.

What is checked is the file that was opened and not its name, so nobody changes it between check and read.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from limen.errors import Misconfigured
from limen.secret import Secret
from limen.settings.record import DEVELOPMENT_DIRECTORY
from limen.settings.values import secret_of

_MAX_BYTES = 4_096
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)  # Windows has neither, nor modes and owners that mean anything
_POSIX = hasattr(os, "geteuid")


def read(path: Path) -> Secret:
    """The secret in a file that was named on purpose; those on further lines are still good beside it.

    A link is followed, for that is how Kubernetes mounts secrets; the group may read, for that is how it
    gives them to a process that is not root. Nobody else may read, and nobody but the owner write.
    """
    return _read(path, follow=True, forbidden=0o037, fix="chmod 600, or a mount with mode 0400")


def check_private(path: Path, found: os.stat_result) -> None:
    """Misconfigured if others can read or write this file, which was opened and has a secret in it."""
    _check(path, found, forbidden=0o037, fix="chmod 600, or keep the secret elsewhere")


def development() -> tuple[Secret, str]:
    """The secret of this working directory, made at the first call. Of several processes that make it at once
    one wins, and all read the winner's."""
    path = directory() / "secret"
    if not os.path.lexists(path):
        _write_once(path, Secret.generate().reveal())
    return _read(path, follow=False, forbidden=0o077, fix="delete it, and another is made"), str(path)


def directory() -> Path:
    """`.limen` in the working directory, ours alone, and unseen by git; made if it is not there."""
    path = Path(DEVELOPMENT_DIRECTORY)
    try:
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
        found = path.lstat()
    except OSError as error:
        raise _set_it_yourself(f"{path} cannot be made in the working directory: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise _set_it_yourself(f"{path} is no directory")
    if _POSIX and (found.st_uid != os.geteuid() or found.st_mode & 0o022):
        raise _set_it_yourself(f"{path} is another user's, or others may write into it")
    if not os.path.lexists(path / ".gitignore"):
        _write_once(path / ".gitignore", "*\n")
    return path


def _write_once(path: Path, text: str) -> None:
    """Make a file with mode 0600 that is whole as soon as it is there; leave one that came first."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW, 0o600)
        try:
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    except OSError as error:
        raise _set_it_yourself(f"{path} cannot be made in the working directory: {error.strerror}") from error


def _read(path: Path, *, follow: bool, forbidden: int, fix: str) -> Secret:
    descriptor = _open(path, follow=follow, forbidden=forbidden, fix=fix)
    with os.fdopen(descriptor, "rb") as file:
        raw = file.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise Misconfigured(f"{path} is too long for a secret: it holds what `limen key secret` prints")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{path} holds no text: it holds what `limen key secret` prints") from error
    if not text.strip():
        raise Misconfigured(
            f"{path} is empty: it holds what `limen key secret` prints", code="secret_missing"
        )
    current, *others = [secret_of(line) for line in text.splitlines() if line.strip()]
    return current.beside(*others) if others else current


def _open(path: Path, *, follow: bool, forbidden: int, fix: str) -> int:
    """A descriptor of a regular file whose owner and mode keep others out."""
    try:
        # Without O_NONBLOCK a FIFO of that name would wait for a writer.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | (0 if follow else _NOFOLLOW)
        descriptor = os.open(path, flags)
    except OSError as error:
        raise Misconfigured(f"the secret in {path} cannot be read: {error.strerror}; {fix}") from error
    try:
        _check(path, os.fstat(descriptor), forbidden=forbidden, fix=fix)
    except Misconfigured:
        os.close(descriptor)
        raise
    return descriptor


def _check(path: Path, found: os.stat_result, *, forbidden: int, fix: str) -> None:
    why = _exposed(found, forbidden)
    if why is not None:
        raise Misconfigured(f"{path} holds a secret and {why}: {fix}", code="secret_exposed")


def _exposed(found: os.stat_result, forbidden: int) -> str | None:
    if not stat.S_ISREG(found.st_mode):
        return "is no regular file"
    if not _POSIX:
        return None
    if found.st_uid not in (os.geteuid(), 0):
        return "belongs to another user"
    if found.st_mode & forbidden:
        return f"has mode {stat.S_IMODE(found.st_mode):04o}, which is open to others"
    return None


def _set_it_yourself(why: str) -> Misconfigured:
    return Misconfigured(
        f"{why}; set LIMEN_SECRET, as `limen key secret` prints it, or make room for the one of development",
        code="secret_missing",
    )
