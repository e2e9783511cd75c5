"""Access tokens as both token strategies use them: issued and proven with the key ring of the moment."""

from __future__ import annotations

from limen import ids
from limen.clock import Instant, Seconds
from limen.errors import Denied
from limen.ids import AccountID, Entropy, SessionID
from limen.jose import jwt
from limen.keys import KeyRing
from limen.sessions import Presented, Sealer, StrategyName

_JITTER = 0.05  # of the lifetime: after an outage clients do not all come back in the same second


class AccessTokens:
    """Makes access tokens (RFC 9068) and proves them. `use` is called when the ring changed."""

    __slots__ = (
        "_audience",
        "_client_id",
        "_entropy",
        "_issuer",
        "_leeway",
        "_lifetime",
        "_policy",
        "_ring",
        "_verifier",
    )

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        client_id: str,
        lifetime: Seconds,
        leeway: Seconds,
        entropy: Entropy,
    ) -> None:
        self._issuer, self._audience, self._client_id = issuer, audience, client_id
        self._lifetime, self._leeway, self._entropy = lifetime, leeway, entropy
        self._ring: KeyRing | None = None
        self._policy: jwt.TokenPolicy | None = None
        self._verifier: jwt.TokenVerifier | None = None

    def use(self, ring: KeyRing) -> None:
        """Sign and verify with this ring from now on."""
        self._policy = jwt.TokenPolicy(
            issuer=self._issuer,
            audience=self._audience,
            algorithms=frozenset(key.alg for key in ring.verifying.values()),
            leeway=self._leeway,
        )
        self._verifier = jwt.TokenVerifier(self._policy, ring.verifying)
        self._ring = ring

    @property
    def policy(self) -> jwt.TokenPolicy:
        """What a token must say just now."""
        if self._policy is None:
            raise _not_started()
        return self._policy

    def verify(self, token: str, *, now: Instant) -> jwt.Claims:
        """Verified claims, or Denied. Every check of RFC 9068 §4 and of DESIGN's list is in this one call."""
        if self._verifier is None:
            raise _not_started()
        return self._verifier.verify(token, now=now)

    def issue(
        self,
        *,
        account: AccountID,
        sid: SessionID,
        strategy: StrategyName,
        authenticated: Instant,
        amr: tuple[str, ...],
        scopes: tuple[str, ...],
        ends: Instant,
        later_than: Instant,
        now: Instant,
        status: jwt.Status | None = None,
    ) -> tuple[str, Instant]:
        """A token and its `exp`: the lifetime less some jitter, and never after `ends`.

        `jti` is a UUIDv7 later than `later_than`, the last change of the account's claims, so that a
        `claims` event tells tokens from before it and after it apart.
        """
        if self._ring is None:
            raise _not_started()
        spread = self._entropy(1)[0] / 255 * _JITTER
        expires = Instant(float(int(min(now + self._lifetime * (1 - spread), ends))))
        claims = jwt.Claims(
            iss=self._issuer,
            sub=account,
            aud=self._audience,
            exp=int(expires),
            iat=int(now),
            jti=ids.uuid7(Instant(max(now, later_than + 0.002)), self._entropy),
            sid=sid,
            auth_time=int(authenticated),
            amr=amr,
            scope=" ".join(scopes)
            or None,  # an empty one is none (RFC 6749 §3.3), and some readers refuse it
            client_id=self._client_id,
            strategy=strategy.value,
            status=status,
        )
        return jwt.issue(claims, self._ring.active), expires


class Prover:
    """Tells what a credential proves by itself. No store is asked, so garbage costs next to nothing."""

    __slots__ = ("_sealer", "_tokens")

    def __init__(self, tokens: AccessTokens, sealer: Sealer) -> None:
        self._tokens, self._sealer = tokens, sealer

    def prove(self, credential: str, *, now: Instant) -> tuple[StrategyName, jwt.Claims | Presented]:
        """The strategy that must admit it, and the proof. Denied if it proves nothing."""
        if "." in credential:
            claims = self._tokens.verify(credential, now=now)
            return _strategy_of(claims), claims
        presented = self._sealer.open(credential)
        if presented is None:
            raise Denied("this credential is not valid", code="credential_invalid", reason="seal_mismatch")
        return StrategyName.SESSION, presented


def _strategy_of(claims: jwt.Claims) -> StrategyName:
    if claims.strategy == StrategyName.HYBRID.value:
        return StrategyName.HYBRID
    if claims.strategy == StrategyName.JWT.value:
        return StrategyName.JWT
    raise Denied("this token is not valid", code="token_invalid", reason="strategy_unknown")


def _not_started() -> RuntimeError:
    return RuntimeError(
        "no key ring is loaded: start Limen first (`await auth.start()`, or the lifespan of the outermost "
        "application, which servers run and no other)"
    )
