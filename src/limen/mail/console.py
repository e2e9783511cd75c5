"""Letters on the console, for development: whoever runs the server reads them there, and in a folder."""

from __future__ import annotations

import itertools
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from limen.mail.postman import Deliver

if TYPE_CHECKING:
    from limen.mail.writing import Written

_log = logging.getLogger("limen.mail")


class Console:
    """Writes each letter to stderr, and into a file of its own where there is a folder. Never fails."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Deliver]:
        yield self._deliver

    async def _deliver(self, written: Written) -> None:
        text = f"To: {written.recipient}\nSubject: {written.subject}\n\n{written.text}"
        rule = "─" * 72
        sys.stderr.write(f"{rule}\n{text}{rule}\n")
        sys.stderr.flush()
        if self._folder is not None:
            try:
                _keep(self._folder, text)
            except OSError as error:
                _log.warning("a letter is on the console alone: %s: %s", self._folder, error.strerror)


def _keep(folder: Path, text: str) -> None:
    """As the next number, readable for nobody else: its links sign people in."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in itertools.count(len(list(folder.glob("*.txt"))) + 1):
        with suppress(FileExistsError):  # another process was quicker, or somebody deleted an older one
            file = os.open(folder / f"{number:06}.txt", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(file, "w", encoding="utf-8") as letter:
                letter.write(text)
            return
