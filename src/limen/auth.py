"""Limen: the one object that an application holds.

It puts the parts together, starts and stops them, and asks the clock. What a person does is in `flows/`, how
a request is authenticated in `strategies/`; here is only who calls whom.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from limen.accounts import Account, shown
from limen.audit import SYSTEM, Actor
from limen.audit_log import AuditLog
from limen.barrier import Barrier
from limen.canary import Canary
from limen.clock import Clock, Instant, Seconds, SystemClock
from limen.counts import Counts, Figures
from limen.devices import DeviceSealer
from limen.errors import Denied, Misconfigured, Unavailable
from limen.factors import HalfSealer
from limen.feed import Follower
from limen.figures import figures_of
from limen.flows import operate
from limen.flows.change_password import change_password
from limen.flows.factors import Factor, checked, prove_factor
from limen.flows.issue import SignedIn
from limen.flows.parts import Parts
from limen.flows.refresh import refresh
from limen.flows.register import register, words_of_the_service
from limen.flows.sign_in import sign_in
from limen.flows.sign_out import end_other_sessions, end_session, sign_out, sign_out_everywhere
from limen.flows.step_up import step_up
from limen.hashing import pool_of
from limen.ids import Entropy
from limen.jose.jwk import Algorithm
from limen.keys import KeyRing, KeyWrap, RotationPolicy
from limen.letters import LetterSealer
from limen.live_ring import LiveRing
from limen.mail import open_post
from limen.operating import Operating
from limen.passwords import Argon2id, Bcrypt, Hasher, PasswordPolicy, Scheme
from limen.pulse import Pulse
from limen.requirement import Requiring
from limen.revocations import Filter
from limen.rounds import every, sweep
from limen.secret import Secret
from limen.sessions import Lifetimes, Presented, Sealer, Session, StrategyName
from limen.set_up import SetUpSealer
from limen.settings import Settings, Transport, load, require_secret
from limen.status_lists import StatusLists
from limen.stores import open_store
from limen.stores.base import Store
from limen.strategies.base import Grant, Guarantees, Identity, Revoked, Strategy, Verified, accepted
from limen.strategies.hybrid import HybridStrategy
from limen.strategies.jwt import JWTStrategy
from limen.strategies.opening import Opener
from limen.strategies.recall import Recall
from limen.strategies.session import SessionStrategy
from limen.strategies.tokens import AccessTokens, Prover
from limen.tickets import TicketSealer
from limen.transport import CookieNames, origins_of
from limen.vigil import Vigil
from limen.watched_store import watched

if TYPE_CHECKING:  # what few processes ask for is brought in when it is asked for: the import stays light
    from limen.administration import Administration
    from limen.adoption import Adoption
    from limen.explanation import Explanation
    from limen.flows.explain import Witness
    from limen.recovery import Recovery

_log = logging.getLogger("limen")
_MAINTENANCE: Seconds = 60.0


class Limen(Operating, Requiring):
    """Sessions, JWT or the hybrid over one store. Make it, start it (or hand it to `install`), and ask it.
    `options` are fields of `Settings`: `Limen("sqlite:///app.db", strategy="hybrid")`.

    Misconfigured if anything does not fit together. One instance belongs to one event loop.
    """

    def __init__(
        self,
        database: str | None = None,
        *,
        settings: Settings | None = None,
        clock: Clock | None = None,
        entropy: Entropy = secrets.token_bytes,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        store: Store | None = None,
        scheme: Scheme | None = None,
        factors: Iterable[Factor] = (),
        **options: Any,
    ) -> None:
        if database is not None:
            options["database"] = database
        loaded = load(options, base=settings)
        self.settings = s = loaded.settings
        self.sources: Mapping[str, str] = loaded.sources
        """Where each setting came from."""
        secret = require_secret(s)
        self.clock: Clock = clock or SystemClock()
        self._entropy = entropy
        self.store: Store = store or open_store(s.database, s.session_store)
        self.counts = Counts(self.clock.monotonic)
        """What this process has counted: `limen.metrics` reads it."""
        self._kept = watched(self.store, self.counts)
        self._audit = AuditLog(self._kept, self.clock, entropy, keep=s.audit_keep > 0)
        self.counts.events = self._audit.counted
        self.filter = Filter()
        self._pulse = Pulse(self.clock.now, self.counts)
        self.filter.reading.append(self._pulse.take)
        self.lifetimes = Lifetimes(
            idle=s.idle_lifetime,
            absolute=s.absolute_lifetime,
            access=s.access_lifetime,
            refresh_grace=s.refresh_grace,
        )
        self._sealer = Sealer(secret)
        self._client_keys = secret.derive_all("client secret")
        self._tokens = AccessTokens(
            issuer=s.issuer,
            audience=s.audience or s.issuer,
            client_id=s.client_id,
            lifetime=s.access_lifetime,
            leeway=s.leeway,
            entropy=entropy,
        )
        self._prover = Prover(self._tokens, self._sealer)
        self._recall = Recall(self.filter, self.clock, size=s.cache_size, max_staleness=s.max_staleness)
        self.recall: Callable[[str], Identity | None] = self._recall.recall
        """The synchronous hot path: the identity behind a credential that was seen before, all checks made.
        None says nothing: ask `authenticate`."""
        self.recall_raw = self._recall.recall_raw
        self.status_lists = self._listed(secret)
        self._strategies = self._accepted()
        self._strategy = self._strategies[StrategyName(s.strategy)]
        self._ring = self._live_ring(KeyWrap(secret))
        self._follower = Follower(
            self._kept, self.filter, self.clock, max_staleness=s.max_staleness, on_ring=self._ring.load
        )
        letters = LetterSealer(secret)
        self._postman = open_post(s, self._kept, letters, self.clock, self.counts)
        self._parts = Parts(
            settings=s,
            store=self._kept,
            counts=self.counts,
            audit=self._audit,
            strategy=self._strategy,
            filter=self.filter,
            lifetimes=self.lifetimes,
            hasher=Hasher(scheme or scheme_of(s)),
            pool=pool_of(s, self.clock, self.counts.span),
            policy=PasswordPolicy(min_length=s.password_min_length, context=words_of_the_service(s)),
            devices=DeviceSealer(secret),
            halves=HalfSealer(secret),
            tickets=TicketSealer(secret),
            letters=letters,
            posted=self._postman.ring if self._postman is not None else _nobody,
            factors=checked(factors),
            throttle_key=secret.derive("throttle"),
            clock=self.clock,
            sleep=sleep,
            entropy=entropy,
        )
        self.cookie_names = CookieNames.of(s)
        self.transports = frozenset(Transport(t) for t in s.transports)
        self.origins = origins_of(s)
        self._tasks: list[asyncio.Task[None]] = []
        self._barrier = Barrier(self._follower.catch_up)
        self._vigil = Vigil(self.filter, self.clock, max_staleness=s.max_staleness, leeway=s.leeway)

    @classmethod
    def from_env(cls, **options: Any) -> Limen:
        """From `limen.toml` in the working directory and `LIMEN_*`; keyword arguments yield to both."""
        loaded = load(options, environment=True)
        made = cls(settings=loaded.settings)
        made.sources = loaded.sources
        return made

    # -- its own life ------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the store, load the ring, read the feed, and keep following. Twice is once."""
        if self._tasks:
            return
        self._parts.pool.open()
        await self.store.start()
        try:
            await self._ring.load()
            await self._follower.catch_up()
        except BaseException:  # whoever could not start has nothing to close
            await self.store.close()
            raise
        self._tasks = [
            asyncio.create_task(self._follower.run(), name="limen feed"),
            asyncio.create_task(every(_MAINTENANCE, self.maintain, "maintenance"), name="limen maintenance"),
        ]
        if self.settings.canary:
            rounds = every(self.settings.canary, self.canary.round, "the canary's round")
            self._tasks.append(asyncio.create_task(rounds, name="limen canary"))
        if self._postman is not None:
            self._postman.start()

    async def close(self) -> None:
        """Stop following, finish what is being hashed and written, and let go of the store."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._postman is not None:
            await self._postman.close()
        await self._parts.pool.close()
        await self._audit.close()
        await self.store.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def guarantees(self) -> Guarantees:
        """What the issuing strategy promises."""
        return self._strategy.guarantees

    @property
    def ring(self) -> KeyRing:
        """The signing keys as loaded."""
        return self._ring.opened

    def figures(self) -> Figures:
        """What this process is like now."""
        parts = (self._recall, self.filter, self._parts.pool, self._ring.live)
        return figures_of(self.clock, self.settings.max_staleness, self._strategy.name, *parts)

    def is_fresh(self) -> bool:
        """Whether this process's view of the feed is young enough to be trusted."""
        mono = self.clock.monotonic()
        return self.filter.is_fresh(mono=mono, max_staleness=self.settings.max_staleness)

    async def catch_up(self) -> None:
        """Take in every revocation that was acknowledged before this call, by whichever process.

        Callers who come at once share one read of the store.
        """
        await self._barrier.reach()

    async def maintain(self) -> None:
        """One round of what runs every minute: sweep, forget, retire and rotate keys."""
        now = self.clock.now()
        await sweep(self._kept, now=now, audit_keep=self.settings.audit_keep)
        for _ in self.filter.pruning(now=now):
            await asyncio.sleep(0)
        for event, kid in await self._ring.tend():
            self._audit.note(event, actor=SYSTEM, detail=kid)
        if self._postman is not None:
            self.counts.waiting = await self._kept.letters_waiting()
            if (
                not self.counts.waiting
            ):  # another process delivered what this one could not, or it was given up
                self.counts.oldest = None

    # -- checking ----------------------------------------------------------------------------------------

    async def authenticate(self, credential: str, *, activity: bool = True) -> Identity:
        """The identity behind a credential; Denied if it has none, Unavailable where nobody can tell.

        `activity=False` proves the identity without keeping a session awake.
        """
        identity = self.recall(credential)
        if identity is not None:
            return identity
        with self.counts.check() as check:
            if not self.is_fresh():
                with suppress(Unavailable):  # then each strategy asks the store by itself
                    await self.catch_up()  # who slept, or whom nothing wakes, has an old key ring too
            now = self.clock.now()
            name, proof = self._prover.prove(credential, now=now)
            check.strategy, strategy = name.value, accepted(self._strategies, name)
            verified = await strategy.admit(proof, now=now, mono=self.clock.monotonic(), activity=activity)
            if now < verified.good_until:
                self._recall.remember(credential, verified)
            return verified.identity

    def check_now(self, credential: str) -> Identity | None:
        """What `authenticate` would say, from memory alone and from any thread; Denied where it would deny.

        None where a store must be asked: then await `authenticate` on the loop that this was started on.
        """
        return self._recall.recall_or(self._verify_now, credential)

    def _verify_now(self, credential: str, now: Instant) -> Verified | None:
        if not self.is_fresh():
            return None
        with self.counts.check() as check:
            name, proof = self._prover.prove(credential, now=now)
            check.strategy, strategy = name.value, accepted(self._strategies, name)
            verified = strategy.admit_now(proof, now=now, mono=self.clock.monotonic())
            check.made = verified is not None
            return verified

    def alive(self, identity: Identity) -> AbstractAsyncContextManager[None]:
        """`async with auth.alive(identity): …` for what goes on after the request: a WebSocket, a stream.

        The body is cancelled when the session ends or the credential expires (then Denied is raised), or when
        nobody can tell any more (Unavailable). The `jwt` strategy promises no end before expiry.
        """
        follows = identity.strategy is not StrategyName.JWT
        return self._vigil.keep(identity, follows_feed=follows)

    @property
    def cookie(self) -> str:
        """The cookie that carries what a sign-in hands out."""
        names = self.cookie_names
        return names.sid if self._strategy.name is StrategyName.SESSION else names.token

    # -- what a person does ------------------------------------------------------------------------------

    @cached_property
    def recovery(self) -> Recovery:
        """What a person does with letters and links, and with their own account."""
        from limen.recovery import Recovery

        return Recovery(self._parts, self._strategies.values(), self._postman)

    async def register(self, email: str, password: str, *, source: str = "", language: str = "") -> None:
        """See flows/register."""
        await register(self._parts, email, password, source=source, language=language)

    async def sign_in(
        self,
        email: str,
        password: str,
        *,
        scopes: tuple[str, ...] | None = None,
        device: str | None = None,
        source: str = "",
        user_agent: str = "",
    ) -> SignedIn:
        """See flows/sign_in."""
        return await sign_in(
            self._parts, email, password, scopes=scopes, device=device, source=source, user_agent=user_agent
        )

    async def prove_factor(
        self,
        half: str,
        factor: str,
        answer: str,
        *,
        device: str | None = None,
        source: str = "",
        user_agent: str = "",
    ) -> SignedIn:
        """Go on with a sign-in that was `Unfinished`. See flows/factors."""
        return await prove_factor(
            self._parts, half, factor, answer, device=device, source=source, user_agent=user_agent
        )

    async def step_up(
        self, identity: Identity, password: str, *, source: str = "", user_agent: str = ""
    ) -> Grant:
        """See flows/step_up."""
        return await step_up(self._parts, identity, password, source=source, user_agent=user_agent)

    async def refresh(self, credential: str, *, source: str = "") -> Grant:
        """See flows/refresh."""
        return await refresh(self._parts, self._sealer, self._refreshing, credential, source=source)

    async def sign_out(self, identity: Identity, *, source: str = "") -> Revoked:
        """See flows/sign_out."""
        return await sign_out(self._parts, self._strategies[identity.strategy], identity, source=source)

    async def sign_out_everywhere(self, identity: Identity, *, source: str = "") -> Revoked:
        """See flows/sign_out."""
        by, why = Actor(identity.account, source), "sign_out_everywhere"
        return await sign_out_everywhere(
            self._parts, self._strategies.values(), identity.account, by=by, why=why
        )

    async def end_session(self, identity: Identity, sid: str, *, source: str = "") -> Revoked:
        """See flows/sign_out."""
        return await end_session(self._parts, self._strategies.values(), identity, sid, source=source)

    async def end_other_sessions(self, identity: Identity, *, source: str = "") -> Revoked:
        """See flows/sign_out."""
        return await end_other_sessions(self._parts, self._strategies.values(), identity, source=source)

    async def sessions(self, identity: Identity) -> list[Session]:
        """The live sessions of the caller's account, newest first. The `jwt` strategy keeps none."""
        return await self._kept.sessions_of(identity.account, now=self.clock.now())

    async def change_password(
        self, identity: Identity, current: str, fresh: str, *, source: str = "", user_agent: str = ""
    ) -> Grant:
        """See flows/change_password."""
        return await change_password(
            self._parts, identity, current, fresh, source=source, user_agent=user_agent
        )

    async def account(self, identity: Identity) -> Account | None:
        """The caller's account, its hash hidden; None if it was removed and the credential outlived it."""
        found = await self._kept.account(identity.account)
        return None if found is None else shown(found)

    # -- what another service does -----------------------------------------------------------------------

    def client_secret(self, client_id: str) -> str:
        """The secret of a client named in `clients`: derived, so that no table holds it."""
        return _client_secret(self._client_keys[0], client_id)

    def check_client(self, client_id: str, secret: str, *, source: str = "") -> bool:
        """Whether this is a configured client and its secret; the same time either way."""
        known = client_id in self.settings.clients
        secrets_of = [_client_secret(key, client_id).encode() for key in self._client_keys]
        right = [hmac.compare_digest(each, secret.encode()) for each in secrets_of]
        if not (any(right) and known):
            named = client_id if known else ""
            self._audit.note("client_denied", result="denied", actor="", source=source, detail=named)
        return any(right) and known

    async def introspect(self, token: str) -> Identity | None:
        """The identity behind a live credential, None for anything else (RFC 7662 §2.2).

        Whoever asks acts on the answer, so it holds at the moment of asking: no view of a moment ago does.
        """
        await self.catch_up()
        try:
            return await self.authenticate(token, activity=False)
        except Denied:
            return None

    async def revoke_token(self, token: str, *, client: str = "", source: str = "") -> None:
        """End the session of a token or session credential; no effect for anything else (RFC 7009 §2.2).

        A spent credential ends it too: the answer with its successor may have been lost, and whoever signs
        out must not be told that it is done while the session lives on.
        """
        try:
            name, proof = self._prover.prove(token, now=self.clock.now())
        except Denied:
            return
        if proof.sid is not None:
            account = None if isinstance(proof, Presented) else proof.sub
            follows = name is not StrategyName.JWT
            await operate.revoke_quietly(
                self._parts, proof.sid, account, follows_feed=follows, client=client, source=source
            )

    async def explain(self, credential: str, *, source: str = "") -> Explanation:
        """See flows/explain. For whoever develops or administers; it proves nothing and grants nothing."""
        from limen.flows.explain import explain

        return await explain(self._witness, credential, source=source)

    # -- what an operator does ---------------------------------------------------------------------------

    @cached_property
    def adoption(self) -> Adoption:
        """What a framework asks that keeps users of its own."""
        from limen.adoption import Adoption

        return Adoption(self._parts, self._strategies.values())

    @cached_property
    def admin(self) -> Administration:
        """What an administrator may see and do."""
        from limen.administration import Administration

        accepted = tuple(self._strategies.values())
        sealer = SetUpSealer(require_secret(self.settings))
        return Administration(self._parts, accepted, self._ring, self._pulse, self.sources, sealer)

    @cached_property
    def canary(self) -> Canary:
        """What measures until when an ended session is refused; it runs as the setting `canary` says."""
        return Canary(self._parts, self.authenticate)

    # -- putting together --------------------------------------------------------------------------------

    @cached_property
    def _refreshing(self) -> HybridStrategy | None:
        hybrid = self._strategies.get(StrategyName.HYBRID)
        return hybrid if isinstance(hybrid, HybridStrategy) else None

    @cached_property
    def _witness(self) -> Witness:
        from limen.flows.explain import Witness

        return Witness(
            self._parts,
            lambda credential: self.authenticate(credential, activity=False),
            self._sealer.open,
            lambda: self._tokens.policy,
            lambda: self.ring.verifying,
            tuple(name.value for name in self._strategies),
            self._refreshing,
        )

    def _accepted(self) -> dict[StrategyName, Strategy]:
        s = self.settings
        opener = Opener(
            self._kept, self.filter, self._sealer, self.lifetimes, s.session_limit or None, self._entropy,
            chance=self._entropy if self.status_lists is None else self.status_lists.chance,
        )  # fmt: skip
        every: tuple[Strategy, ...] = (
            SessionStrategy(opener, cached=s.cache_size > 1, max_staleness=s.max_staleness),
            JWTStrategy(self._tokens, lifetime=s.access_lifetime, leeway=s.leeway, entropy=self._entropy),
            HybridStrategy(
                opener,
                self._tokens,
                self._kept,
                max_staleness=s.max_staleness,
                leeway=s.leeway,
                status=None if self.status_lists is None else self.status_lists.status,
            ),
        )
        wanted = {StrategyName(name) for name in (s.strategy, *s.accept)}
        return {strategy.name: strategy for strategy in every if strategy.name in wanted}

    def _listed(self, secret: Secret) -> StatusLists | None:
        if not self.settings.status_list:
            return None
        self.store.names_ended = True
        parts = (self.settings, secret.every(), self.filter, self.clock, self._entropy)
        return StatusLists(*parts, ring=lambda: self.ring, catch_up=self.catch_up)

    def _live_ring(self, wrap: KeyWrap) -> LiveRing:
        s = self.settings
        policy = RotationPolicy(
            publish_for=s.jwks_max_age, overlap=s.access_lifetime + s.leeway, every=s.key_rotation
        )
        return LiveRing(
            self._kept,
            wrap,
            policy,
            Algorithm(s.algorithm),
            self.clock,
            memory=self.lifetimes.memory,
            on_change=self._use_ring,
        )

    def _use_ring(self, ring: KeyRing) -> None:
        self._tokens.use(ring)
        self._recall.forget()


def _client_secret(key: bytes, client_id: str) -> str:
    raw = hmac.digest(key, client_id.encode(), "sha256")
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _nobody() -> None:
    """Rings at nobody's: no letters are written."""


def scheme_of(settings: Settings) -> Scheme:
    """The password scheme that the settings name."""
    if settings.password_scheme == "argon2id":  # noqa: S105 - the name of a scheme
        return Argon2id(
            memory_kib=settings.argon2_memory_kib,
            time_cost=settings.argon2_time_cost,
            parallelism=settings.argon2_parallelism,
        )
    if settings.password_scheme == "bcrypt":  # noqa: S105 - the name of a scheme
        return Bcrypt(cost=settings.bcrypt_cost)
    raise Misconfigured("password_scheme is argon2id or bcrypt")
