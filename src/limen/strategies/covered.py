"""What is asked about a token whose signature is right: here with a store behind it, remotely without."""

from __future__ import annotations

from limen import ids
from limen.clock import Instant, Seconds
from limen.errors import Denied
from limen.jose.jwt import Claims
from limen.revocations import Filter
from limen.sessions import StrategyName
from limen.strategies.base import Verified
from limen.strategies.jwt import token_identity


def followed(claims: Claims, strategy: StrategyName, known: Filter, *, leeway: Seconds) -> Verified:
    """The verified token of a strategy that follows the feed, with all that events compare."""
    identity = token_identity(claims, strategy)
    return Verified(
        identity=identity,
        good_until=Instant(claims.exp + leeway),
        follows_feed=True,
        sid_ms=_made_ms(identity.session),
        issued_ms=_made_ms(claims.jti),
        changes=known.changes,
    )


def refuse_covered(verified: Verified, known: Filter) -> None:
    """Denied where an event is known to cover the token."""
    who = verified.identity
    kind = known.covering(sid=who.session, account=who.account, sid_ms=verified.sid_ms, kid=None)
    if kind is not None:
        raise Denied("this session has ended", code="credential_revoked", reason=f"revoked_{kind}")
    if known.has_stale_claims(account=who.account, issued_ms=verified.issued_ms):
        raise Denied("what this token says has changed: refresh it", code="token_stale")


def is_settled(verified: Verified, known: Filter) -> bool:
    """Whether a fresh view that covers nothing is the whole answer, or the store must be asked as well."""
    who = verified.identity
    return not known.has_forgotten(verified.good_until) and not known.doubts(
        sid=who.session, account=who.account
    )


def _made_ms(id_: str) -> int:
    """When an id was made; Denied for what is none, in a token that our key signed for somebody else."""
    try:
        return ids.parsed_ms(id_)
    except ValueError:
        raise Denied("this token is not valid", code="token_invalid", reason="claims_foreign") from None
