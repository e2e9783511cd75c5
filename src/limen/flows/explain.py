"""Explain a verdict: ask the server's own check, then look up what it stands on.

There is no second check here. `authenticate` says what a request with this credential gets, `foresee` what a
refresh would, and the rest only says why; it changes nothing, keeps nothing awake and writes no line of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import TypeVar

from limen import explanation, ids
from limen.clock import Instant
from limen.errors import Denied, Unavailable
from limen.explanation import Explanation, Facts, Prospect, Ruling, View
from limen.flows.parts import Parts
from limen.ids import AccountID, SessionID
from limen.jose.jwt import TokenPolicy
from limen.keys import StoredKey
from limen.revocations import Filter, Kind, Revocation
from limen.sessions import Presented, Session
from limen.strategies.base import Identity, Refreshes
from limen.throttle import Limit

_T = TypeVar("_T")

HOST = Limit(free=30, drain=2, longest=60, keep=3_600)
"""Explanations asked for from one address, or one /64."""
NETWORK = Limit(free=150, drain=0.5, longest=60, keep=3_600)
"""The same from one /24, or one /48."""


@dataclass(frozen=True, slots=True)
class Witness:
    """The check that is explained, and the parts that it is made of."""

    parts: Parts
    authenticate: Callable[[str], Awaitable[Identity]]
    open: Callable[[str], Presented | None]
    policy: Callable[[], TokenPolicy]
    loaded: Callable[[], Collection[str]]
    accepted: tuple[str, ...]
    refreshing: Refreshes | None
    one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock)
    """The feed may be a million events: one reading of it is in memory at a time."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What events compare, of a credential that is proven; `kid` of any token."""

    sid: str = ""
    account: str = ""
    kid: str = ""
    sid_ms: int = -1
    issued_ms: int | None = None
    ends: Instant = Instant(0.0)


async def explain(witness: Witness, credential: str, *, source: str) -> Explanation:
    """Why `credential` is accepted or refused just now. Throttled by where the question comes from."""
    parts = witness.parts
    if source:  # who has no address, as the command line, is nobody from outside
        await parts.charge(parts.source_charges("explain", source, HOST, NETWORK), "explain", source=source)
    ruling = await _ruled(witness.authenticate(credential))
    looking = _Looking(witness, parts.clock.now())
    if "." in credential:
        facts = await looking.at_token(credential, ruling)
    else:
        facts = await looking.at_sealed(witness.open(credential), ruling)
    return explanation.explain(credential, ruling, facts)


async def _ruled(asked: Awaitable[object]) -> Ruling:
    """What a check comes to."""
    try:
        await asked
    except Denied as denied:
        return Ruling(False, denied.code, denied.reason)
    except Unavailable as away:
        return Ruling(False, away.code, away.reason, unavailable=True)
    return Ruling(True)


