"""The issuer's public keys as a verifier holds them: a good set is never given up for a bad one."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from limen.clock import Clock, Instant, Mono, Seconds
from limen.errors import Denied, Misconfigured, Unavailable
from limen.jose import jwk, jws, jwt

COOL_DOWN: Seconds = 30.0
"""At most one look for an unknown key in so long, however many tokens name one."""
GOOD_FOR: Seconds = 3_600.0
"""A set that could not be confirmed for so long is not used any more."""
_UNKNOWN_FOR: Seconds = 300.0
_UNKNOWN_MOST = 1_024
_log = logging.getLogger("limen.verifier")


class KnownKeys:
    """Verifies tokens with the last good set.

    `read` asks the issuer for its keys and hands them to `take`. `on_change` is told when they are others.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[None]],
        clock: Clock,
        *,
        issuer: str,
        audience: str,
        leeway: Seconds,
        on_change: Callable[[], None],
    ) -> None:
        self._read, self._clock, self._on_change = read, clock, on_change
        self._issuer, self._audience, self._leeway = issuer, audience, leeway
        self._keys: Mapping[str, jwk.VerifyKey] = {}
        self._verifier: jwt.TokenVerifier | None = None
        self.etag = ""
        self._confirmed = Mono(float("-inf"))
        self._looked = Mono(float("-inf"))
        self._looking: asyncio.Future[None] | None = None
        self._unknown: dict[str, Mono] = {}
        self._dropped: set[str] = set()

    @property
    def kids(self) -> frozenset[str]:
        return frozenset(self._keys)

    async def claims(self, token: str, *, now: Instant) -> jwt.Claims:
        """Verified claims, or Denied; Unavailable where there are no keys, or none confirmed for an hour.

        An unknown `kid` is worth one question to the issuer, and nothing more for a while.
        """
        if self._clock.monotonic() - self._confirmed > GOOD_FOR:
            await self._look()
        try:
            return self._verify(token, now)
        except Denied as denied:
            if denied.reason != "kid_unknown":
                raise
            kid = jws.read_header(token.partition(".")[0].encode()).kid or ""
            if not await self._may_have_come(kid):
                raise
        return self._verify(token, now)

    def claims_now(self, token: str, *, now: Instant) -> jwt.Claims | None:
        """The same from any thread, without a question; None where one may be worth it."""
        try:
            return self._verify(token, now)
        except Unavailable:
            return None
        except Denied as denied:
            if denied.reason == "kid_unknown":
                return None
            raise

    def take(self, jwks: bytes | Mapping[str, Any], *, etag: str) -> None:
        """Use this set from now on; Unavailable if it is none, and then the old one stays."""
        if etag == self.etag:
            self.confirm()
            return
        try:
            found = jwk.key_set(jwks)
        except Misconfigured as error:
            raise Unavailable("the issuer's keys cannot be used", reason=f"keys_{error.reason}") from error
        keys = {kid: key for kid, key in found.items() if kid not in self._dropped}
        if not keys:
            raise Unavailable("the issuer's keys cannot be used", reason="keys_none")
        if self._keys and not keys.keys() & self._keys.keys():
            _log.critical("every key of the issuer is another one: was its database replaced?")
        self._use(keys)
        self.etag = etag
        self.confirm()

    def confirm(self) -> None:
        """The issuer says that the set is still this one."""
        self._confirmed = self._clock.monotonic()

    def drop(self, kid: str) -> None:
        """Accept nothing more of this key, whatever set still has it: somebody may keep an old one."""
        self._dropped.add(kid)
        if kid in self._keys:
            self.etag = ""
            self._use({name: key for name, key in self._keys.items() if name != kid})

    def _use(self, keys: Mapping[str, jwk.VerifyKey]) -> None:
        verifier = None
        if keys:
            policy = jwt.TokenPolicy(
                issuer=self._issuer,
                audience=self._audience,
                algorithms=frozenset(key.alg for key in keys.values()),
                leeway=self._leeway,
            )
            verifier = jwt.TokenVerifier(policy, keys)
        self._keys, self._verifier = keys, verifier
        self._unknown.clear()
        self._on_change()

    def _verify(self, token: str, now: Instant) -> jwt.Claims:
        confirmed, verifier = (
            self._confirmed,
            self._verifier,
        )  # in this order: no set is younger than its word
        if verifier is None or self._clock.monotonic() - confirmed > GOOD_FOR:
            raise Unavailable("the issuer's keys are not known just now", reason="keys_unknown")
        return verifier.verify(token, now=now)

    async def _may_have_come(self, kid: str) -> bool:
        mono = self._clock.monotonic()
        if self._unknown.get(kid, mono) > mono:
            return False
        looked = await self._look()
        if kid in self._keys:
            return True
        if looked:
            if len(self._unknown) >= _UNKNOWN_MOST:
                self._unknown.clear()
            self._unknown[kid] = Mono(mono + _UNKNOWN_FOR)
        return False

    async def _look(self) -> bool:
        """Whether the keys were read just now, by whoever asked first; not twice in a cool-down."""
        mono = self._clock.monotonic()
        if self._looking is None:
            if mono - self._looked < COOL_DOWN:
                return False
            self._looked = mono
            self._looking = asyncio.ensure_future(self._read())
            self._looking.add_done_callback(self._settle)
        looking = self._looking
        await asyncio.wait({looking})
        return not looking.cancelled() and looking.exception() is None

    def _settle(self, looking: asyncio.Future[None]) -> None:
        self._looking = None
        if not looking.cancelled() and (error := looking.exception()) is not None:
            _log.warning("the issuer's keys were not read: %s", getattr(error, "reason", error))


def etag_of(jwks: bytes) -> str:
    """The tag that the issuer gives these bytes."""
    return f'"{hashlib.sha256(jwks).hexdigest()[:32]}"'
