"""Each contract test runs once on every store of `support.stores.HOMES`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from limen.stores.base import Store
from support.stores import HOMES, Home


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    return HOMES[request.param](tmp_path)


@pytest.fixture
async def store(home: Home) -> AsyncIterator[Store]:
    """A started store with nothing in it."""
    store = home.open()
    await store.start()
    yield store
    await store.close()
