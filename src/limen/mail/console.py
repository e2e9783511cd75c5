"""Letters on the console, for development: whoever runs the server reads them there."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from limen.mail.postman import Deliver

if TYPE_CHECKING:
    from limen.mail.writing import Written


class Console:
    """Writes each letter to stderr and never fails."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Deliver]:
        yield _show


async def _show(written: Written) -> None:
    rule = "─" * 72
    sys.stderr.write(f"{rule}\nTo: {written.recipient}\nSubject: {written.subject}\n\n{written.text}{rule}\n")
    sys.stderr.flush()
