"""`Limen-Probe`: two bits for whoever asks, and nothing for whoever does not."""

from __future__ import annotations

import pytest

from support.http import PEER, served

pytestmark = pytest.mark.anyio
TRUSTED = {"trusted_proxies": (PEER,)}


async def told(forwarded: str | None, *, trusted: bool = True, **headers: str) -> str | None:
    async with served(**(TRUSTED if trusted else {})) as at:
        said = {
            "limen-probe": "1",
            **({} if forwarded is None else {"x-forwarded-for": forwarded}),
            **headers,
        }
        async with at.client(**said) as client:
            return (await client.get("/auth/session")).headers.get("limen-probe")


@pytest.mark.parametrize(
    ("forwarded", "source"),
    [
        ("203.0.113.77", "believed"),
        ("2001:db8::1", "believed"),
        ("198.51.100.7", "refused"),  # some proxies of tests and of people have such addresses
        ("203.0.113.77, 198.51.100.7", "refused"),
        ("garbage", "refused"),
        (None, "refused"),
    ],
)
async def test_W15_it_tells_whether_an_address_that_nobody_has_was_believed(
    forwarded: str | None, source: str
) -> None:
    assert await told(forwarded) == f"source={source}, remote-user=cleared"


async def test_W15_without_a_trusted_proxy_nothing_is_believed() -> None:
    assert await told("203.0.113.77", trusted=False) == "source=refused, remote-user=cleared"


async def test_it_tells_whether_a_name_came_along() -> None:
    assert await told(None, **{"remote-user": "ada"}) == "source=refused, remote-user=passed"


async def test_whoever_does_not_ask_is_told_nothing_and_nobody_an_address() -> None:
    async with served(**TRUSTED) as at, at.client(**{"x-forwarded-for": "203.0.113.77"}) as client:
        assert "limen-probe" not in (await client.get("/auth/session")).headers
        kept = await client.get("/.well-known/jwks.json", headers={"limen-probe": "1"})
        assert "limen-probe" not in kept.headers, "a cache would tell it to others"
    said = await told("203.0.113.77")
    assert said is not None
    assert "203" not in said
    assert PEER not in said
