"""Sessions as people and thieves use them, over every store: two processes, any order, clocks that jump.

A model keeps what must be true: one head a lineage, nothing revoked accepted again after its promised bound,
nothing live lost, and no honest client signed out.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from limen.auth import Limen
from limen.errors import Denied, LimenError
from limen.insecure import WeakHashing
from limen.secret import Secret
from limen.sessions import Sealer
from limen.strategies.base import Grant, Identity
from limen.testing import SeededEntropy, TurnableClock
from support.stores import HOMES, examples
from support.world import ISSUER, PASSWORD, SECRET

IDLE, ABSOLUTE, ACCESS, GRACE, STALE, LEEWAY, TOUCH = 3_600.0, 9_000.0, 900.0, 10.0, 5.0, 5.0, 60.0
SCOPES = ("read", "write")
PEOPLE = ("ada@example.org", "eve@example.org")
WHERE = st.integers(0, 1)
PICK = st.integers(0, 5)


@dataclass
class Ended:
    """A revocation: who acknowledged it, and when on the clock that never jumps."""

    by: int
    mono: float


@dataclass
class Token:
    """An access token as it was handed out."""

    text: str
    expires: float
    issued: float
    changes: int
    """How often the account's scopes had been changed by then."""


@dataclass
class Client:
    """One sign-in, as its browser and everybody who ever copied a credential of it remember it."""

    person: str
    sid: str
    created: float
    refreshes: list[str] = field(default_factory=list)
    """By generation; empty for the `session` strategy."""
    tokens: list[Token] = field(default_factory=list)
    credential: str = ""
    """Of the `session` strategy."""
    used: float = 0.0
    rotated: float = 0.0
    ended: Ended | None = None
    swept: bool = False


