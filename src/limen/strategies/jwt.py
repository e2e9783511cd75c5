"""JWT: the request carries a signed token, and the server keeps nothing."""

from __future__ import annotations

from limen import ids
from limen.accounts import Account
from limen.clock import Instant, Mono, Seconds
from limen.errors import Denied
from limen.ids import AccountID, Entropy, SessionID
from limen.jose.jwt import Claims
from limen.sessions import StrategyName
from limen.strategies.base import Grant, Guarantees, Identity, Proof, Revoked, SignIn, Verified
from limen.strategies.tokens import AccessTokens


class JWTStrategy:
    """Access tokens, checked without touching a store.

    A token revoked now is still good until it expires, and for the leeway after that. Where that is too
    long, use the hybrid, which pays one feed for a lag of milliseconds.
    """

    name = StrategyName.JWT

    def __init__(self, tokens: AccessTokens, *, lifetime: Seconds, leeway: Seconds, entropy: Entropy) -> None:
        self._tokens, self._lifetime, self._leeway, self._entropy = tokens, lifetime, leeway, entropy
        self.guarantees = Guarantees(
            store_reads=0,
            store_reads_unseen=0,
            store_reads_stale=0,
            revocation_lag=lifetime + leeway,
            refreshes=False,
        )

    async def issue(self, account: Account, sign_in: SignIn, *, now: Instant) -> Grant:
        sid = SessionID(ids.uuid7(now, self._entropy))
        token, expires = self._tokens.issue(
            account=account.id,
            sid=sid,
            strategy=self.name,
            authenticated=now if sign_in.authenticated is None else sign_in.authenticated,
            amr=sign_in.amr,
            scopes=sign_in.scopes,
            ends=Instant(now + self._lifetime),
            later_than=account.claims_changed,
            now=now,
        )
        return Grant(account.id, sid, self.name, token, expires, sign_in.scopes)

    async def admit(self, proof: Proof, *, now: Instant, mono: Mono, activity: bool) -> Verified:
        return self.admit_now(proof, now=now, mono=mono)

    def admit_now(self, proof: Proof, *, now: Instant, mono: Mono) -> Verified:
        claims = token_claims(proof)
        identity = token_identity(claims, self.name)
        return Verified(identity, Instant(claims.exp + self._leeway), follows_feed=False)

    def effective(self, identity: Identity, *, now: Instant) -> Revoked:
        return Revoked(Instant(max(now, identity.expires + self._leeway)))


def token_claims(proof: Proof) -> Claims:
    """The claims, or Denied where the credential is no token."""
    if not isinstance(proof, Claims):
        raise Denied("this credential is not valid", code="credential_invalid", reason="not_a_token")
    return proof


def token_identity(claims: Claims, strategy: StrategyName) -> Identity:
    """The identity that verified claims of ours speak of; Denied if they are not of our making."""
    if claims.sid is None or claims.auth_time is None or claims.strategy != strategy.value:
        raise Denied("this token is not valid", code="token_invalid", reason="claims_incomplete")
    return Identity(
        account=AccountID(claims.sub),
        session=SessionID(claims.sid),
        strategy=strategy,
        authenticated=Instant(float(claims.auth_time)),
        amr=tuple(claims.amr or ()),
        scopes=frozenset((claims.scope or "").split()),
        expires=Instant(float(claims.exp)),
    )
