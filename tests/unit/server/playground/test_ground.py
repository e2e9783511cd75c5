"""The three lanes as a whole: made late, once, in a scratch place, and gone with the server."""

from __future__ import annotations

import tempfile
from pathlib import Path

import anyio
import pytest

from limen.auth import Limen
from limen.errors import LimenError
from limen.secret import Secret
from limen.server.playground import Playground
from limen.server.site import Site
from support.http import LOCAL
from support.world import SECRET

pytestmark = pytest.mark.anyio


def ground() -> Playground:
    return Playground(Site.of(Limen("memory://", issuer=LOCAL, secret=Secret(SECRET)), whole=True))


def places() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("limen-playground-*"))


def in_the_way(folder: str, name: str) -> None:
    """A folder where a file should be made."""
    Path(folder, name).mkdir()


async def test_nothing_is_made_before_somebody_comes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    never = ground()
    assert (never.lanes, places()) == ({}, set())
    await never.close()


async def test_the_lanes_are_made_once_and_nothing_remains(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    playground = ground()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(playground.start)
        tasks.start_soon(playground.start)
    assert list(playground.lanes) == ["session", "jwt", "hybrid"]
    (place,) = places()
    assert {file.suffix for file in place.iterdir()} >= {".db"}
    state = playground.state(0)
    assert state.keeps == "sqlite"
    assert state.entries == []
    assert [(lane.name, lane.role, lane.counters.requests) for lane in state.lanes] == [
        ("session", "editor", 0),
        ("jwt", "editor", 0),
        ("hybrid", "editor", 0),
    ]
    await playground.close()
    assert (places(), playground.lanes) == (set(), {})


async def test_a_start_that_fails_leaves_nothing_and_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    playground = ground()
    playground._folder = tempfile.TemporaryDirectory(prefix="limen-playground-")
    in_the_way(playground._folder.name, "hybrid.db")
    with pytest.raises(LimenError):
        await playground.start()
    assert (places(), playground.lanes) == (set(), {})
    await playground.start()
    assert list(playground.lanes) == ["session", "jwt", "hybrid"]
    await playground.close()


async def test_where_there_is_no_place_for_files_the_lanes_are_kept_in_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    playground = ground()
    await playground.start()
    assert playground.state(0).keeps == "memory"
    await playground.close()


async def test_a_credential_of_a_lane_is_good_in_no_other_lane_and_not_at_the_server() -> None:
    playground = ground()
    await playground.start()
    audiences = {lane.issuer.settings.audience for lane in playground.lanes.values()}
    secrets = {lane.issuer.settings.secret for lane in playground.lanes.values()}
    assert len(audiences) == len(secrets) == 3
    assert LOCAL not in audiences
    for lane in playground.lanes.values():
        assert lane.issuer.settings.transports == ("cookie",)
        assert lane.issuer.store is lane.api.store
        assert lane.issuer.filter is not lane.api.filter
    await playground.close()
