"""D25: a store and the memory store, through the same random walk, cannot be told apart."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from limen.accounts import Account
from limen.clock import Instant
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey
from limen.revocations import Kind, Revocation
from limen.sessions import Session
from limen.stores.base import Store
from limen.throttle import Limit
from limen.tickets import Purpose, Ticket
from support.stores import (
    HOMES,
    IDLE,
    NOW,
    chance_again,
    digest,
    examples,
    make_account,
    make_posted,
    make_session,
    make_ticket,
)

Step = Callable[[Store], Coroutine[Any, Any, Any]]
PICK = st.integers(0, 3)
SCOPES = st.lists(st.sampled_from(["admin", "read", "write"]), unique=True).map(tuple)
LIMITS = st.sampled_from([Limit(free=1), Limit(free=2, drain=30), Limit(free=1, cap=3, keep=60)])


class Walk(RuleBasedStateMachine):
    """Whatever is asked of both is answered alike, in any order, over restarts and jumps of the clock."""

    kind = "sqlite"

    @initialize()
    def begin(self) -> None:
        chance_again()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.model = HOMES["memory"](Path())
        self.home = HOMES[self.kind](Path(self.folder.name))
        self.stores = [self.model.open(), self.home.open()]
        self.accounts: list[Account] = []
        self.sessions: list[Session] = []
        self.tickets: list[Ticket] = []
        self.now, self.rotations = Instant(NOW), 0
        self.keys: list[StoredKey] = []
        self.run(lambda store: store.start())
        for name in ("ada", "bob"):
            self.add_account(name, ("read", "write"))
            self.open_session(len(self.accounts) - 1, None, 0.0)

    def run(self, step: Step) -> Any:
        """Take one step in both; the answer, which must be the same."""
        answers = [self.runner.run(self._attempt(step, store)) for store in self.stores]
        assert answers[0] == answers[1]
        return answers[0]

    @staticmethod
    async def _attempt(step: Step, store: Store) -> Any:
        return await step(store)

    @property
    def until(self) -> Instant:
        return Instant(self.now + 120)

    def account(self, pick: int) -> Account:
        return self.accounts[pick % len(self.accounts)]

    def session(self, pick: int) -> Session:
        return self.sessions[-1 - pick % min(len(self.sessions), 4)]

    have_accounts = precondition(lambda self: self.accounts)
    have_sessions = precondition(lambda self: self.sessions)

    @rule(seconds=st.sampled_from([0.0, 0.001, 1.0, 30.0, IDLE - 1, IDLE, 4_000.0, -1.0, -300.0]))
    def time_passes(self, seconds: float) -> None:
        self.now = Instant(self.now + seconds)

    @rule(name=st.sampled_from(["ada", "bob", "eve"]), scopes=SCOPES)
    def add_account(self, name: str, scopes: tuple[str, ...]) -> None:
        account = make_account(name, at=self.now, scopes=scopes)
        if self.run(lambda store: store.add_account(account)):
            self.accounts.append(account)

    @have_accounts
    @rule(pick=PICK, limit=st.sampled_from([None, 1, 3]), ahead=st.sampled_from([0.0, 0.0, 0.002, 500.0]))
    def open_session(self, pick: int, limit: int | None, ahead: float) -> None:
        session = make_session(self.account(pick), at=self.now + ahead)
        self.run(lambda store: store.open_session(session, limit=limit, until=self.until, now=self.now))
        self.sessions.append(session)

    @have_sessions
    @rule(pick=PICK, spent=st.sampled_from(["head", "first", "other"]))
    def rotate(self, pick: int, spent: str) -> None:
        session, self.rotations = self.session(pick), self.rotations + 1
        row = self.run(lambda store: store.session(session.id))
        shown = {"head": row.digest if row else session.digest, "first": session.digest}
        old, fresh = shown.get(spent, digest("other")), digest(self.rotations)
        self.run(lambda store: store.rotate(session.id, old, fresh, now=self.now, idle=IDLE))

    @have_sessions
    @rule(pick=PICK)
    def touch(self, pick: int) -> None:
        self.run(lambda store: store.touch(self.session(pick).id, now=self.now, idle=IDLE))

    @have_sessions
    @rule(pick=PICK, whose=st.sampled_from(["nobody's", "its own", "another's"]))
    def revoke_session(self, pick: int, whose: str) -> None:
        session = self.session(pick)
        owner = {"nobody's": None, "its own": session.account}.get(whose, self.account(pick).id)
        until, now = self.until, self.now
        self.run(lambda s: s.revoke_session(session.id, account=owner, now=now, until=until, why="w"))

    @have_sessions
    @rule(pick=PICK)
    def revoke_others(self, pick: int) -> None:
        session, until, now = self.session(pick), self.until, self.now
        self.run(lambda s: s.revoke_others(session.account, keep=session.id, now=now, until=until, why="w"))

    @have_accounts
    @rule(pick=PICK, how=st.sampled_from(["revoke", "disable", "enable", "delete"]))
    def end_account(self, pick: int, how: str) -> None:
        id_, now, until = self.account(pick).id, self.now, self.until
        steps: dict[str, Step] = {
            "revoke": lambda s: s.revoke_account(id_, now=now, until=until, why="w"),
            "disable": lambda s: s.disable_account(id_, now=now, until=until),
            "enable": lambda s: s.enable_account(id_),
            "delete": lambda s: s.delete_account(id_, now=now, until=until),
        }
        self.run(steps[how])

    @have_accounts
    @rule(pick=PICK, spent=st.sampled_from([None, "hash of ada", "hash of bob", "new"]))
    def change_password(self, pick: int, spent: str | None) -> None:
        id_, now, until = self.account(pick).id, self.now, self.until
        self.run(lambda s: s.change_password(id_, spent=spent, fresh="new", now=now, until=until))

    @have_accounts
    @rule(pick=PICK, kinds=st.sampled_from([("verify",), ("reset",), ("leave", "enter")]))
    def open_tickets(self, pick: int, kinds: tuple[str, ...]) -> None:
        account, letter = self.account(pick), make_posted(due=self.now, ends=self.until)
        moved = {"email": f"new{pick}@example.org", "ends": self.until, "created": self.now}
        opened = [make_ticket(account, Purpose(kind), **moved) for kind in kinds]
        if self.run(lambda s: s.open_tickets(account.id, opened, [letter])):
            self.tickets.extend(opened)

    have_tickets = precondition(lambda self: self.tickets)

    @have_tickets
    @rule(pick=PICK)
    def spend_ticket(self, pick: int) -> None:
        ticket, now, until = self.tickets[-1 - pick % min(len(self.tickets), 4)], self.now, self.until
        id_, spent = ticket.account, ticket.digest
        steps: dict[Purpose, Step] = {
            Purpose.VERIFY: lambda s: s.verify_email(id_, spent=spent, now=now, until=until),
            Purpose.RESET: lambda s: s.reset_password(id_, spent=spent, fresh="r", now=now, until=until),
        }
        confirm: Step = lambda s: s.confirm_email(id_, ticket.purpose, spent=spent, now=now)  # noqa: E731
        self.run(steps.get(ticket.purpose, confirm))

    @rule(limit=st.sampled_from([1, 100]))
    def take_letters(self, limit: int) -> None:
        held = self.run(lambda s: s.take_letters(now=self.now, lease=60.0, limit=limit))
        for posted in held[::2]:
            self.run(lambda s, posted=posted: s.letter_sent(posted.id))

    @have_accounts
    @rule(pick=PICK, scopes=SCOPES)
    def set_scopes(self, pick: int, scopes: tuple[str, ...]) -> None:
        id_, now, until = self.account(pick).id, self.now, self.until
        self.run(lambda s: s.set_scopes(id_, scopes, upto=now, until=until, now=now))

    @rule(keys=st.lists(st.sampled_from("abc"), min_size=1, max_size=3), limit=LIMITS)
    def charge(self, keys: list[str], limit: Limit) -> None:
        self.run(lambda store: store.charge([(key, limit) for key in keys], now=self.now))

    @rule(clear=st.lists(st.sampled_from("abc")), refund=st.lists(st.sampled_from("abc")), limit=LIMITS)
    def settle(self, clear: list[str], refund: list[str], limit: Limit) -> None:
        self.run(lambda store: store.settle(clear=clear, refund=[(key, limit) for key in refund]))

    @rule(version=st.integers(0, 3), state=st.sampled_from(KeyState), compromised=st.booleans())
    def replace_ring(self, version: int, state: KeyState, compromised: bool) -> None:
        key = StoredKey(f"k{len(self.keys)}", Algorithm.ES256, state, b"sealed", self.now, self.now)
        event = Revocation(Kind.KEY, key.kid, self.now, self.until, self.now, "w") if compromised else None
        ring = [*self.keys, key]
        if self.run(lambda store: store.replace_ring(ring, version=version, revocation=event)):
            self.keys = ring

    @rule(limit=st.sampled_from([1, 3, 100]))
    def sweep(self, limit: int) -> None:
        self.run(lambda store: store.sweep(now=self.now, limit=limit))
        self.run(lambda store: store.sweep_recovery(now=self.now, limit=limit))

    @rule()
    def restart(self) -> None:
        self.run(lambda store: store.close())
        self.stores = [self.model.open(), self.home.open()]
        self.run(lambda store: store.start())

    @rule(after=st.integers(0, 40))
    def read_feed(self, after: int) -> None:
        self.run(lambda store: store.read_feed(after, now=self.now))

    @invariant()
    def everything_is_the_same(self) -> None:
        if hasattr(self, "stores"):
            self.run(self._everything)

    async def _everything(self, store: Store) -> list[Any]:
        return [
            await store.accounts(),
            await store.read_feed(0, now=self.now),
            await store.ring(),
            await store.letters_waiting(),
            *[await store.ticket(ticket.account, ticket.purpose) for ticket in self.tickets[-4:]],
            *[await store.sessions_of(account.id, now=self.now) for account in self.accounts[-3:]],
            *[await store.session(session.id) for session in self.sessions[-6:]],
        ]

    def teardown(self) -> None:
        if hasattr(self, "stores"):
            self.run(lambda store: store.close())
            self.runner.close()
            self.folder.cleanup()


@pytest.mark.parametrize("kind", [name for name in HOMES if name != "memory"])
def test_D25_a_random_walk_through_a_store_is_one_through_memory(kind: str) -> None:
    walk = type(f"{kind.title()}Walk", (Walk,), {"kind": kind}).TestCase()
    walk.settings = settings(max_examples=examples(kind, 60), stateful_step_count=50)
    walk.runTest()
