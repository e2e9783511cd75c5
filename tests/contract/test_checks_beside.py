"""`check_now` beside `authenticate`: the same verdict in each case, from any thread while the loop runs."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limen.auth import Limen
from limen.background import Background
from limen.errors import Denied, LimenError, Rejected, Unavailable
from limen.requirement import Authenticates
from limen.revocations import Filter
from limen.stores.memory import MemoryStore
from limen.strategies.base import Grant, Identity
from limen.testing import TurnableClock, for_tests, sign_in
from support.http import login, served
from support.remote import CLIENT, verified

STRATEGIES = ["session", "jwt", "hybrid"]
STEPS = st.lists(
    st.sampled_from(
        [
            "sign_in", "check", "turn", "expire", "jump", "end_here", "end_elsewhere",
            "end_all_elsewhere", "change_claims", "follow", "go_stale", "rotate", "compromise", "prune",
        ]
    ),
    min_size=4,
    max_size=14,
)  # fmt: skip


def now_of(auth: Authenticates, credential: str) -> Identity | tuple[str, str] | None:
    try:
        return auth.check_now(credential)
    except LimenError as error:
        return error.code, error.reason


async def then_of(auth: Authenticates, credential: str) -> Identity | tuple[str, str]:
    try:
        return await auth.authenticate(credential)
    except LimenError as error:
        return error.code, error.reason


class Walk:
    """One process whose checks are compared, and another over the same store that revokes unseen."""

    def __init__(self, strategy: str) -> None:
        self.clock = TurnableClock()
        store = MemoryStore()
        accept = tuple(name for name in STRATEGIES if name != strategy and strategy != "jwt")
        self.here = for_tests(clock=self.clock, strategy=strategy, store=store, accept=accept)
        self.elsewhere = for_tests(clock=self.clock, strategy=strategy, store=store)
        self.grants: list[Grant] = []

    async def run(self, steps: list[str]) -> None:
        async with self.here, self.elsewhere:
            await self.sign_in()
            for step in steps:
                with suppress(Rejected):  # what is ended already, a rotation too early
                    await getattr(self, step)()
                await self.compare()

    async def compare(self) -> None:
        for credential in [grant.credential for grant in self.grants[-3:]]:
            forged = f"{credential.rpartition('.')[0]}.{'A' * 86}"
            for presented in (credential, credential[:-6] + "AAAAAA", credential + "x", forged):
                at_once = now_of(self.here, presented)
                fresh = self.here.is_fresh()
                if at_once is not None:
                    assert at_once == await then_of(self.here, presented)
                elif fresh:
                    strategy = self.here.settings.strategy
                    known = self.here.filter
                    assert strategy == "session" or known.forgotten > 0 or known.leaving > 0

    async def sign_in(self) -> None:
        self.grants.append(await sign_in(self.here))

    async def check(self) -> None:
        await then_of(self.here, self.grants[0].credential)

    async def turn(self) -> None:
        self.clock.turn(1)

    async def expire(self) -> None:
        self.clock.turn(self.here.settings.access_lifetime + 30)

    async def jump(self) -> None:
        self.clock.jump(-300)

    async def end_here(self) -> None:
        await self.here.revoke_session(self.grants[0].session) if self.keeps else None

    async def end_elsewhere(self) -> None:
        await self.elsewhere.revoke_session(self.grants[-1].session) if self.keeps else None

    async def end_all_elsewhere(self) -> None:
        await self.elsewhere.revoke_sessions(await self.elsewhere.find_account("ada@example.com"))

    async def change_claims(self) -> None:
        await self.elsewhere.set_scopes(await self.elsewhere.find_account("ada@example.com"), ("notes:read",))

    async def follow(self) -> None:
        await self.here.catch_up()

    async def go_stale(self) -> None:
        self.clock.turn(self.here.settings.max_staleness + 1)

    async def rotate(self) -> None:
        self.clock.turn(self.here.settings.jwks_max_age + 1)
        await self.here.rotate_keys()

    async def compromise(self) -> None:
        await self.elsewhere.compromise_key(self.elsewhere.ring.active.kid)

    async def prune(self) -> None:
        await self.here.maintain()

    @property
    def keeps(self) -> bool:
        return self.here.settings.strategy != "jwt"


@pytest.mark.parametrize("strategy", STRATEGIES)
@settings(max_examples=40)
@given(steps=STEPS)
def test_memory_says_what_the_loop_says(strategy: str, steps: list[str]) -> None:
    asyncio.run(Walk(strategy).run(steps))


@pytest.mark.parametrize("strategy", ["jwt", "hybrid"])
def test_tokens_under_a_fresh_view_touch_no_loop(strategy: str) -> None:
    loop = Background(for_tests(strategy=strategy))
    grant = loop.run(sign_in(limen_of(loop)))
    running = loop._running
    assert running is not None
    running.submit = None  # type: ignore[method-assign,assignment]
    try:
        assert loop.authenticate(grant.credential).session == grant.session
        with pytest.raises(Denied):
            loop.authenticate(grant.credential[:-4] + "AAAA")
    finally:
        del running.submit
        loop.close()


@pytest.mark.anyio
async def test_a_verifier_says_at_once_what_it_says_on_its_loop() -> None:
    async with served(clients=(CLIENT,), strategy="hybrid") as at, verified(at) as (verifier, between):
        token = str((await login(at.client()))["access_token"])
        for presented in (token, token[:-6] + "AAAAAA", "no.such.token", "garbage"):
            assert now_of(verifier, presented) == await then_of(verifier, presented)
        doomed = str((await login(at.client()))["access_token"])
        await at.auth.sign_out(await at.auth.authenticate(doomed))
        await verifier.catch_up()
        assert now_of(verifier, doomed) == ("credential_revoked", "revoked_session")
        at.clock.turn(verifier.max_staleness + 1)
        assert now_of(verifier, token) is None
        between.cut()
        assert (await then_of(verifier, token))[0] == "unavailable"  # type: ignore[index]
    unstarted = verifier
    assert now_of(unstarted, token) is None


# -- threads -------------------------------------------------------------------------------------------


def limen_of(loop: Background) -> Limen:
    assert isinstance(loop.auth, Limen)
    return loop.auth


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as can be, so that each order of steps comes up."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Watch:
    """Threads that check credentials all the time, and remember whoever was let in too late."""

    def __init__(self, loop: Background, credentials: list[str]) -> None:
        self.loop, self.credentials = loop, credentials
        self.over = threading.Event()
        self.in_view: set[str] = set()
        """What the loop has heard of. A check that begins after that must refuse."""
        self.wrong: list[str] = []
        self.checks = 0
        self.threads = [threading.Thread(target=self.check, args=(n,)) for n in range(4)]

    def check(self, n: int) -> None:
        while not self.over.is_set():
            for credential in self.credentials[n % 2 :: 2] + self.credentials[::7]:
                known = credential in self.in_view
                try:
                    found = self.loop.auth.check_now(credential)
                except Denied:
                    continue
                except Exception as error:
                    self.wrong.append(repr(error))
                    return
                if known and found is not None:
                    self.wrong.append("let in after its revocation was in view")
            self.checks += 1

    def __enter__(self) -> Watch:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.parametrize("cache", [0, 24, 10_000], ids=["forgetful", "crowded", "roomy"])
def test_S36_no_thread_lets_in_what_the_view_has_seen_revoked(hasty: None, cache: int) -> None:
    loop = Background(for_tests(strategy="hybrid", cache_size=cache, session_limit=0))
    auth = limen_of(loop)

    async def grants() -> list[Grant]:
        return [await sign_in(auth, f"p{n % 5}@example.com") for n in range(40)]

    made = loop.run(grants())
    with Watch(loop, [grant.credential for grant in made]) as watch:

        async def revoke() -> None:
            for n, grant in enumerate(made):
                await auth.revoke_session(grant.session)
                watch.in_view.add(grant.credential)
                if n % 20 == 9:
                    for _ in range(40):  # the filter's tables grow under the readers
                        await auth.revoke_session((await sign_in(auth, "q@example.com")).session)
                    await auth.catch_up()
                await asyncio.sleep(0.001)

        loop.run(revoke())
    loop.close()
    assert watch.wrong == []
    assert watch.checks > 4


def test_no_thread_lets_in_what_a_compromised_key_signed(hasty: None) -> None:
    clock = TurnableClock()
    loop = Background(for_tests(strategy="jwt", clock=clock))
    auth = limen_of(loop)
    made: list[Grant] = []
    with Watch(loop, []) as watch:
        for n in range(6):
            made = [loop.run(sign_in(auth, f"p{n}@example.com")) for n in range(4)]
            watch.credentials = [grant.credential for grant in made]

            async def compromise() -> None:
                await asyncio.sleep(0.01)
                await auth.compromise_key(auth.ring.active.kid)
                watch.in_view.update(grant.credential for grant in made)  # noqa: B023 - awaited here

            loop.run(compromise())
            if n % 3 == 0:
                clock.turn(1)
    assert watch.wrong == []
    with pytest.raises(Denied):
        loop.authenticate(made[0].credential)
    loop.close()


def test_how_fresh_the_view_is_is_asked_before_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop may renew it in between; what was looked up in a view too old must not count as fresh."""
    loop = Background(for_tests(strategy="hybrid", cache_size=0))
    auth = limen_of(loop)
    grant = loop.run(sign_in(auth))
    order: list[str] = []

    def noted(name: str) -> Callable[..., Any]:
        original = getattr(Filter, name)

        def ask(known: Filter, **asked: Any) -> Any:
            order.append(name)
            return original(known, **asked)

        return ask

    async def check() -> Identity | None:  # on the loop, so that it does not follow meanwhile
        return auth.check_now(grant.credential)

    monkeypatch.setattr(Filter, "is_fresh", noted("is_fresh"))
    monkeypatch.setattr(Filter, "covering", noted("covering"))
    assert loop.run(check()) is not None
    loop.close()
    assert order[:3] == ["is_fresh", "is_fresh", "covering"]


def test_unavailable_is_not_a_verdict_of_memory() -> None:
    """Where nobody can tell, `check_now` says so by None, and the loop by Unavailable."""
    loop = Background(for_tests(strategy="hybrid"))
    auth = limen_of(loop)
    grant = loop.run(sign_in(auth))
    loop.run(auth.store.close())
    auth.clock.turn(60)  # type: ignore[attr-defined]
    assert auth.check_now(grant.credential) is None
    with pytest.raises(Unavailable):
        loop.authenticate(grant.credential)
    loop.close()