class Machine(RuleBasedStateMachine):
    """Two Limen on one store; their followers stand still, so that the feed comes when the walk says so."""

    kind = "memory"

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.home = HOMES[self.kind](Path(self.folder.name))
        self.clock, self.entropy = TurnableClock(), SeededEntropy(7)
        self.sealer = Sealer(Secret(SECRET))
        self.clients: list[Client] = []
        self.scopes = dict.fromkeys(PEOPLE, SCOPES)
        self.changes: dict[str, list[Ended]] = {person: [] for person in PEOPLE}
        self.disabled: set[str] = set()
        self.caught_up = [self.clock.monotonic()] * 2
        self.limens = [self.run(self.made()) for _ in range(2)]
        for person in PEOPLE:
            self.run(self.limens[0].add_account(person, PASSWORD, scopes=SCOPES))
        for _ in range(2):
            self.sign_in(0, PEOPLE[0])

    def run(self, attempt: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(attempt)

    def tried(self, attempt: Coroutine[Any, Any, Any]) -> Any:
        """The answer, or the Denied; nothing else may come."""
        try:
            return self.run(attempt)
        except Denied as denied:
            return denied

    @staticmethod
    async def attempted(attempt: Coroutine[Any, Any, Any]) -> Any:
        """The answer, or the error."""
        return (await asyncio.gather(attempt, return_exceptions=True))[0]

    async def made(self) -> Limen:
        async def no_wait(_: float) -> None: ...

        store = self.home.open()
        limen = Limen(
            store=store, clock=self.clock, entropy=self.entropy, sleep=no_wait, secret=Secret(SECRET),
            scheme=WeakHashing(), issuer=ISSUER, strategy="hybrid", accept=("session",), database="memory://",
            idle_lifetime=IDLE, absolute_lifetime=ABSOLUTE, access_lifetime=ACCESS, refresh_grace=GRACE,
            max_staleness=STALE, leeway=LEEWAY, session_limit=10_000, cache_size=8, hash_threads=1,
        )  # fmt: skip
        await limen.start()
        for task in limen._tasks:
            task.cancel()
        return limen

    # -- what is known ---------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.clock.now()

    def client(self, pick: int, *, hybrid: bool | None = None) -> Client | None:
        """One of either kind or of one: of those that should live, now and then of all."""
        of_kind = [c for c in self.clients if hybrid is None or bool(c.refreshes) is hybrid]
        alive = [c for c in of_kind if self.must_live(c)]
        chosen = (of_kind if pick == 5 else alive)[-5:]
        return chosen[-1 - pick % len(chosen)] if chosen else None

    def lively(self, where: int, pick: int) -> Client | None:
        """One that refreshes, signed in for it if nobody is."""
        if self.client(pick, hybrid=True) is None:
            self.sign_in(where, PEOPLE[pick % 2])
        return self.client(pick, hybrid=True)

    def knows(self, where: int, ended: Ended) -> bool:
        """Whether this process must have heard of it: told itself, read since, or too old to be trusted."""
        return (
            ended.by == where
            or self.caught_up[where] > ended.mono
            or self.clock.monotonic() - self.caught_up[where] > STALE
        )

    def end(self, where: int, *clients: Client) -> None:
        for client in clients:
            client.ended = client.ended or Ended(where, self.tick())

    def tick(self) -> float:
        """A moment of its own for each acknowledgement."""
        self.clock.turn(0.000_1)
        return self.clock.monotonic()

    def of(self, person: str, *, but: Client | None = None) -> list[Client]:
        return [c for c in self.clients if c.person == person and c is not but]

    def identity(self, where: int, client: Client) -> Identity | None:
        """Who a live client is, by its newest credential."""
        if client.ended is not None or client.swept:
            return None
        text = client.tokens[-1].text if client.refreshes else client.credential
        who = self.tried(self.limens[where].authenticate(text))
        if isinstance(who, Denied):
            return None
        client.used = self.now
        return who

    # -- the world ---------------------------------------------------------------------------------------

    @rule(
        seconds=st.sampled_from([0.5, 0.5, 4.0, 4.0, 5.1, 9.9, 10.1, 61.0, 700.0, 1_900.0, IDLE - 61, IDLE])
    )
    def time_passes(self, seconds: float) -> None:
        self.clock.turn(seconds)

    @rule(seconds=st.sampled_from([-3_600.0, -120.0, -4.0, -4.0, 4.0, 120.0, 1_800.0]))
    def the_wall_clock_jumps(self, seconds: float) -> None:
        """Forward, it is noticed when a view is next renewed (docs/decisions/0019): tests/unit/strategies has
        what is believed until then, which is nothing for longer than `max_staleness`."""
        self.clock.jump(seconds)
        if seconds > 0:
            self.the_feed_arrives(0)
            self.the_feed_arrives(1)

    @rule(where=WHERE)
    def the_feed_arrives(self, where: int) -> None:
        self.run(self.limens[where].catch_up())
        self.caught_up[where] = self.tick()

    @rule(where=WHERE)
    def maintenance(self, where: int) -> None:
        over = [c for c in self.clients if self.now >= min(c.used + IDLE - TOUCH, c.created + ABSOLUTE)]
        self.run(self.limens[where].maintain())
        for client in over:
            client.swept = True  # perhaps

    @rule(where=WHERE, pick=PICK, seconds=st.sampled_from([3_600.0, 315_360_000.0]))
    def sign_out_and_maintain_while_the_clock_is_ahead(self, where: int, pick: int, seconds: float) -> None:
        self.sign_out(where, pick)
        self.clock.jump(seconds)
        self.the_feed_arrives(1 - where)
        self.maintenance(where)
        self.clock.jump(-seconds)
        self.the_feed_arrives(where)

    @rule(where=WHERE)
    def restart(self, where: int) -> None:
        if self.kind != "memory":
            self.run(self.limens[where].close())
        self.limens[where] = self.run(self.made())
        self.caught_up[where] = self.tick()

    # -- people ------------------------------------------------------------------------------------------

    @rule(where=WHERE, person=st.sampled_from(PEOPLE))
    def sign_in(self, where: int, person: str) -> None:
        signed = self.tried(self.limens[where].sign_in(person, PASSWORD))
        if person in self.disabled:
            self.refused(where, person, signed)
            return
        assert not isinstance(signed, Denied), signed
        grant: Grant = signed.grant
        client = Client(person, grant.session, self.now, used=self.now, rotated=self.now)
        assert grant.refresh is not None
        client.refreshes.append(grant.refresh)
        client.tokens.append(self.token(grant, person))
        self.clients.append(client)

    def refused(self, where: int, person: str, signed: Any) -> None:
        """Nobody signs in to a disabled account; and how often it was tried is of no matter here."""
        assert isinstance(signed, Denied)
        parts = self.limens[where]._parts
        self.run(parts.store.settle(clear=[parts.bucket("account", person)]))

    def token(self, grant: Grant, person: str) -> Token:
        return Token(grant.credential, grant.expires, self.now, len(self.changes[person]))

    @rule(where=WHERE, person=st.sampled_from(PEOPLE))
    def sign_in_by_session(self, where: int, person: str) -> None:
        """As a process does that was configured with the other strategy."""
        limen = self.limens[where]
        hybrid, limen._parts = limen._parts, self.with_sessions(limen)
        signed = self.tried(limen.sign_in(person, PASSWORD))
        limen._parts = hybrid
        if person in self.disabled:
            self.refused(where, person, signed)
            return
        client = Client(person, signed.grant.session, self.now, used=self.now)
        client.credential = signed.grant.credential
        self.clients.append(client)

    @staticmethod
    def with_sessions(limen: Limen) -> Any:
        return replace(limen._parts, strategy=limen._strategies["session"])

    @rule(where=WHERE, pick=PICK, old=st.integers(0, 3))
    def present_a_token(self, where: int, pick: int, old: int) -> None:
        client = self.client(pick, hybrid=True)
        if client is None:
            return
        token = client.tokens[-1 - old % len(client.tokens)]
        who = self.tried(self.limens[where].authenticate(token.text))
        if client.ended is not None and self.knows(where, client.ended):
            assert isinstance(who, Denied), "what was revoked is accepted again"
        if self.now >= token.expires + LEEWAY:
            assert isinstance(who, Denied), "an expired token is accepted"
        changes = self.changes[client.person][token.changes :]
        known = [change for change in changes if self.knows(where, change)]
        if isinstance(who, Identity):
            assert (who.session, who.strategy) == (client.sid, "hybrid")
            if known:
                assert len(known) < len(changes) or who.scopes <= set(self.scopes[client.person])
        elif self.must_live(client) and token.issued <= self.now + LEEWAY and self.now < token.expires:
            assert who.code == "token_stale", f"a live token is refused: {who!r}"
            assert changes, "and its claims have not changed"

    @rule(where=WHERE, pick=PICK)
    def present_a_session(self, where: int, pick: int) -> None:
        client = self.client(pick, hybrid=False)
        if client is None:
            return
        who = self.tried(self.limens[where].authenticate(client.credential))
        if client.ended is not None and self.knows(where, client.ended):
            assert isinstance(who, Denied), "what was revoked is accepted again"
        if isinstance(who, Denied):
            assert not self.must_live(client), f"a live session is refused: {who!r}"
            return
        assert who.session == client.sid
        assert self.now < client.created + ABSOLUTE
        assert self.now < client.used + IDLE
        client.used = self.now

    def must_live(self, client: Client) -> bool:
        """Whether nothing and nobody can have ended it."""
        end = client.rotated + IDLE if client.refreshes else client.used + IDLE - TOUCH
        return client.ended is None and not client.swept and self.now < min(end, client.created + ABSOLUTE)

    @rule(
        where=WHERE,
        pick=PICK,
        back=st.sampled_from([0, 0, 0, 0, 1, 2, 5]),
        times=st.sampled_from([1, 1, 3, 64]),
    )
    def refresh(self, where: int, pick: int, back: int, times: int) -> None:
        """By the honest client (0), a retry or second tab (1), or whoever holds something older."""
        client = self.lively(where, pick)
        if client is not None:
            self.refreshed(client, where, back, times)

    def refreshed(self, client: Client, where: int, back: int, times: int) -> None:
        head = len(client.refreshes) - 1
        shown = max(head - back, 0)

        async def at_once() -> list[Any]:
            many = (self.limens[(where + n) % 2].refresh(client.refreshes[shown]) for n in range(times))
            return await asyncio.gather(*many, return_exceptions=True)

        answers = self.run(at_once())
        grants = [a for a in answers if isinstance(a, Grant)]
        assert len(grants) + sum(isinstance(a, Denied) for a in answers) == times
        if client.ended is not None:
            assert not grants, "what was ended is refreshed"
            return
        if not self.must_live(client):
            assert not grants or client.swept, "what is over is refreshed"
            if not grants:
                return
        elif shown == head:
            assert len(grants) == times, f"an honest client is refused: {answers}"
        elif shown == head - 1 and max(self.now - client.rotated, 0) < GRACE:
            assert len(grants) == times, f"a second tab is refused: {answers}"
        else:
            assert not grants, "a thief is served"
            self.end(where, client)
            return
        self.granted(client, shown, grants)

    @rule(
        where=WHERE,
        pick=PICK,
        pause=st.sampled_from([0.0, GRACE - 0.5, GRACE, GRACE + 0.5, 700.0]),
        used=st.booleans(),
    )
    def present_a_spent_credential_later(self, where: int, pick: int, pause: float, used: bool) -> None:
        """R03, R04, R05: at the edges of the grace, after the successor was used or not."""
        client = self.lively(where, pick)
        if client is None:
            return
        self.refreshed(client, where, 0, 1)
        self.clock.turn(pause)
        if used:
            self.refreshed(client, 1 - where, 0, 1)
        self.refreshed(client, where, 2 if used else 1, 1)

    def granted(self, client: Client, shown: int, grants: list[Grant]) -> None:
        (successor,) = {grant.refresh for grant in grants}
        assert successor is not None
        if shown == len(client.refreshes) - 1:
            assert successor not in client.refreshes
            client.refreshes.append(successor)
            client.rotated = client.used = self.now
        assert successor == client.refreshes[shown + 1], "there are two successors"
        for grant in grants:
            assert grant.session == client.sid
            assert set(grant.scopes) <= set(SCOPES) & set(self.scopes[client.person])
            assert grant.refresh_expires is not None
            assert grant.expires <= grant.refresh_expires <= client.created + ABSOLUTE
            client.tokens.append(self.token(grant, client.person))

    @rule(where=WHERE, pick=PICK)
    def sign_out(self, where: int, pick: int) -> None:
        client = self.client(pick)
        if client and (who := self.identity(where, client)):
            told = self.run(self.limens[where].sign_out(who))
            assert told.effective == self.now + STALE
            self.end(where, client)

    @rule(where=WHERE, pick=PICK)
    def sign_out_while_refreshing(self, where: int, pick: int) -> None:
        """S23: whichever comes first, it is over afterwards."""
        client = self.client(pick, hybrid=True)
        if client is None or (who := self.identity(where, client)) is None:
            return

        async def both() -> list[Any]:
            refreshes = [self.limens[n % 2].refresh(client.refreshes[-1]) for n in range(4)]
            out = self.limens[where].sign_out(who)
            return await asyncio.gather(*refreshes[:2], out, *refreshes[2:], return_exceptions=True)

        answers = self.run(both())
        grants = [a for a in answers if isinstance(a, Grant)]
        assert all(isinstance(a, Denied) for a in answers if a not in grants and a is not answers[2])
        assert not isinstance(answers[2], LimenError)
        if grants:
            self.granted(client, len(client.refreshes) - 1, grants)
        self.end(where, client)

    @rule(where=WHERE, pick=PICK, other=PICK)
    def end_another(self, where: int, pick: int, other: int) -> None:
        client, target = self.client(pick), self.client(other)
        if client is None or target is None or (who := self.identity(where, client)) is None:
            return
        told = self.run(self.attempted(self.limens[where].end_session(who, target.sid)))
        if isinstance(told, LimenError):
            assert told.code == "session_unknown"
            assert target.person != client.person or target.ended or target.swept
            return
        assert target.person == client.person, "the session of another was ended"
        self.end(where, target)

    @rule(where=WHERE, pick=PICK)
    def end_all_others(self, where: int, pick: int) -> None:
        client = self.client(pick)
        if client and (who := self.identity(where, client)):
            self.run(self.limens[where].end_other_sessions(who))
            self.end(where, *self.of(client.person, but=client))

    @rule(where=WHERE, pick=PICK)
    def sign_out_everywhere(self, where: int, pick: int) -> None:
        client = self.client(pick)
        if client and (who := self.identity(where, client)):
            self.run(self.limens[where].sign_out_everywhere(who))
            self.end(where, *self.of(client.person))

    # -- operators ---------------------------------------------------------------------------------------

    @rule(where=WHERE, person=st.sampled_from(PEOPLE), on=st.booleans())
    def disable_or_enable(self, where: int, person: str, on: bool) -> None:
        limen = self.limens[where]
        account = self.run(limen.find_account(person))
        if on:
            self.run(limen.enable_account(account))
            self.disabled.discard(person)
            return
        self.run(limen.disable_account(account))
        self.disabled.add(person)
        self.end(where, *self.of(person))

    @rule(where=WHERE, person=st.sampled_from(PEOPLE), scopes=st.sampled_from([("read",), SCOPES, ()]))
    def change_scopes(self, where: int, person: str, scopes: tuple[str, ...]) -> None:
        limen = self.limens[where]
        self.run(limen.set_scopes(self.run(limen.find_account(person)), scopes))
        self.scopes[person] = scopes
        self.changes[person].append(Ended(where, self.tick()))

    # -- always ------------------------------------------------------------------------------------------

    @precondition(lambda self: hasattr(self, "limens"))
    @invariant()
    def a_lineage_has_one_head_and_a_dead_one_has_none(self) -> None:
        self.run(self._heads())

    async def _heads(self) -> None:
        for client in self.clients[-6:]:
            row = await self.limens[0].store.session(client.sid)
            if client.ended is not None:
                assert row is None, "a session that was ended has a row"
                continue
            assert row is not None or client.swept or not client.refreshes, "a live session has none"
            if row is None:
                continue
            shown = [self.sealer.open(text) for text in (client.refreshes or [client.credential])]
            heads = [p for p in shown if p and (p.digest, p.generation) == (row.digest, row.generation)]
            assert len(heads) == 1
            assert heads[0] == shown[-1]
            assert row.ends <= row.expires == client.created + ABSOLUTE

    def teardown(self) -> None:
        if hasattr(self, "limens"):
            for limen in self.limens:
                self.run(limen.close())
            self.runner.close()
            self.folder.cleanup()


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOMES)
def test_R01_R02_R03_R13_S21_S22_S24_whatever_happens_one_lineage_lives_and_nothing_revoked_does(
    kind: str,
) -> None:
    walk = type(f"{kind.title()}Sessions", (Machine,), {"kind": kind}).TestCase()
    walk.settings = settings(max_examples=examples(kind, 50), stateful_step_count=60)
    walk.runTest()
