"""Running a lifespan without a server."""

from __future__ import annotations

from typing import Any

import pytest

from limen.testing import running

pytestmark = pytest.mark.anyio


def speaks(*answers: str) -> Any:
    """An application that gives these answers, one for each message that it hears."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["state"]["hello"] = "world"
        for answer in answers:
            await receive()
            await send({"type": f"lifespan.{answer}", "message": "for a reason"})

    return app


async def test_an_application_is_started_and_stopped() -> None:
    async with running(speaks("startup.complete", "shutdown.complete")) as state:
        assert state == {"hello": "world"}


async def test_a_failed_start_is_an_error_with_its_reason() -> None:
    with pytest.raises(RuntimeError, match="for a reason"):
        async with running(speaks("startup.failed")):
            pytest.fail("it started")


async def test_a_failed_stop_is_an_error_with_its_reason() -> None:
    with pytest.raises(RuntimeError, match="for a reason"):
        async with running(speaks("startup.complete", "shutdown.failed")):
            pass


async def test_an_application_that_leaves_early_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="before startup"):
        async with running(speaks()):
            pytest.fail("it started")
    with pytest.raises(RuntimeError, match="before shutdown"):
        async with running(speaks("startup.complete")):
            pass


async def test_an_application_that_raises_is_the_cause() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("broken")

    with pytest.raises(RuntimeError) as caught:
        async with running(app):
            pytest.fail("it started")
    assert isinstance(caught.value.__cause__, LookupError)
