"""Every kind of write once, for whatever has to hold of each: done on a store and on the model of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from limen.accounts import Account
from limen.clock import Instant
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey
from limen.letters import Posted
from limen.revocations import Kind, Revocation
from limen.sessions import Session
from limen.stores.base import Store
from limen.throttle import Limit
from limen.tickets import Purpose, Ticket
from support.stores import IDLE, NOW, UNTIL, digest, make_account, make_posted, make_session, make_ticket

LIMIT = Limit(free=3)
LATER = Instant(NOW + 1)


@dataclass(frozen=True)
class Scene:
    """What a write finds: an account with two sessions, tickets and a letter, and what is to be added."""

    account: Account
    held: tuple[Session, Session]
    new: Session
    other: Account
    tickets: dict[Purpose, Ticket]
    letters: tuple[Posted, Posted]

    @classmethod
    def made(cls, number: int) -> Scene:
        account = make_account(f"a{number}")
        held = (make_session(account, at=NOW - 1), make_session(account, at=NOW - 0.5))
        tickets = {
            purpose: make_ticket(account, purpose, email=f"c{number}@example.org") for purpose in Purpose
        }
        tickets[Purpose.LEAVE] = replace(tickets[Purpose.LEAVE], confirmed=NOW)
        new, other = make_session(account, at=NOW), make_account(f"b{number}")
        return cls(account, held, new, other, tickets, (make_posted(), make_posted()))

    async def set(self, store: Store) -> None:
        tickets, letters = list(self.tickets.values()), self.letters[:1]
        assert await store.add_account(self.account, tickets=tickets, letters=letters)
        for session in self.held:
            await store.open_session(session, limit=None, until=UNTIL, now=NOW)


Write = Callable[[Store, Scene], Awaitable[Any]]


def _key(scene: Scene) -> StoredKey:
    return StoredKey(f"k{scene.account.id}", Algorithm.ES256, KeyState.NEXT, b"sealed", NOW, NOW)


async def _replace_ring(store: Store, scene: Scene) -> Any:
    ring = await store.ring()
    event = Revocation(Kind.KEY, _key(scene).kid, NOW, UNTIL, NOW, "w")
    return await store.replace_ring([*ring.keys, _key(scene)], version=ring.version, revocation=event)


WRITES: dict[str, Write] = {
    "add_account": lambda s, x: s.add_account(x.other),
    "open_session": lambda s, x: s.open_session(x.new, limit=2, until=UNTIL, now=NOW),
    "rotate": lambda s, x: s.rotate(x.held[0].id, x.held[0].digest, digest(1), now=LATER, idle=IDLE),
    "touch": lambda s, x: s.touch(x.held[0].id, now=LATER, idle=IDLE),
    "revoke_session": lambda s, x: s.revoke_session(
        x.held[0].id, account=None, now=LATER, until=UNTIL, why="w"
    ),
    "revoke_others": lambda s, x: s.revoke_others(
        x.account.id, keep=x.held[1].id, now=LATER, until=UNTIL, why="w"
    ),
    "revoke_account": lambda s, x: s.revoke_account(x.account.id, now=LATER, until=UNTIL, why="w"),
    "change_password": lambda s, x: s.change_password(
        x.account.id, spent=x.account.password, fresh="new", now=LATER, until=UNTIL
    ),
    "upgrade_password": lambda s, x: s.upgrade_password(
        x.account.id, spent=x.account.password or "", fresh="new"
    ),
    "set_name": lambda s, x: s.set_name(x.account.id, "Ada"),
    "set_scopes": lambda s, x: s.set_scopes(x.account.id, ("read",), upto=LATER, until=UNTIL, now=LATER),
    "delete_account": lambda s, x: s.delete_account(
        x.account.id, now=LATER, until=UNTIL, letters=x.letters[1:]
    ),
    "disable_account": lambda s, x: s.disable_account(x.account.id, now=LATER, until=UNTIL),
    "open_tickets": lambda s, x: s.open_tickets(
        x.account.id, [make_ticket(x.account, Purpose.RESET, digest=digest(1))], x.letters[1:]
    ),
    "verify_email": lambda s, x: s.verify_email(
        x.account.id, spent=x.tickets[Purpose.VERIFY].digest, now=LATER, until=UNTIL
    ),
    "reset_password": lambda s, x: s.reset_password(
        x.account.id,
        spent=x.tickets[Purpose.RESET].digest,
        fresh="new",
        now=LATER,
        until=UNTIL,
        letters=x.letters[1:],
    ),
    "confirm_email": lambda s, x: s.confirm_email(
        x.account.id,
        Purpose.ENTER,
        spent=x.tickets[Purpose.ENTER].digest,
        now=LATER,
        letters=x.letters[1:],
    ),
    "post": lambda s, x: s.post(x.letters[1:]),
    "take_letters": lambda s, x: s.take_letters(now=LATER, lease=60, limit=2),
    "letter_sent": lambda s, x: s.letter_sent(x.letters[0].id),
    "letter_failed": lambda s, x: s.letter_failed(x.letters[0].id, attempts=0, due=LATER),
    "revoke": lambda s, x: s.revoke(Revocation(Kind.KEY, x.account.id, NOW, UNTIL, NOW, "w")),
    "charge": lambda s, x: s.charge([(x.account.key, LIMIT), (x.other.key, LIMIT)], now=NOW),
    "replace_ring": _replace_ring,
}
"""Each changes something, and would answer otherwise if it were done twice."""


async def everything(store: Store, scenes: list[Scene]) -> list[Any]:
    """All that can be seen of these scenes."""
    return [
        await store.read_feed(0, now=NOW),
        await store.ring(),
        *[await store.account(x.account.id) for x in scenes],
        *[await store.account_by_key(x.other.key) for x in scenes],
        *[await store.sessions_of(x.account.id, now=NOW) for x in scenes],
        *[await store.ticket(x.account.id, purpose) for x in scenes for purpose in Purpose],
        await store.letters_waiting(),
    ]


async def charges_left(store: Store, scene: Scene) -> int:
    """How often the scene's bucket can still be charged."""
    count = 0
    while await store.charge([(scene.account.key, LIMIT)], now=NOW) is None:
        count += 1
    return count
