"""What a route asks of its caller, whatever the framework (S13, S37, W27)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from limen.auth import Limen
from limen.errors import Denied, LimenError, Misconfigured, Rejected, Unavailable
from support.world import EMAIL, ISSUER, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio
EVIL = ("origin", "https://evil.example")


def scope(*headers: tuple[str, str], method: str = "GET", kind: str = "http") -> dict[str, Any]:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": kind, "headers": raw} | ({"method": method} if kind == "http" else {})


async def token(auth: Limen, *scopes: str) -> str:
    await account_with(auth, scopes=scopes)
    return (await auth.sign_in(EMAIL, PASSWORD)).grant.credential


async def code(requirement: Any, asked: dict[str, Any]) -> str | None:
    try:
        await requirement.check(asked)
    except LimenError as error:
        return error.code
    return None


async def test_W27_nobody_is_denied_where_somebody_is_required_and_none_where_not() -> None:
    async with world() as (auth, _):
        assert await code(auth.required, scope()) == "credential_missing"
        assert await auth.optional.check(scope()) is None
        assert await code(auth.required, scope(kind="websocket")) == "credential_missing"


async def test_a_bad_credential_is_an_error_even_where_none_is_needed() -> None:
    async with world() as (auth, _):
        with pytest.raises(Denied):
            await auth.optional.check(scope(("authorization", "Bearer a.b.c")))


async def test_scopes_are_all_asked_and_their_lack_is_forbidden_and_not_unknown() -> None:
    async with world() as (auth, _):
        bearer = ("authorization", f"Bearer {await token(auth, 'read')}")
        assert await code(auth.scopes("read"), scope(bearer)) is None
        with pytest.raises(Denied) as caught:
            await auth.scopes("read", "write").check(scope(bearer))
        assert (caught.value.code, caught.value.forbidden) == ("insufficient_scope", True)


async def test_S13_a_cookie_needs_an_origin_of_ours_for_what_changes_something() -> None:
    async with world() as (auth, _):
        cookie = ("cookie", f"{auth.cookie_names.token}={await token(auth)}")
        assert await code(auth.required, scope(cookie)) is None
        for kind in ({"method": "POST"}, {"method": "DELETE"}, {"kind": "websocket"}):
            assert await code(auth.required, scope(cookie, **kind)) == "cross_site"
            assert await code(auth.required, scope(cookie, EVIL, **kind)) == "cross_site"
            assert await code(auth.required, scope(cookie, ("origin", ISSUER), **kind)) is None


async def test_S13_a_bearer_is_sent_by_no_browser_by_itself() -> None:
    async with world() as (auth, _):
        bearer = ("authorization", f"Bearer {await token(auth)}")
        assert await code(auth.required, scope(bearer, EVIL, method="POST")) is None


async def test_S08_S37_two_credentials_are_none() -> None:
    async with world() as (auth, _):
        text = await token(auth)
        two = scope(("authorization", f"Bearer {text}"), ("cookie", f"{auth.cookie_names.token}={text}"))
        for requirement in (auth.required, auth.optional):
            with pytest.raises(Rejected) as caught:
                await requirement.check(two)
            assert caught.value.code == "credential_ambiguous"


async def test_an_identity_is_found_once_a_request_and_each_limen_finds_its_own() -> None:
    async with world() as (auth, _), world() as (other, _):
        asked = scope(("authorization", f"Bearer {await token(auth)}"))
        who = await auth.required.check(asked)
        assert await auth.required.check(asked) is who
        with pytest.raises(Denied):
            await other.required.check(asked)


async def test_S22_what_was_revoked_in_between_is_found_by_the_next_request() -> None:
    async with world() as (auth, _):
        bearer = ("authorization", f"Bearer {await token(auth)}")
        who = await auth.required.check(scope(bearer))
        assert who is not None
        await auth.sign_out(who)
        assert await code(auth.required, scope(bearer)) == "credential_revoked"


async def test_a_store_that_is_down_is_said_as_such(tmp_path) -> None:
    async with world(f"sqlite:///{tmp_path}/limen.db", strategy="session") as (auth, _):
        bearer = ("authorization", f"Bearer {await token(auth)}")
        await auth.store.close()
        with pytest.raises(Unavailable):
            await auth.required.check(scope(bearer))


async def test_who_proved_themselves_long_ago_must_do_it_again() -> None:
    async with world() as (auth, clock):
        bearer = ("authorization", f"Bearer {await token(auth, 'read')}")
        recent = auth.recent("read", minutes=5)
        clock.turn(300)
        assert await code(recent, scope(bearer)) is None  # on the second
        clock.turn(1.001)  # `auth_time` is in whole seconds
        with pytest.raises(Denied) as caught:
            await recent.check(scope(bearer))
        assert (caught.value.code, caught.value.forbidden, caught.value.max_age) == (
            "authentication_too_old",
            False,
            300,
        )
        assert await code(auth.required, scope(bearer)) is None


async def test_recent_still_asks_for_its_scopes() -> None:
    async with world() as (auth, _):
        bearer = ("authorization", f"Bearer {await token(auth)}")
        assert await code(auth.recent("admin"), scope(bearer)) == "insufficient_scope"


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf"), 43_201])
async def test_a_time_that_is_none_is_refused_where_it_is_written(minutes: float) -> None:
    async with world() as (auth, _):
        with pytest.raises(Misconfigured):
            auth.recent(minutes=minutes)


async def test_the_same_scopes_are_the_same_requirement_and_endless_ones_fill_no_memory() -> None:
    async with world() as (auth, _):
        read = auth.scopes("read")
        for n in range(2_000):
            assert auth.scopes(f"project:{n}").scopes == (f"project:{n}",)
        assert auth.scopes("read") is read
        assert auth.scopes("project:1999") is not auth.scopes("project:1999")


async def test_whoever_asks_by_hand_catches_what_is_raised_also_where_nothing_else_would_answer_it() -> None:
    async with world() as (auth, _):
        asked = scope(("authorization", "Bearer a.b.c")) | {"app": SimpleNamespace(exception_handlers={})}
        with pytest.raises(Denied):
            await auth.required(SimpleNamespace(scope=asked))
        with pytest.raises(Misconfigured, match=r"call install\(app, auth\)"):
            await auth.required(SimpleNamespace(scope=asked), besides=SimpleNamespace(scopes=()))
