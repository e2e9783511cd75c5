"""What a server must be before it is trusted with sessions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from limen.errors import Misconfigured
from limen.stores.redis.address import Address, Kind
from limen.stores.redis.faults import NotDone

OLDEST = (6, 2)


def check(facts: Mapping[str, str], address: Address) -> None:
    """Misconfigured where the server does not fit, NotDone where it is no master just now."""
    numbers = re.findall(r"\d+", facts.get("redis_version", "0.0"))
    if tuple(map(int, numbers[:2])) < OLDEST:
        raise Misconfigured(
            f"session_store is Redis {facts.get('redis_version')}: 6.2 or newer is needed, or any Valkey"
        )
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise Misconfigured(
            f"session_store has maxmemory-policy {policy}, which throws sessions and revocations away when "
            "memory is short: set it to noeviction, and keep caches in another Redis"
        )
    clustered = facts.get("cluster_enabled") == "1"
    if clustered and address.kind is not Kind.CLUSTER:
        raise Misconfigured("session_store is a node of a Cluster: write redis+cluster://host1,host2")
    if not clustered and address.kind is Kind.CLUSTER:
        raise Misconfigured("session_store is no Cluster: write redis://host, or redis+sentinel://…")
    if facts.get("role") != "master":
        raise NotDone("redis_readonly")
    if facts.get("loading") == "1":
        raise NotDone("redis_loading")
