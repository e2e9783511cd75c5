"""For each step, what the policy says and what the credential says."""

from __future__ import annotations

from collections.abc import Iterable

from limen.clock import Instant
from limen.explanation.facts import Facts
from limen.explanation.record import KeyFact
from limen.explanation.written import NOTHING, Written, beside, moment, shown
from limen.jose.payloads import Claims
from limen.keys import StoredKey
from limen.revocations import Kind
from limen.sessions import Session, StrategyName, is_head

_NO_ROW = dict.fromkeys(("session", "lifetimes"), ("nothing: the jwt strategy keeps no sessions", ""))
Sides = dict[str, tuple[str, str]]
"""Step → what is wanted, what is there."""


def of_token(written: Written, facts: Facts, reason: str) -> Sides:
    """An access token's."""
    policy, header, claims = facts.policy, written.header, written.claims
    leeway = f"{policy.leeway:g} s of leeway"
    latest = f"at most {leeway} after now ({moment(facts.now)})"
    return {
        "size": (f"at most {policy.max_bytes:,} bytes", f"{written.size:,} bytes"),
        "form": ("3 parts; a header in strict JSON", f"{written.parts:,} parts"),
        "algorithm": (_one_of(policy.algorithms), shown(header.get("alg"))),
        "type": (policy.typ, shown(header.get("typ"))),
        "key": (_one_of(_named(key) for key in facts.keys if key.kid in facts.loaded), _key(written, facts)),
        "signature": (f"made by {shown(header.get('kid'))} over the first two parts", ""),
        "claims": ("every claim of RFC 9068, each of its type", _claim(written, reason)),
        "issuer": (policy.issuer, shown(claims.get("iss"))),
        "audience": (policy.audience, shown(claims.get("aud"))),
        "expiry": (f"after now ({moment(facts.now)}), less {leeway}", beside(claims.get("exp"), facts.now)),
        "issued": (latest, beside(claims.get("iat"), facts.now)),
        "beginning": (f"{latest}, or none", beside(claims.get("nbf"), facts.now)),
        "strategy": (_one_of(facts.accepted), shown(claims.get("strategy"))),
        "revocations": ("no event that covers it", _events(facts, of_claims=False)),
        "scopes": ("no change since it was issued", _events(facts, of_claims=True)),
        **(_NO_ROW if claims.get("strategy") == StrategyName.JWT.value else of_row(facts)),
    }


def of_sealed(facts: Facts) -> Sides:
    """A session credential's, for a request."""
    made = "sealed by this deployment"
    return {
        "seal": (made, made if facts.presented else "no seal of this deployment"),
        "strategy": (_one_of(facts.accepted), "session"),
        **of_row(facts),
    }


def of_refresh(facts: Facts) -> Sides:
    """A session credential's, for a refresh."""
    account = facts.prospect.account if facts.prospect else None
    said = "there is none"
    if account is not None:
        said = "may" if account.disabled is None else f"disabled, {beside(account.disabled, facts.now)}"
    return {**of_sealed(facts), "account": ("an account that may sign in", said)}


def of_row(facts: Facts) -> Sides:
    """What the session's row has; `nothing` where it was not read, or is not there."""
    row, view = facts.row, facts.view
    shown_view = f"the view of the feed is {view.age:,.2f} s old" if view.settles else _row(row)
    if row is None:
        return {"session": ("a row in the store", shown_view), "lifetimes": ("", ""), "head": ("", "")}
    ends = f"absolute end {beside(row.expires, facts.now)}; idle end {beside(row.ends, facts.now)}"
    presented = facts.presented
    head = (
        NOTHING if presented is None else _generation(row, presented.generation, head=is_head(row, presented))
    )
    return {
        "session": ("a row in the store", shown_view),
        "lifetimes": (f"both ends after now ({moment(facts.now)})", ends),
        "head": (f"generation {row.generation}, rotated {beside(row.rotated, facts.now)}", head),
    }


def key_of(written: Written, facts: Facts) -> KeyFact | None:
    """What became of the key that a token names; None if it names none that could be."""
    kid = written.header.get("kid")
    if not isinstance(kid, str):
        return None
    stored = next((key for key in facts.keys if key.kid == kid), None)
    if stored is None:
        return KeyFact(shown(kid), "unknown")
    ended = next((e for e in facts.events if e.kind is Kind.KEY and e.subject == kid), None)
    if ended is not None:
        return KeyFact(kid, "compromised", stored.algorithm.value, ended.at)
    return KeyFact(kid, stored.state.value, stored.algorithm.value, stored.since)


def _key(written: Written, facts: Facts) -> str:
    fact = key_of(written, facts)
    if fact is None:
        return shown(written.header.get("kid"))
    if fact.since is None:
        return f"{fact.kid} (unknown)"
    return f"{fact.kid} ({fact.algorithm}, {fact.state} since {beside(fact.since, facts.now)})"


def _named(key: StoredKey) -> str:
    return f"{key.kid} ({key.algorithm.value}, {key.state.value})"


def _claim(written: Written, reason: str) -> str:
    """The claim at fault, as it stands there."""
    name, _, fault = reason.rpartition("_")
    if name not in Claims.__struct_fields__ or fault not in ("missing", "malformed"):
        return f"{len(written.claims)} claims"
    return f"{name}: {shown(written.claims.get(name))}"


def _events(facts: Facts, *, of_claims: bool) -> str:
    found = [e for e in facts.events if e.kind is not Kind.KEY and (e.kind is Kind.CLAIMS) is of_claims]
    texts = [f"event {e.position} ({e.kind.value}), {beside(e.at, facts.now)}, {shown(e.why)}" for e in found]
    return "; ".join(texts) or NOTHING


def _row(row: Session | None) -> str:
    return "no row" if row is None else f"{row.id} of strategy {row.strategy.value}"


def _generation(row: Session, generation: int, *, head: bool) -> str:
    return (
        f"generation {generation}, {'the current one' if head else f'{row.generation - generation} behind'}"
    )


def _one_of(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or NOTHING


def difference(written: Written, now: Instant) -> str:
    """A word where the issuer's clock is ahead of this one; empty where it is not."""
    iat = written.claims.get("iat")
    if isinstance(iat, bool) or not isinstance(iat, int | float) or not 0 < iat - now < float("inf"):
        return ""
    return (
        f"It was issued {iat - now:,.0f} s ahead of this clock: compare both machines with one time server."
    )
