"""Publishing status lists: where a session is listed, and the list as it is at this moment."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from limen.clock import Clock, Mono
from limen.errors import Unavailable
from limen.ids import Entropy, SessionID
from limen.jose.jwt import Status, StatusReference
from limen.keys import KeyRing
from limen.revocations import Filter
from limen.secret import Secret
from limen.sessions import LEEWAY_MAX
from limen.settings import Settings
from limen.status_list import token
from limen.status_list.ledger import Ledger
from limen.status_list.places import ENTRIES, Handout, Places

_KEPT = 256
"""Signed lists in memory, at most 22 kB each."""


@dataclass(frozen=True, slots=True)
class Published:
    """A signed list; `keep`: seconds for which caches may have it."""

    text: str = field(repr=False)
    keep: int
    etag: str
    made: Mono
    kid: str


class StatusLists:
    """Made of the feed alone: no store has a row for it.

    Several secrets: the first places what is new, and each reads what it once placed.
    """

    def __init__(
        self,
        settings: Settings,
        secrets: Sequence[Secret],
        known: Filter,
        clock: Clock,
        entropy: Entropy,
        *,
        ring: Callable[[], KeyRing],
        catch_up: Callable[[], Awaitable[None]],
    ) -> None:
        self._ledgers = [Ledger(Places(secret)) for secret in secrets]
        self._known, self._clock, self._ring, self._catch_up = known, clock, ring, catch_up
        self._issuer, self._bound = settings.issuer, settings.status_list
        self._address = f"{settings.issuer.rstrip('/')}{settings.prefix}/status-list"
        self._published: dict[str, Published] = {}
        self.chance: Entropy = Handout(self._ledgers[0].places, entropy, os.getpid)
        """What the ids of new sessions are made of."""
        for ledger in self._ledgers:
            known.hearing.append(ledger.hear)

    def status(self, sid: SessionID) -> Status:
        """The claim `status` of a token of this session.

        The address says which issuer-wide cut was known: the next one revokes all that lists of before have.
        """
        places = self._ledgers[0].places
        place = places.of(sid)
        uri = self._uri(places.name(place.of, self._known.issuer_ms))
        return Status(status_list=StatusReference(idx=place.number, uri=uri))

    async def published(self, name: str) -> Published | None:
        """The list of this name with all that was acknowledged a moment ago; None where there is none.

        Unavailable where the feed cannot be read: a list that lacks revocations is not signed.
        """
        found = self._parsed(name)
        if found is None:
            return None
        ledger, list_, cut_ms = found
        mono = self._clock.monotonic()
        held = self._published.get(name)
        if held is not None and mono - held.made < held.keep and held.kid == self._ring().active.kid:
            return held
        await self._catch_up()
        now = self._clock.now()
        ledger.prune(now)
        if self._known.forgotten > now + LEEWAY_MAX:
            # A clock was ahead and has been put right: what was forgotten by it is needed again.
            raise Unavailable("the status of sessions cannot be told just now", reason="status_forgotten")
        bits = ledger.bits(list_) if self._known.issuer_ms <= cut_ms else b"\xff" * (ENTRIES // 8)
        key = self._ring().active
        text, keep = token.issue(
            bits, key, issuer=self._issuer, uri=self._uri(name), bound=self._bound, now=now
        )
        etag = f'"{sha256(text.encode()).hexdigest()[:32]}"'
        return self._keep(name, Published(text, keep, etag, mono, key.kid))

    def _parsed(self, name: str) -> tuple[Ledger, int, int] | None:
        for ledger in self._ledgers:
            found = ledger.places.parse(name)
            if found is not None:
                return ledger, *found
        return None

    def _keep(self, name: str, published: Published) -> Published:
        self._published.pop(name, None)
        self._published[name] = published
        while len(self._published) > _KEPT:
            del self._published[next(iter(self._published))]
        return published

    def _uri(self, name: str) -> str:
        return f"{self._address}/{name}"
