"""Tokens that our own key signed and that no strategy of ours issued: refused, never an error (J42, S37)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from limen import ids
from limen.clock import Instant
from limen.errors import Denied
from limen.jose import jwt
from limen.testing import TurnableClock
from support.stores import chance
from support.world import ISSUER, world

pytestmark = pytest.mark.anyio


def claims(clock: TurnableClock, **other: Any) -> jwt.Claims:
    now = int(clock.now())
    made = {
        "iss": ISSUER, "sub": ids.uuid7(Instant(now), chance), "aud": ISSUER, "exp": now + 600, "iat": now,
        "jti": ids.uuid7(Instant(now), chance), "client_id": "limen", "sid": ids.uuid7(Instant(now), chance),
        "auth_time": now, "amr": ("pwd",), "scope": "", "strategy": "hybrid",
    }  # fmt: skip
    return msgspec.convert({k: v for k, v in (made | other).items() if v is not None}, jwt.Claims)


@pytest.mark.parametrize(
    "other",
    [
        {"sid": "x"}, {"sid": ""}, {"sid": None}, {"sid": "../../etc/passwd"},
        {"sid": "ffffffff-ffff-7fff-9fff-fffffffffffg"}, {"jti": "x"}, {"jti": "1" * 300},
        {"auth_time": None},
        {"strategy": "session"}, {"strategy": "admin"}, {"strategy": None}, {"strategy": ""},
        {"aud": ("a", "b")}, {"iss": "https://evil.example"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("fresh", [True, False])
async def test_J42_S37_claims_that_no_strategy_makes_are_denied(other: dict[str, Any], fresh: bool) -> None:
    async with world(strategy="hybrid", accept=("jwt", "session")) as (auth, clock):
        token = jwt.issue(claims(clock, **other), auth.ring.active)
        if not fresh:
            clock.turn(auth.settings.max_staleness + 1)
        with pytest.raises(Denied) as caught:
            await auth.authenticate(token)
        assert caught.value.code == "token_invalid"
        await auth.revoke_token(token)
        assert await auth.introspect(token) is None


async def test_S36_a_session_that_never_was_is_believed_by_the_filter_and_by_no_store() -> None:
    """Whoever holds the key can write any `sid`: that is what compromising a key is for."""
    async with world(strategy="hybrid") as (auth, clock):
        token = jwt.issue(claims(clock), auth.ring.active)
        assert (await auth.authenticate(token)).strategy == "hybrid"
        await auth.compromise_key(auth.ring.active.kid)
        with pytest.raises(Denied):
            await auth.authenticate(token)
