"""A server that is made anew while it answers: nothing is dropped, and what is not good changes nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from limen.auth import Limen
from limen.cli.hosting import Hosted
from limen.errors import Misconfigured
from limen.insecure import WeakHashing
from limen.secret import Secret
from limen.server import create_app
from limen.server.app import Server

pytestmark = pytest.mark.anyio
SECRET = bytes(range(32))


class Maker:
    """Makes servers of what the test says, as a configuration file would."""

    def __init__(self, folder: Path) -> None:
        self.options: dict[str, Any] = {"database": f"sqlite:///{folder}/limen.db", "brand_name": "One"}
        self.made: list[Server] = []
        self.fails: Exception | None = None

    def __call__(self) -> Server:
        if self.fails is not None:
            raise self.fails
        self.made.append(create_app(Limen(secret=Secret(SECRET), scheme=WeakHashing(), **self.options)))
        return self.made[-1]


async def asked(hosted: Hosted, path: str = "/readyz", receive: Any = None) -> int:
    """The status of one answer."""
    statuses: list[int] = []

    async def nothing() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000")], "client": ("127.0.0.1", 1), "scheme": "http",
    }  # fmt: skip
    await hosted(scope, receive or nothing, send)
    return statuses[0]


async def test_a_reload_serves_by_the_new_configuration(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    maker = Maker(tmp_path)
    hosted = Hosted(maker)
    await hosted.server.start()
    maker.options["brand_name"] = "Two"
    assert await hosted.reload()
    assert hosted.settings.brand_name == "Two"
    assert await asked(hosted) == 200
    assert "the configuration was read anew; brand_name" in caplog.text
    await hosted.close()


@pytest.mark.parametrize(
    "fails",
    [Misconfigured("issuer: it is empty"), ValueError("odd"), None],
    ids=["misconfigured", "odd", "start"],
)
async def test_a_configuration_that_is_not_good_changes_nothing_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fails: Exception | None
) -> None:
    maker = Maker(tmp_path)
    hosted = Hosted(maker)
    await hosted.server.start()
    maker.fails = fails
    maker.options["database"] = "sqlite:////nowhere/at/all.db"
    assert not await hosted.reload()
    assert hosted.server is maker.made[0]
    assert await asked(hosted) == 200
    assert "the configuration stays as it was" in caplog.text
    await hosted.close()


async def test_what_only_a_restart_can_change_is_refused(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    hosted = Hosted(maker)
    await hosted.server.start()
    maker.options["metrics_address"] = "127.0.0.1:9999"
    assert not await hosted.reload()
    await hosted.close()
    maker = Maker(tmp_path)
    hosted = Hosted(maker)
    await hosted.server.start()
    maker.options["database"] = f"sqlite:///{tmp_path}/another.db"
    assert not await hosted.reload()
    assert not (tmp_path / "another.db").exists()
    await hosted.close()
    maker.options = {"database": "memory://"}
    hosted = Hosted(maker)
    await hosted.server.start()
    assert not await hosted.reload()
    await hosted.close()


@pytest.mark.parametrize("issuers", [("https://auth.example", ""), ("", "https://auth.example")])
async def test_no_reload_makes_a_server_for_development_of_one_in_production(
    tmp_path: Path, issuers: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """A limen.toml that lost its issuer while somebody wrote it must not open the playground to the world."""
    maker = Maker(tmp_path)
    before, after = ({"issuer": issuer} if issuer else {} for issuer in issuers)
    maker.options |= before
    hosted = Hosted(maker)
    await hosted.server.start()
    maker.options = {"database": maker.options["database"], **after}
    assert not await hosted.reload()
    assert hosted.settings.development is not bool(before)
    assert "restart to make it one" in caplog.text
    await hosted.close()


async def test_a_request_that_is_under_way_ends_where_it_began(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    hosted = Hosted(maker)
    await hosted.server.start()
    first = hosted.server
    inside, go = asyncio.Event(), asyncio.Event()
    asks = first._router  # type: ignore[attr-defined]

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        inside.set()
        await go.wait()
        await asks(scope, receive, send)

    first._router = slow  # type: ignore[attr-defined]
    begun = asyncio.create_task(asked(hosted))
    await inside.wait()
    assert await hosted.reload()
    assert await asked(hosted) == 200  # by the new one, meanwhile
    assert first.site.auth.is_fresh()  # not closed under it
    go.set()
    assert await begun == 200
    await hosted.close()


async def test_what_never_ends_is_cut_after_a_while(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    hosted = Hosted(maker, patience=0.01)
    await hosted.server.start()
    first = hosted.server

    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    first._router = never  # type: ignore[attr-defined]
    begun = asyncio.create_task(asked(hosted))
    await asyncio.sleep(0)
    assert await hosted.reload()
    await asyncio.gather(*hosted._left)
    with pytest.raises(Exception, match="has ended"):
        await first.site.auth.store.ping()
    begun.cancel()
    await hosted.close()


async def test_an_end_soon_after_a_reload_closes_what_was_replaced_too(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    hosted = Hosted(maker)
    await hosted.server.start()
    first = hosted.server

    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    first._router = never  # type: ignore[attr-defined]
    stream = asyncio.create_task(asked(hosted))
    await asyncio.sleep(0)
    assert await hosted.reload()
    await hosted.close()
    with pytest.raises(Exception, match="has ended"):
        await first.site.auth.store.ping()
    stream.cancel()


async def test_an_end_is_told_before_it_comes(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    maker.options["drain_delay"] = 7
    slept: list[float] = []
    stopped = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert await asked(hosted) == 503

    hosted = Hosted(maker, sleep=sleep)
    await hosted.server.start()
    hosted.end(stopped.set)
    await stopped.wait()
    assert slept == [7]
    assert await asked(hosted, "/healthz") == 200
    await hosted.close()
