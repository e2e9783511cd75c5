"""Peers do the job they are measured at: they know who is in, and end it as their entry says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from limen.lab import archive, machine
from limen.lab.catalogue import by_key
from limen.lab.compare import compare
from limen.lab.http import Client, json_of, request
from limen.lab.load import Order
from limen.lab.page import page
from limen.lab.peers import PEERS, STORE, Ends, Peer, doors, presence
from limen.lab.people import email
from limen.lab.records import Cell, Options, Run
from support import redis
from support.lab import bench_of

pytestmark = pytest.mark.anyio

WITH_A_DOOR = [peer for peer in PEERS if peer.door is not None]
FORGED = {"AuthX": 422}
"""What is answered to a credential that nobody issued; 401, if nothing else is said."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    redis.require("redis")
    server = redis.Server("redis")
    yield server.url
    server.destroy()


def require(peer: Peer) -> None:
    why = presence.missing(peer, redis=True)
    if why is not None:
        pytest.skip(f"{peer.name}: {why}, or `make peers` in a clone")


@pytest.mark.parametrize("peer", WITH_A_DOOR, ids=lambda peer: peer.name)
async def test_a_peer_knows_who_is_in_and_ends_it_as_its_entry_says(
    peer: Peer, tmp_path: Path, address: str
) -> None:
    require(peer)
    async with bench_of(tmp_path, Cell(peer.name, STORE), urls={STORE: address}) as bench:
        one = bench.servers[0]
        client = Client(one.port)

        async def ask(header: str | None) -> tuple[int, str]:
            answer = await client.ask(request("GET", "/", port=one.port, header=header))
            return answer.status, str(json_of(answer)["hello"]) if answer.status == 200 else ""

        headers = [person.header for person in one.people]
        third = headers[3]
        assert third is not None
        assert await ask(None) == (401, "")
        assert await ask(third) == (200, email(3))
        assert await ask(headers[4]) == (200, email(4))
        assert await ask(forged(third)) == (FORGED.get(peer.name, 401), "")
        turn = await bench.turn(one, "requests", 0, Order(one.port, 4, one.requests(), seconds=0.2))
        assert turn.requests > 0
        assert turn.failed == 0
        assert turn.cpu > 0
        if peer.door is not None and peer.door.sign_out is not None:
            said = await asyncio.to_thread(doors.sign_out, peer.door, one.port, third)
            assert said in (200, 204)
        assert await ask(third) == ((401, "") if peer.ends is Ends.AT_ONCE else (200, email(3)))
        assert await ask(headers[4]) == (200, email(4))
        client.close()


def forged(header: str) -> str:
    """The same with other bytes in the middle of each value, so that no part of it holds any more."""
    name, _, value = header.partition(": ")
    parts = [part[: len(part) // 2] + "AAAA" + part[len(part) // 2 + 4 :] for part in value.split("; ")]
    return f"{name}: {'; '.join(parts)}"


async def test_a_cached_session_of_better_auth_is_dead_without_its_copy(tmp_path: Path, address: str) -> None:
    peer = next(peer for peer in PEERS if peer.ends is Ends.LATER)
    require(peer)
    async with bench_of(tmp_path, Cell(peer.name, STORE), urls={STORE: address}) as bench:
        one, client = bench.servers[0], Client(bench.servers[0].port)
        header = one.people[0].header
        assert header is not None
        assert peer.door is not None
        await asyncio.to_thread(doors.sign_out, peer.door, one.port, header)
        bare = "; ".join(part for part in header.split("; ") if "session_data" not in part)
        answer = await client.ask(request("GET", "/", port=one.port, header=bare))
        client.close()
    assert answer.status == 401


async def test_a_short_run_measures_all_that_are_here_and_names_their_versions(tmp_path: Path) -> None:
    options = Options(
        ["jwt"], ["memory"], duration=0.6, concurrency=4, outage=0.5, sign_outs=1, looks=1, hashes=1,
        levels=[1], peers=True,
    )  # fmt: skip
    started = Run(
        "20270115T080000Z", options, machine.describe(), machine.versions(), "limen lab compare --peers"
    )
    run = archive.load(archive.save(await compare(started, ["memory"], tell=lambda *_: None), tmp_path))
    here = presence.here()
    assert not run.interrupted
    assert {cell.strategy for cell in run.cells() if cell.is_peer} == {peer.name for peer in here}
    assert sum(turn.failed for turn in run.turns if turn.cell.is_peer) == 0
    assert presence.versions(here).items() <= run.versions.items()
    for peer in here:
        cell = Cell(peer.name, STORE)
        assert (by_key("authentication").of(run, cell) is None) == (peer.door is None)
        assert by_key("received").of(run, cell) is not None
        assert peer.name in page(run)
    kept_away = {name for names in presence.absent().values() for name in names}
    assert all(any(name in note for note in run.notes) for name in kept_away)
