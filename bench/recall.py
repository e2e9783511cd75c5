"""A credential seen before, every check made, for each strategy: against PyJWT's HS256."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from bench.harness import Figure, interleave, medians, ratio
from bench.tokens import pyjwt_side, token_for
from bench.world import signed_in
from limen.jose import jwk


def run() -> Iterator[Figure]:
    key = jwk.generate(jwk.Algorithm.HS256)
    peer = pyjwt_side(key, token_for(key))
    for strategy in ("session", "jwt", "hybrid"):
        yield asyncio.run(_figure(strategy, peer))


async def _figure(strategy: str, peer: object) -> Figure:
    async with signed_in("memory://", strategy=strategy, max_staleness=60) as (auth, grant):
        await auth.authenticate(grant.credential)
        credential, recall = grant.credential, auth.recall
        assert recall(credential) is not None
        samples = interleave({"recall": lambda: recall(credential), "PyJWT": peer})  # type: ignore[dict-item]
        assert recall(credential) is not None
    us = medians(samples)
    return Figure(
        f"PyJWT HS256 / seen before, {strategy}", ratio(samples, "PyJWT", "recall"), 25.0, "most", us
    )
