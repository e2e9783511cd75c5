"""A03: kill -9 of a process that is just sending a letter: the next sends it, and no answer ever waited."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import httpx2
import pytest

from limen.auth import Limen
from limen.insecure import WeakHashing
from limen.letters import LEASE
from limen.secret import Secret
from limen.testing import TurnableClock
from support.mail import sink
from support.serving import Serving
from support.world import PASSWORD, SECRET

pytestmark = pytest.mark.anyio


async def test_A03_a_letter_that_a_killed_process_was_sending_is_sent(tmp_path: Path) -> None:
    with sink() as server:
        server.hangs.set()
        environment = {
            "LIMEN_DATABASE": f"sqlite:///{tmp_path}/limen.db",
            "LIMEN_SECRET": Secret(SECRET).reveal(),
            "LIMEN_MAIL": server.url,
            "LIMEN_MAIL_FROM": "no-reply@app.example",
        }
        with Serving(tmp_path, "--port", "0", **environment) as serving:
            began = time.monotonic()
            body = {"email": "ada@example.org", "password": PASSWORD}
            answer = httpx2.post(f"{serving.address}/auth/register", json=body)
            assert answer.status_code == 202
            assert time.monotonic() - began < 5
            assert await asyncio.to_thread(server.reached.wait, 10)
            serving.signal(signal.SIGKILL)
            serving.ended()
        server.hangs.clear()
        await asyncio.sleep(
            0.1
        )  # what the dead process had begun may still arrive: at least once is the promise
        before = len(server.delivered)
        await _send_what_is_left(tmp_path, server.url, after=LEASE + 1)
        assert len(server.delivered) >= max(before, 1)
        assert {letter.recipients for letter in server.delivered} == {("ada@example.org",)}
        assert len({letter.message["Message-ID"] for letter in server.delivered}) == 1


async def _send_what_is_left(folder: Path, url: str, *, after: float) -> None:
    """The next process, when the lease of the dead one is over."""
    options = {"mail": url, "mail_from": "no-reply@app.example", "secret": Secret(SECRET)}
    auth = Limen(
        f"sqlite:///{folder}/limen.db",
        clock=TurnableClock(time.time() + after),
        scheme=WeakHashing(),
        **options,
    )
    async with auth:
        assert await auth.store.letters_waiting() == 1
        await auth.recovery.send_letters()
        assert await auth.store.letters_waiting() == 0
