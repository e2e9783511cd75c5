"""The fixtures of limen.testing.plugin, used as an application's tests use them."""

from __future__ import annotations

from typing import Any

import pytest

from limen import Limen
from limen.testing import TurnableClock, sign_in
from limen.testing.plugin import limen, limen_clock, limen_options

__all__ = ["limen", "limen_clock"]

pytestmark = pytest.mark.anyio


@pytest.fixture(name="limen_options")
def options() -> dict[str, Any]:
    return {"strategy": "jwt", "access_lifetime": 60.0}


async def test_the_fixture_is_a_running_limen_with_the_options_given(limen: Limen) -> None:
    grant = await sign_in(limen)
    assert grant.strategy == "jwt"
    assert await limen.authenticate(grant.credential)


async def test_the_clock_is_the_one_to_turn(limen: Limen, limen_clock: TurnableClock) -> None:
    assert limen.clock is limen_clock
    assert limen.settings.access_lifetime == 60


def test_the_default_options_are_none() -> None:
    assert limen_options.__name__ == "limen_options"
