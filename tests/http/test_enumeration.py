"""A01, A04: what is answered to register and login tells nobody who has an account."""

from __future__ import annotations

import json
from typing import Any

import pytest

from limen.accounts import Account
from support.http import LOGIN, Raw, Served, ask, served
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, STRATEGIES

pytestmark = pytest.mark.anyio
STRANGER = "eve@example.org"


def posted(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "headers": [("content-type", "application/json"), ("origin", "https://limen.example")],
        "body": [json.dumps(body).encode()],
    }


async def answered(
    at: Served, path: str, body: dict[str, Any]
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    raw: Raw = await ask(at.app, "POST", path, **posted(body))
    # The id of the request is chance and the time of its arrival, whoever is asked about.
    lines = [(name, b"" if name == b"x-request-id" else value) for name, value in raw.lines]
    return raw.status_code, lines, raw.content


async def prepared(at: Served) -> None:
    """Accounts of every kind that a stranger must not be able to tell apart."""
    auth = at.auth
    disabled = await auth.add_account("disabled@example.org", PASSWORD)
    await auth.disable_account(disabled)
    await auth.add_account("passwordless@example.org", None)
    broken: Account = await auth.add_account("broken@example.org", PASSWORD)
    await auth.store.change_password(
        broken.id, spent=None, fresh="no hash at all", now=at.clock.now(), until=at.clock.now()
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("transport", ["bearer", "cookie"])
async def test_A01_A04_a_failed_sign_in_is_byte_for_byte_the_same(strategy: str, transport: str) -> None:
    async with served(strategy=strategy) as at:
        await prepared(at)
        body = {"password": OTHER_PASSWORD, "transport": transport}
        answers = [
            await answered(at, "/auth/login", body | {"email": email})
            for email in (
                EMAIL,
                STRANGER,
                "disabled@example.org",
                "passwordless@example.org",
                "broken@example.org",
                "no address",
                "",
                "x" * 5_000,
            )
        ]
        # Of a disabled account even the right password is told nothing.
        right = body | {"email": "disabled@example.org", "password": PASSWORD}
        answers.append(await answered(at, "/auth/login", right))
    assert answers[0][0] == 401
    assert all(answer == answers[0] for answer in answers)


async def test_A01_a_registration_is_byte_for_byte_the_same() -> None:
    async with served() as at:
        await prepared(at)
        emails = (EMAIL, EMAIL.upper(), STRANGER, "disabled@example.org", "passwordless@example.org")
        answers = [await answered(at, "/auth/register", LOGIN | {"email": email}) for email in emails]
    assert answers[0][0] == 202
    assert all(answer == answers[0] for answer in answers)


async def test_A01_what_nobody_could_have_is_refused_alike() -> None:
    """Whether an address is taken changes nothing about which passwords are refused, or how."""
    async with served(password_min_length=8) as at:
        for password in ("", "short", "password", "a\0" * 10, "x" * 2_000):
            taken, free = [
                await answered(at, "/auth/register", {"email": email, "password": password})
                for email in (EMAIL, STRANGER)
            ]
            assert taken == free
            assert taken[0] == 422


async def test_A01_throttles_are_told_alike() -> None:
    async with served() as at:
        body = {"password": OTHER_PASSWORD, "transport": "bearer"}
        for email in (EMAIL, STRANGER):
            answers = [await answered(at, "/auth/login", body | {"email": email}) for _ in range(7)]
            if email == EMAIL:
                first = answers
    assert [answer[0] for answer in first] == [401] * 5 + [429] * 2
    assert answers == first


async def test_A02_a_failed_sign_in_leaves_on_the_grid_whatever_was_wrong() -> None:
    waits: list[float] = []

    async def counted(seconds: float) -> None:
        waits.append(seconds)

    async with served(sleep=counted) as at:
        await prepared(at)
        body = {"password": OTHER_PASSWORD, "transport": "bearer"}
        for email in (EMAIL, STRANGER, "disabled@example.org", "passwordless@example.org", "no address"):
            await answered(at, "/auth/login", body | {"email": email})
        await answered(at, "/auth/register", LOGIN | {"email": EMAIL})
        await answered(at, "/auth/register", LOGIN | {"email": STRANGER})
    assert waits == [0.25] * 7
