"""Peers do the job they are measured at: they let people in, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from limen.lab.http import Client, request
from limen.lab.load import Order
from limen.lab.peers import PEERS, STORE, Peer, installed
from limen.lab.records import Cell
from support.lab import bench_of

pytestmark = pytest.mark.anyio


def test_there_are_peers_here() -> None:
    assert {peer.package for peer in installed()} >= {"PyJWT", "joserfc"}


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
async def test_a_peer_lets_in_whom_it_knows_and_refuses_others(peer: Peer, tmp_path: Path) -> None:
    if peer not in installed():
        pytest.skip(f"{peer.package} is not installed")
    async with bench_of(tmp_path, Cell(peer.name, STORE)) as bench:
        one = bench.servers[0]
        client = Client(one.port)
        header = one.people[0].header
        assert header is not None
        known = await client.ask(request("GET", "/", port=one.port, header=header))
        bad = await client.ask(request("GET", "/", port=one.port, header=header[:-4] + "AAAA"))
        none = await client.ask(request("GET", "/", port=one.port))
        turn = await bench.turn(one, "requests", 0, Order(one.port, 4, one.requests(), seconds=0.3))
        client.close()
    assert (known.status, bad.status, none.status) == (200, 401, 401)
    assert turn.requests > 0
    assert turn.failed == 0
