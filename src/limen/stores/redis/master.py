"""Finding the master: the server itself, whom most Sentinels name, or who has our slot in the Cluster."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from limen.stores.redis.address import Address, Kind, Node
from limen.stores.redis.faults import NotDone
from limen.stores.redis.line import Line, answer, connect


async def find(address: Address) -> Node | None:
    """Where the master is now; None for a socket. NotDone where nobody knows."""
    match address.kind:
        case Kind.SINGLE:
            return address.nodes[0] if address.nodes else None
        case Kind.SENTINEL:
            return await _by_sentinels(address)
        case Kind.CLUSTER:
            return await _by_cluster(address)


async def _by_sentinels(address: Address) -> Node:
    """The answer of most: one Sentinel that was cut off may still name the master of before."""

    async def ask(line: Line) -> Node | None:
        named = await answer(line.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", address.master))
        return (named[0].decode(), int(named[1])) if named else None

    said = await asyncio.gather(*(_asked(address, node, ask, True) for node in address.nodes))
    votes = Counter(node for node in said if node is not None)
    if not votes:
        raise NotDone("redis_no_sentinel")
    return votes.most_common(1)[0][0]


async def _by_cluster(address: Address) -> Node:
    """Any node knows who has which slot; the first that answers is believed, and who is not it says so."""

    async def ask(line: Line) -> Node | None:
        slot = await answer(line.ask("CLUSTER", "KEYSLOT", address.meta))
        for first, last, master, *_ in await answer(line.ask("CLUSTER", "SLOTS")):
            if first <= slot <= last and master[0]:
                return master[0].decode(), int(master[1])
        return None

    for node in address.nodes:
        found = await _asked(address, node, ask, False)
        if found is not None:
            return found
    raise NotDone("redis_cluster_down")


async def _asked(
    address: Address, node: Node, ask: Callable[[Line], Awaitable[Node | None]], sentinel: bool
) -> Node | None:
    try:
        line = await connect(address, node, patience=address.patience, sentinel=sentinel)
    except NotDone as error:
        if error.reason == "redis_refused":
            raise
        return None
    try:
        return await ask(line)
    except NotDone:
        return None
    finally:
        line.close()