class _Looking:
    """Looks one credential's circumstances up. What the store does not answer stays out, and is named."""

    def __init__(self, witness: Witness, now: Instant) -> None:
        self._witness, self._store, self._now = witness, witness.parts.store, now
        self._filter = witness.parts.filter
        self._away = ""

    async def at_token(self, token: str, ruling: Ruling) -> Facts:
        subject = _subject_of(explanation.named(token, ruling), self._witness.policy().leeway)
        ring = await self._had(self._store.ring())
        keys = () if ring is None else ring.keys
        row = await self._row(subject.sid)
        events = await self._events(subject, ruling, unloaded=self._is_unloaded(keys, subject.kid))
        return self._facts(subject, keys=keys, row=row, events=events)

    async def at_sealed(self, presented: Presented | None, ruling: Ruling) -> Facts:
        if presented is None:
            return self._facts(_Subject())
        row = await self._row(presented.sid)
        account = "" if row is None else row.account
        subject = _Subject(presented.sid, account, "", ids.created_ms(presented.sid))
        events = await self._events(subject, ruling, unloaded=False)
        prospect = await self._prospect(presented, row)
        return self._facts(subject, row=row, events=events, presented=presented, prospect=prospect)

    def _facts(
        self,
        subject: _Subject,
        *,
        keys: tuple[StoredKey, ...] = (),
        row: Session | None = None,
        events: tuple[Revocation, ...] = (),
        presented: Presented | None = None,
        prospect: Prospect | None = None,
    ) -> Facts:
        witness = self._witness
        return Facts(
            now=self._now,
            policy=witness.policy(),
            accepted=witness.accepted,
            loaded=frozenset(witness.loaded()),
            keys=keys,
            events=events,
            row=row,
            presented=presented,
            prospect=prospect,
            view=self._view(subject),
            away=self._away,
        )

    def _view(self, subject: _Subject) -> View:
        known, settings = self._filter, self._witness.parts.settings
        mono = self._witness.parts.clock.monotonic()
        fresh = known.is_fresh(mono=mono, max_staleness=settings.max_staleness)
        doubted = known.has_forgotten(subject.ends) or known.doubts(
            sid=SessionID(subject.sid), account=AccountID(subject.account)
        )
        age = mono - known.fresh_at
        return View(fresh, age, settings.max_staleness, known.position, settles=fresh and not doubted)

    async def _row(self, sid: str) -> Session | None:
        return await self._had(self._store.session(SessionID(sid))) if sid else None

    async def _prospect(self, presented: Presented, row: Session | None) -> Prospect | None:
        refreshing = self._witness.refreshing
        if refreshing is None:
            return None
        account = None if row is None else await self._had(self._store.account(row.account))
        return Prospect(await _ruled(refreshing.foresee(presented, now=self._now)), account)

    def _is_unloaded(self, keys: tuple[StoredKey, ...], kid: str) -> bool:
        return kid not in self._witness.loaded() and any(key.kid == kid for key in keys)

    async def _events(self, subject: _Subject, ruling: Ruling, *, unloaded: bool) -> tuple[Revocation, ...]:
        """The events that cover it. The feed is read only where this process's memory of it, or what was
        ruled, says that there is one to be found, or cannot say."""
        known = self._filter
        covered = subject.sid and (_covers(known, subject) or not self._view(subject).settles)
        if not (covered or unloaded or ruling.reason in ("session_gone", "token_stale")):
            return ()
        async with self._witness.one_by_one:
            page = await self._had(self._store.read_feed(0, now=self._now))
            if page is None:
                return ()
            subjects = {subject.sid, subject.account, subject.kid} - {""}
            named = [e for e in page.revocations if e.subject in subjects or e.kind is Kind.ISSUER]
        return tuple(event for event in named if _covers(_alone(event), subject))

    async def _had(self, asked: Awaitable[_T]) -> _T | None:
        try:
            return await asked
        except Unavailable as away:
            self._away = away.reason
            return None


def _covers(known: Filter, subject: _Subject) -> bool:
    """Whether an event of this filter ends what is proven, or the key that is named."""
    sid, account = SessionID(subject.sid), AccountID(subject.account)
    ms = subject.sid_ms if subject.sid else 1 << 62
    kind = known.covering(sid=sid, account=account, sid_ms=ms, kid=subject.kid or None)
    if kind is not None or subject.issued_ms is None:
        return kind is not None
    return known.has_stale_claims(account=account, issued_ms=subject.issued_ms)


def _alone(event: Revocation) -> Filter:
    alone = Filter()
    alone.add(event)
    return alone


def _subject_of(named: explanation.Named, leeway: float) -> _Subject:
    made = [_made_ms(text) for text in (named.sid, named.jti)]
    if made[0] is None:
        return _Subject(kid=named.kid)
    return _Subject(named.sid, named.account, named.kid, made[0], made[1], Instant(named.expires + leeway))


def _made_ms(text: str) -> int | None:
    try:
        return ids.created_ms(ids.parse(text))
    except ValueError:
        return None
