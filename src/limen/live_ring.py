"""The key ring of a running Limen: loaded from the store and moved by the rules of `keys`."""

from __future__ import annotations

import logging
from collections.abc import Callable

from limen import keys
from limen.clock import Clock, Instant, Seconds
from limen.errors import Rejected, Unavailable
from limen.jose import jwk
from limen.keys import KeyRing, KeyState, KeyWrap, RotationPolicy, StoredKey, StoredRing
from limen.revocations import Kind, Revocation
from limen.stores.base import Keys

_log = logging.getLogger("limen.keys")
_ATTEMPTS = 5


class LiveRing:
    """Holds the opened ring and tells `on_change` whenever it is another one."""

    def __init__(
        self,
        store: Keys,
        wrap: KeyWrap,
        policy: RotationPolicy,
        algorithm: jwk.Algorithm,
        clock: Clock,
        *,
        memory: Seconds,
        on_change: Callable[[KeyRing], None],
    ) -> None:
        self._store, self._wrap, self._policy = store, wrap, policy
        self._algorithm, self._clock, self._memory, self._on_change = algorithm, clock, memory, on_change
        self._opened: KeyRing | None = None
        self.live: tuple[StoredKey, ...] = ()
        """Those of the opened ring that are published."""

    @property
    def opened(self) -> KeyRing:
        if self._opened is None:
            raise RuntimeError("no key ring is loaded: start Limen first (`await auth.start()`)")
        return self._opened

    async def load(self) -> None:
        """Open the stored ring; found one where the store has none yet."""
        for _ in range(_ATTEMPTS):
            ring = await self._store.ring()
            if ring.keys:
                self._take(ring)
                return
            founders = keys.found(self._algorithm, self._wrap, now=self._clock.now())
            await self._store.replace_ring(founders, version=ring.version)
        raise _contended()

    async def rotate(self) -> KeyRing:
        """Let the next key sign, and publish the one after it. Rejected while the next one is too new."""
        return await self._change(
            lambda ring, now: keys.rotate(ring, self._fresh(now), self._policy, now=now)
        )

    async def retire(self, kid: str) -> KeyRing:
        """Publish a retiring key no longer. Rejected while its tokens may be alive."""
        return await self._change(lambda ring, now: keys.retire(ring, kid, self._policy, now=now))

    async def compromise(self, kid: str) -> KeyRing:
        """Accept nothing more that this key signed, now; its successor signs at once."""
        return await self._change(
            lambda ring, now: keys.compromise(ring, kid, self._fresh(now), now=now), compromised=kid
        )

    async def renew(self) -> None:
        """Accept nothing that any key of this moment signed: in a ring that was restored some may have been
        compromised since."""
        for key in (await self._store.ring()).in_state(*keys.LIVE):
            await self.compromise(key.kid)

    async def tend(self) -> list[tuple[str, str]]:
        """Retire what is due, seal anew what an earlier secret sealed, and rotate where the rhythm says so;
        each event with the id of its key.

        Both are asked of the stored ring and of now: the opened ring may be as old as the process.
        """
        now, told = self._clock.now(), []
        ring = await self._store.ring()
        due = keys.retire_due(ring, self._policy, now=now)
        if due is not None and await self._store.replace_ring(due, version=ring.version):
            await self.load()
            gone = {key.kid for key in ring.in_state(KeyState.RETIRED)}
            retired = StoredRing(due, ring.version).in_state(KeyState.RETIRED)
            told += [("key_retired", key.kid) for key in retired if key.kid not in gone]
        elif (resealed := keys.resealed(ring, self._wrap)) is not None:
            await self._store.replace_ring(resealed, version=ring.version)
        if keys.rotation_due(ring, self._policy, now=now):
            try:
                told.append(("key_rotated", (await self.rotate()).active.kid))
            except Rejected as early:
                _log.info("key rotation is due and waits: %s", early.message)
        return told

    async def _change(
        self,
        rule: Callable[[StoredRing, Instant], tuple[StoredKey, ...]],
        *,
        compromised: str | None = None,
    ) -> KeyRing:
        """Apply a rule to the ring as stored, again from the start if another process was faster."""
        for _ in range(_ATTEMPTS):
            ring, now = await self._store.ring(), self._clock.now()
            event = None if compromised is None else self._event(compromised, now)
            if await self._store.replace_ring(rule(ring, now), version=ring.version, revocation=event):
                await self.load()
                return self.opened
        raise _contended()

    def _take(self, ring: StoredRing) -> None:
        keys.check_company(ring, self._algorithm)
        if self._opened is not None and self._opened.version == ring.version:
            return
        self._opened = keys.open_ring(ring, self._wrap, self._policy, now=self._clock.now())
        self.live = ring.in_state(*keys.LIVE)
        self._on_change(self._opened)

    def _fresh(self, now: Instant) -> StoredKey:
        return keys.stored(jwk.generate(self._algorithm), self._wrap, KeyState.NEXT, now=now)

    def _event(self, kid: str, now: Instant) -> Revocation:
        return Revocation(Kind.KEY, kid, now, Instant(now + self._memory), now, "compromised")


def _contended() -> Unavailable:
    return Unavailable("the key ring is being changed by others", code="key_ring_contended")
