"""Verifier: who is asking, for services that only check. It follows the issuer and has no database."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from limen.barrier import Barrier
from limen.clock import Clock, Instant, Seconds, SystemClock
from limen.counts import Counts, Figures
from limen.errors import Denied, LimenError, Misconfigured, Unavailable
from limen.figures import figures_of
from limen.insecure import AcceptStale
from limen.jose.jwt import Claims
from limen.pulse import Pulse
from limen.requirement import Requiring
from limen.revocations import Filter
from limen.sessions import StrategyName
from limen.settings import Settings, Transport, load
from limen.strategies.base import Guarantees, Identity, Verified
from limen.strategies.covered import followed, is_settled, refuse_covered
from limen.strategies.jwt import token_identity
from limen.strategies.recall import Recall
from limen.transport import CookieNames, origins_of
from limen.verifier.asking import Asking, OnOutage
from limen.verifier.following import RHYTHM, Following, RemoteFollower
from limen.verifier.issuer import Issuer, check_address
from limen.verifier.known_keys import GOOD_FOR, KnownKeys, etag_of
from limen.vigil import Vigil

if TYPE_CHECKING:
    import httpx2

_log = logging.getLogger("limen.verifier")
_MAINTENANCE: Seconds = 60.0
_AGAIN: Seconds = 2.0
_START: Seconds = 5.0
_MAX_AGE = re.compile(r"max-age=([0-9]{1,9})")
_PATIENCE_MAX: Seconds = 2.0


class Verifier(Requiring):
    """Checks access tokens of one issuer. Make it, start it (or hand it to `install`), and ask it.

    `Verifier("https://issuer.example", audience="https://api.example", client_id="api", client_secret=…)`.

    With a client of the issuer it accepts the hybrid's tokens and follows the feed; without one only those of
    the strategy `jwt`, which live until they expire. `feed` is the issuer's `session_store`, where it can be
    read. `prefix` is `/auth` where an application embeds the issuer; `at` is where to reach it if that is not
    its name. One instance belongs to one event loop.
    """

    def __init__(
        self,
        issuer: str,
        *,
        audience: str = "",
        client_id: str | None = None,
        client_secret: str | None = None,
        max_staleness: Seconds = 5.0,
        on_outage: OnOutage | str | AcceptStale = OnOutage.ASK,
        leeway: Seconds = 5.0,
        feed: str = "",
        prefix: str = "",
        at: str | None = None,
        stream: bool = True,
        transports: Sequence[str] = ("bearer",),
        origins: Sequence[str] = (),
        cache_size: int = 10_000,
        tls: ssl.SSLContext | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        # The checks of Limen's own settings are those of ours.
        s = self._settings = load(
            {
                "issuer": issuer,
                "audience": audience,
                "max_staleness": max_staleness,
                "leeway": leeway,
                "transports": tuple(transports),
                "origins": tuple(origins),
                "cache_size": cache_size,
            },
            base=Settings(database="memory://"),
        ).settings
        client = _client(client_id, client_secret)
        self.strategy = StrategyName.HYBRID if client or feed else StrategyName.JWT
        self.clock: Clock = clock or SystemClock()
        self.counts = Counts(self.clock.monotonic)
        self.filter = Filter()
        self.filter.reading.append(Pulse(self.clock.now, self.counts).take)
        accepts_older = on_outage.at_most if isinstance(on_outage, AcceptStale) else 0.0
        self._more = accepts_older
        patience = min(_PATIENCE_MAX, max(s.max_staleness * RHYTHM, 0.05))
        self._issuer = Issuer(
            s.issuer,
            check_address(at or s.issuer, "the address of the issuer"),
            prefix=prefix.rstrip("/"),
            client=client,
            patience=patience,
            tls=tls,
            transport=transport,
        )
        self._recall = Recall(self.filter, self.clock, size=s.cache_size, max_staleness=s.max_staleness)
        self._keys = KnownKeys(
            self._read_keys,
            self.clock,
            issuer=s.issuer,
            audience=s.audience or s.issuer,
            leeway=s.leeway,
            on_change=self._recall.forget,
        )
        self._follower = self._following(feed)
        self._keys_by_feed = self.strategy is StrategyName.HYBRID and not feed
        self._barrier = Barrier(self._follower.catch_up)
        self._asking = Asking(self._issuer, self.clock, on_outage)
        if feed and client is None and self._asking.asks and not self._more:
            raise Misconfigured(
                "asking the issuer takes a client: give client_id, or set on_outage to refuse"
            )
        self._vigil = Vigil(self.filter, self.clock, max_staleness=s.max_staleness, leeway=s.leeway)
        self._stream, self._max_age = stream, 300.0
        self.recall = self._recall.recall
        self.recall_raw = self._recall.recall_raw
        self.cookie_names = CookieNames.of(s)
        self.transports = frozenset(Transport(name) for name in s.transports)
        self.origins = origins_of(s)
        self._tasks: list[asyncio.Task[None]] = []
        self._promise()

    # -- its own life ------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Read keys and feed, and keep following. Twice is once.

        An issuer that cannot be reached yet is waited for, and until then nobody is let in. Misconfigured
        where it says that it does not know this client.
        """
        if self._tasks:
            return
        try:
            async with asyncio.timeout(_START):
                await self.catch_up()
        except (Unavailable, TimeoutError) as error:
            _log.warning(
                "the issuer is not there yet, so nobody is let in: %s", getattr(error, "reason", "slow")
            )
        running = [self._keep_house()]
        if self.strategy is StrategyName.HYBRID:
            running.append(self._follower.run())
        if self._keys_by_feed:
            running += [self._follower.hasten()] if self._stream else []
        else:
            running.append(self._keep_keys())
        self._tasks = [asyncio.create_task(one, name="limen verifier") for one in running]

    async def close(self) -> None:
        """Stop following."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._follower.close()
        await self._issuer.close()
        self._asking.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def catch_up(self) -> None:
        """Take in all that the issuer acknowledged before this call; Unavailable if it cannot be asked."""
        if self.strategy is StrategyName.HYBRID:
            await self._barrier.reach()
        else:
            await self._read_keys()

    @property
    def max_staleness(self) -> Seconds:
        """How old a view may be: as configured, or as the issuer promises if that is less."""
        return self._follower.max_staleness + self._more

    @property
    def guarantees(self) -> Guarantees:
        """What is promised of the tokens that are accepted here. A read is a question to the issuer."""
        if self.strategy is StrategyName.JWT:
            return Guarantees(0, 0, 0, revocation_lag=86_400 + self._settings.leeway, refreshes=False)
        asks = 1 if self._asking.asks else 0
        return Guarantees(0, 0, asks, revocation_lag=self.max_staleness, refreshes=False)

    def is_fresh(self) -> bool:
        """Whether the view of the feed is young enough to be trusted."""
        mono = self.clock.monotonic()
        return self.filter.is_fresh(mono=mono, max_staleness=self._follower.max_staleness)

    def figures(self) -> Figures:
        """What this process is like now, for `limen.metrics`."""
        return figures_of(self.clock, self.max_staleness, self.strategy, self._recall, self.filter)

    # -- checking ----------------------------------------------------------------------------------------

    async def authenticate(self, credential: str, *, activity: bool = True) -> Identity:
        """The identity behind an access token; Denied if it has none, Unavailable where nobody can tell."""
        identity = self.recall(credential)
        if identity is not None:
            return identity
        with self.counts.check() as check:
            if "." not in credential:
                raise _not_accepted("not_a_token")
            now = self.clock.now()
            claims = await self._keys.claims(credential, now=now)
            check.strategy = self.strategy.value
            verified, settled, fresh = self._by_the_view(claims)
            if not settled:
                verified = await self._asking.ask(credential, verified, outage=not fresh, now=now)
            if now < verified.good_until:
                self._recall.remember(credential, verified)
            return verified.identity

    def check_now(self, credential: str) -> Identity | None:
        """What `authenticate` would say, from memory alone and from any thread; Denied where it would deny.

        None where the issuer must be asked: then await `authenticate` on the loop that this was started on.
        """
        return self._recall.recall_or(self._verify_now, credential)

    def alive(self, identity: Identity) -> AbstractAsyncContextManager[None]:
        """`async with verifier.alive(identity): …` for what goes on after the request; see `Limen.alive`."""
        return self._vigil.keep(identity, follows_feed=identity.strategy is not StrategyName.JWT)

    @property
    def cookie(self) -> str:
        """The cookie that carries an access token."""
        return self.cookie_names.token

    def _verify_now(self, credential: str, now: Instant) -> Verified | None:
        with self.counts.check() as check:
            if "." not in credential:
                raise _not_accepted("not_a_token")
            claims = self._keys.claims_now(credential, now=now)
            check.strategy, check.made = self.strategy.value, claims is not None
            if claims is None:
                return None
            verified, check.made, _ = self._by_the_view(claims)
            return verified if check.made else None

    def _by_the_view(self, claims: Claims) -> tuple[Verified, bool, bool]:
        """What the token says, whether our view is the whole answer, and whether it is fresh; Denied if
        covered. How fresh is asked first, as in strategies/hybrid."""
        if claims.strategy != self.strategy.value:
            raise _not_accepted("strategy_not_accepted")
        leeway = self._settings.leeway
        if self.strategy is StrategyName.JWT:
            good_until = Instant(claims.exp + leeway)
            return Verified(token_identity(claims, self.strategy), good_until, follows_feed=False), True, True
        fresh = self.filter.is_fresh(mono=self.clock.monotonic(), max_staleness=self.max_staleness)
        verified = followed(claims, self.strategy, self.filter, leeway=leeway)
        refuse_covered(verified, self.filter)
        return verified, fresh and is_settled(verified, self.filter), fresh

    # -- following ---------------------------------------------------------------------------------------

    def _promise(self) -> None:
        self._recall.trust(self.max_staleness)
        self._vigil.max_staleness = self.max_staleness

    def _following(self, feed: str) -> Following:
        parts = (self._keys, self.filter, self.clock, self._settings.max_staleness)
        if not feed:
            return RemoteFollower(self._issuer, *parts, self._promise)
        from limen.verifier.beside import StoreFollower  # only who uses it needs its driver

        return StoreFollower(feed, *parts, self._fetch_keys)

    async def _read_keys(self) -> None:
        """From the feed over HTTP where there is one: that is no cache's copy."""
        await (self._barrier.reach() if self._keys_by_feed else self._fetch_keys())

    async def _fetch_keys(self) -> None:
        body, caching = await self._issuer.keys()
        self._keys.take(body, etag=etag_of(body))
        found = _MAX_AGE.search(caching)
        self._max_age = min(max(float(found[1]), 10.0), GOOD_FOR / 2) if found else 300.0

    async def _keep_keys(self) -> None:
        while True:
            await asyncio.sleep(self._max_age if self._keys.kids else _AGAIN)
            try:
                await self._read_keys()
            except LimenError as error:
                _log.warning("the issuer's keys were not read: %s", error.reason)
            except Exception:  # noqa: BLE001 - the next round must come whatever this one met
                _log.exception("reading the issuer's keys failed")

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_MAINTENANCE)
            for _ in self.filter.pruning(now=self.clock.now()):
                await asyncio.sleep(0)


def _not_accepted(reason: str) -> Denied:
    return Denied("this credential is not accepted here", code="credential_invalid", reason=reason)


def _client(client_id: str | None, secret: str | None) -> tuple[str, str] | None:
    if not client_id and not secret:
        return None
    if not client_id or not secret:
        raise Misconfigured("client_id and client_secret come together: `limen key client` prints the secret")
    return client_id, secret
