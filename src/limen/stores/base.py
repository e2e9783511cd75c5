"""What a store must do, whichever engine is underneath. tests/contract runs all of it on each.

Every method is one atomic, durable step: it is acknowledged after the commit, or raises `Unavailable` and
has changed nothing that the caller was told of. Stores read no clock, see digests and hashes but never
secrets, and decide nothing: where a rule is needed inside the step, it is a pure function of ring 1.

Every method may raise `Unavailable`. A row that cannot be read as what it should be counts as absent and
is logged, without its content. Text that not every engine keeps (`storable`) is Rejected when it is written,
and names nothing when it is looked up. Where the caller is cancelled, the step is finished all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from limen.accounts import Account
from limen.clock import Instant, Seconds
from limen.errors import Rejected
from limen.ids import AccountID, SessionID
from limen.keys import StoredKey, StoredRing
from limen.letters import Posted
from limen.revocations import Page, Revocation
from limen.sessions import Digest, Session
from limen.stores.base_admin import Audit, Directory
from limen.stores.base_recovery import Outbox, Recovery
from limen.throttle import Limit, Wait
from limen.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Opened:
    """The session is there. `ended` are the sessions that made room for it, oldest first."""

    ended: tuple[Revocation, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """Sessions with ids of this moment or earlier are dead: make an id of a later millisecond and repeat.

    The same answer is given, with the id's own moment, where the id is taken.
    """

    upto: Instant


@dataclass(frozen=True, slots=True)
class NoAccount:
    """The account is absent or disabled; nothing was opened."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """`fresh` is the head now. `session` is the row after the rotation."""

    session: Session


@dataclass(frozen=True, slots=True)
class Stale:
    """The session lives, and `spent` is not its head. Nothing changed."""

    session: Session


@dataclass(frozen=True, slots=True)
class Gone:
    """No such session, or it has ended."""


class Accounts(Protocol):
    """Accounts and what ends with them."""

    async def add_account(
        self, account: Account, *, tickets: Sequence[Ticket] = (), letters: Sequence[Posted] = ()
    ) -> bool:
        """Keep a new account with its tickets, and post its letters; False if its id or its `key` is taken,
        and then nothing changed."""
        ...

    async def account(self, account: AccountID) -> Account | None: ...

    async def account_by_key(self, key: str) -> Account | None:
        """The account whose canonical address (`accounts.email_key`) is `key`."""
        ...

    async def accounts(self, *, after: AccountID | None = None, limit: int = 100) -> list[Account]:
        """The accounts with ids above `after`, ordered by id: oldest first."""
        ...

    async def upgrade_password(self, account: AccountID, *, spent: str, fresh: str) -> bool:
        """Replace the hash `spent` by `fresh`, made of the same password; False if it changed meanwhile."""
        ...

    async def change_password(
        self,
        account: AccountID,
        *,
        spent: str | None,
        fresh: str,
        now: Instant,
        until: Instant,
        letters: Sequence[Posted] = (),
    ) -> Revocation | None:
        """Replace the hash, end all sessions of the account, let its tickets go but the one that proves its
        address, and post the letters, in one step.

        None if the hash is not `spent` any more (two changes at once: one wins). `spent=None` replaces
        whatever is there: for an operator. The answer is the account's cut; see `revoke_account`.
        """
        ...

    async def set_scopes(
        self, account: AccountID, scopes: tuple[str, ...], *, upto: Instant, until: Instant, now: Instant
    ) -> Revocation | None:
        """Set what the account may do, narrow its sessions to it, and append a `claims` event.

        Sessions are never widened: new scopes come with the next sign-in. `claims_changed` and the event's
        `upto` become `revocations.claims_cut` of `upto`: tokens of an earlier change are covered too, even
        in the same millisecond or where a clock went back. None if there is no such account.
        """
        ...

    async def disable_account(self, account: AccountID, *, now: Instant, until: Instant) -> Revocation | None:
        """Let nobody sign in, end all its sessions, and let its tickets go, in one step. None if there is no
        such account."""
        ...

    async def set_name(self, account: AccountID, name: str) -> bool:
        """Set how the person wants to be called; False if there is no such account."""
        ...

    async def enable_account(self, account: AccountID) -> bool:
        """Let it sign in again. Its old sessions stay dead."""
        ...

    async def delete_account(
        self, account: AccountID, *, now: Instant, until: Instant, letters: Sequence[Posted] = ()
    ) -> Revocation | None:
        """Remove the account with its sessions and tickets, and post the letters, in one step. None if there
        is no such account."""
        ...

    async def raise_cutoff(self, account: AccountID, upto: Instant) -> None:
        """Let the account's `cutoff` be `upto` or later: its sessions are kept elsewhere, and a cut that
        was made there went further. No event; nothing for an account that is not there."""
        ...


class Sessions(Protocol):
    """Sessions. A session is alive while it has a row and `now < ends`."""

    async def open_session(
        self, session: Session, *, limit: int | None, until: Instant, now: Instant
    ) -> Opened | Cut | NoAccount:
        """Keep a new session. With `limit`, exactly that many live ones remain, those with the lowest ids
        going first, and never the new one.

        Checked in the same step: the account exists and is enabled, and the id's millisecond is later than
        the account's `cutoff`. Each session that made room is an event of the feed, good until `until`.
        """
        ...

    async def session(self, sid: SessionID) -> Session | None:
        """The row, alive or just past its end (the caller compares `ends`); None if it was ended or swept."""
        ...

    async def sessions_of(self, account: AccountID, *, now: Instant) -> list[Session]:
        """The live sessions of an account, newest first."""
        ...

    async def rotate(
        self, sid: SessionID, spent: Digest, fresh: Digest, *, now: Instant, idle: Seconds
    ) -> Rotated | Stale | Gone:
        """Make `fresh` the head of this session if `spent` still is, and say what was found.

        Two callers with the same `spent` get one Rotated and one Stale, in either order, on every store.
        A rotation is activity: `generation` grows by one, `rotated` and `touched` become `now`, `ends`
        becomes `now + idle` but never later than `expires`. A session whose `ends` is past is Gone.
        What a Stale means (a thief, or a second tab within the grace) is `sessions.judge_replay`'s call.
        """
        ...

    async def touch(self, sid: SessionID, *, now: Instant, idle: Seconds) -> bool:
        """Record activity: `touched` becomes `now`, `ends` `now + idle`, never later than `expires`.

        Neither ever moves back, and an ended session is not revived: then the answer is False.
        """
        ...

    async def revoke_session(
        self, sid: SessionID, *, account: AccountID | None, now: Instant, until: Instant, why: str
    ) -> Revocation | None:
        """End one session and append the event. None if there is none such, or it is not `account`'s.

        Wherever sessions end, `until` moves with the latest `rotated` of theirs (`revocations.lasting`).
        A row past its end that was not swept yet is ended too.
        """
        ...

    async def revoke_others(
        self, account: AccountID, *, keep: SessionID, now: Instant, until: Instant, why: str
    ) -> list[Revocation]:
        """End all sessions of the account but one, each an event, oldest first, in one step."""
        ...

    async def revoke_account(
        self, account: AccountID, *, now: Instant, until: Instant, why: str
    ) -> Revocation:
        """End all sessions of the account by one event.

        Its `upto` is `now` or, where a clock went back, the newest session's millisecond
        (`revocations.cut`), and `until` moves with it; it becomes the account's `cutoff` if there is such
        an account. The cutoff never moves back.
        """
        ...


class Followed(Protocol):
    """The feed as whoever follows it needs it."""

    async def read_feed(self, after: int, *, now: Instant) -> Page:
        """All events after a position that matter at `now` (`now < until`), in order.

        No event that was acknowledged before this call was made, and is still young, is missing. What is
        not there any more, or is over, is told by `Page.forgotten`: `now` may be wrong, here or in a sweep.
        """
        ...

    async def wait(self, after: int, *, every: Seconds, at_most: Seconds) -> None:
        """Return when reading the feed after this position may be worth it. Never raises Unavailable.

        Where the engine calls its readers: at its call, or after `at_most` without one. Elsewhere: after
        `every`. It says nothing about how fresh a view is; only a read does.
        """
        ...


class Feed(Followed, Protocol):
    """The ordered, durable log of revocations."""

    async def revoke(self, revocation: Revocation) -> Revocation:
        """Append an event that has no row of its own (`key`, `issuer`); the answer carries its position."""
        ...


class Restored(Protocol):
    """A store whose content is of an earlier moment than what was handed out."""

    async def begin_anew(self, *, now: Instant, until: Instant, why: str) -> None:
        """End every session there is by one `issuer` event, in one step; its `upto` is `now` or covers the
        newest. Its position lies so far ahead that no reader can have got beyond it before the restore."""
        ...


BEYOND = 2**32
"""Positions left out where a feed has gone back in time: more than anybody appends between two backups."""


class Throttles(Protocol):
    """Charges on keys that say nothing about whom they belong to (they arrive hashed)."""

    async def charge(self, charges: Sequence[tuple[str, Limit]], *, now: Instant) -> Wait | None:
        """Charge every key by `throttle.charge`, or none: the first that must wait is the answer."""
        ...

    async def settle(self, *, clear: Sequence[str] = (), refund: Sequence[tuple[str, Limit]] = ()) -> None:
        """After a success: forget the buckets of `clear`, give one charge back to those of `refund`."""
        ...


class Keys(Protocol):
    """The key ring as stored."""

    async def ring(self) -> StoredRing:
        """All keys, oldest first, and the version; version 0 and no keys in a new store."""
        ...

    async def replace_ring(
        self, keys: Sequence[StoredKey], *, version: int, revocation: Revocation | None = None
    ) -> int | None:
        """Make `keys` the ring if its version is still `version`; the new version, or None if it is not.

        Two nodes that rotate at once: one wins. `revocation` is appended in the same step (a compromise).
        A key id that the ring ever had is never taken away: ValueError unless `keys` holds all of them.
        """
        ...


class Marks(Protocol):
    """Whole numbers that only grow: what another engine beside this one must not fall behind."""

    async def marks(self) -> Mapping[str, int]:
        """Every mark that was ever raised."""
        ...

    async def raise_marks(self, marks: Mapping[str, int]) -> None:
        """Let each be the given number or more, in one step."""
        ...


@dataclass(frozen=True, slots=True)
class Schema:
    """Which migrations, by name and in order, a store has had and still needs."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]


