"""A Redis of the test's own, which it may break, and stores over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from limen.stores import open_store
from limen.stores.base import Store
from support import redis

Opens = Callable[..., object]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Both servers, unless the module says that it makes no difference."""
    if "server" in metafunc.fixturenames:
        kinds = getattr(metafunc.module, "KINDS", ("redis", "valkey"))
        metafunc.parametrize("server", kinds, indirect=True)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[redis.Server]:
    redis.require(request.param)
    server = redis.Server(request.param)
    yield server
    server.destroy()


@pytest.fixture
async def opens(tmp_path: Path) -> AsyncIterator[Callable[..., object]]:
    """`await opens(url)`: a started store with its accounts in the test's SQLite file; closed at the end."""
    async with AsyncExitStack() as stack:

        async def open_one(url: str, *, database: str = "limen.db") -> Store:
            store = open_store(f"sqlite:///{tmp_path}/{database}", url)
            await store.start()
            stack.push_async_callback(store.close)
            return store

        yield open_one
