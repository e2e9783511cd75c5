"""What is done over and over goes on, whatever one round met."""

from __future__ import annotations

import pytest

from limen.errors import Unavailable
from limen.rounds import every

pytestmark = pytest.mark.anyio


class Over(Exception):
    """Ends a test's rounds."""


async def test_neither_an_outage_nor_a_fault_ends_the_rounds(caplog: pytest.LogCaptureFixture) -> None:
    met: list[Exception | None] = [Unavailable("away", reason="store_away"), ValueError("odd"), None]
    slept: list[float] = []

    async def act() -> None:
        error = met[len(slept) - 1]
        if error is not None:
            raise error

    async def sleep(seconds: float) -> None:
        if len(slept) == len(met):
            raise Over
        slept.append(seconds)

    with pytest.raises(Over):
        await every(60, act, "the round", sleep=sleep)
    assert slept == [60, 60, 60]
    assert "the round is put off: store_away" in caplog.text
    assert "the round failed" in caplog.text