class Store(
    Accounts, Sessions, Feed, Restored, Throttles, Keys, Marks, Directory, Audit, Recovery, Outbox, Protocol
):
    """One engine that keeps everything."""

    names_ended: bool
    """Whether what ends all sessions of an account appends an event for each of them too, before its own, in
    the same step: for readers that know sessions alone, by their places in a status list. False until set."""

    async def schema(self) -> Schema:
        """What `start` or `migrate` would do; changes nothing and makes no file. Before `start` too."""
        ...

    async def migrate(self) -> Schema:
        """Bring the schema up to date; `applied` are the migrations that this call ran. Before `start` too.

        Several processes may call it at once: each migration runs once. `Misconfigured` where the schema
        is of a newer Limen, or an applied migration is not the one that we have.
        """
        ...

    async def start(self) -> None:
        """Open, migrate, check. `Misconfigured` or `Unavailable` in one sentence where that cannot be."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go. A closed store raises `Unavailable` until it is started again."""
        ...

    async def ping(self) -> None:
        """Answer if the store can read and write; raise `Unavailable` if not. For `/readyz`."""
        ...

    async def sweep(self, *, now: Instant, limit: int = 1_000) -> int:
        """Remove up to `limit` expired rows of each table by index, never by a scan; how many went.

        Sessions past `ends` (a later rotation finds them Gone; no event is needed, for nothing live ended),
        revocations past `until`, buckets past `ends`.
        """
        ...


def storable(*texts: str) -> None:
    """Rejected for text that not every engine keeps: NUL (PostgreSQL) and lone surrogates (all of them)."""
    for text in texts:
        if not is_storable(text):
            raise Rejected(
                "text with a NUL or half a character cannot be kept", code="text_malformed", status=422
            )


def is_storable(text: str) -> bool:
    """Whether every engine keeps it as it is."""
    return "\0" not in text and (text.isascii() or _is_whole(text))


def joined(words: Sequence[str]) -> str:
    """Scopes or methods as one text, which `split` takes apart again; Rejected where it could not."""
    text = " ".join(words)
    if split(text) != tuple(words):
        raise Rejected("a word has no blanks and is not empty", code="text_malformed", status=422)
    storable(text)
    return text


@lru_cache(maxsize=1024)
def split(text: str) -> tuple[str, ...]:
    """The words that were `joined`. Few combinations are in use, so each is made once."""
    return tuple(text.split(" ")) if text else ()


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
