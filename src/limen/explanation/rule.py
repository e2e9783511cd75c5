"""The rule: a ruling and the facts become an explanation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from limen.explanation import steps, values, written
from limen.explanation.facts import Facts
from limen.explanation.record import (
    Check,
    Event,
    Explanation,
    KeyFact,
    Outcome,
    Ruling,
    SessionFact,
    Verdict,
)
from limen.explanation.steps import Step
from limen.explanation.written import Written, shown
from limen.revocations import Kind, Revocation
from limen.sessions import Session, StrategyName

WHYS = {
    "sign_out": "its holder signed out",
    "sign_out_everywhere": "its holder signed out everywhere",
    "ended_by_owner": "its owner ended it from another session",
    "operator": "an operator ended it",
    "replay": "a spent refresh credential was presented again, as by a thief",
    "revoked_by_client": "a client of this server ended it",
    "replaced": "a new sign-in in the same browser took its place",
    "stepped_up": "its holder proved again who they are, and goes on with a new session",
    "email_verified": "the address was proven, which ends what went before",
    "password_reset": "the password was reset by a link",
    "restored": "a backup was restored, and all sessions of before ended",
    "row_came_back": "it had ended, and was ended anew after a failover had brought it back",
    "account_changed": "its account changed while it was being made",
    "canary": "the server opened it itself, to measure how soon its end is known",
    "session_limit": "a newer session made it one too many",
    "password_changed": "the password was changed",
    "scopes_changed": "what the account may do was changed",
    "account_disabled": "the account was disabled",
    "account_deleted": "the account was deleted",
    "compromised": "the key was declared compromised",
}
"""By what kind of act: the feed's word → the same in a sentence."""

_KINDS = {
    Kind.SESSION: "this session",
    Kind.ACCOUNT: "all sessions of the account up to then",
    Kind.ISSUER: "all sessions of this issuer up to then",
    Kind.KEY: "all tokens of the key",
    Kind.CLAIMS: "tokens with the account's earlier claims",
}


_UNPROVEN = (
    "Its signature is not proven, so all that it says may be anybody's, and no session was looked up for it."
)
_NO_EVENT = (
    "No event of the feed is left that tells of it: events leave when nothing lives that they cover, and a "
    "session that ended by itself is swept without one."
)
_NO_ACCOUNT = (
    "If all sessions of its account were ended at once, the event names the account, which this credential "
    "does not."
)


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a token names."""

    kid: str
    sid: str = ""
    account: str = ""
    jti: str = ""
    expires: float = 0.0


_UNPROVEN = (
    "Its signature is not proven, so all that it says may be anybody's, and no session was looked up for it."
)


def named(token: str, ruling: Ruling) -> Named:
    """Whom a token names, as far as it has proven it: a key id is public, the rest needs a right signature
    over claims of the right form, which the ruling tells."""
    said = written.read(token)
    kid = _text(said.header, "kid")
    step = "" if ruling.accepted else steps.step_of(steps.TOKEN, ruling.reason).name
    if step and _before(steps.TOKEN, step, "issuer"):
        return Named(kid)
    claims = said.claims
    return Named(kid, _text(claims, "sid"), _text(claims, "sub"), _text(claims, "jti"), float(claims["exp"]))


def explain(credential: str, ruling: Ruling, facts: Facts) -> Explanation:
    """Why `credential` got this ruling. What is said of it is text for people, and never the credential."""
    if "." in credential:
        return _token(written.read(credential), ruling, facts)
    return _sealed(ruling, facts)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _token(said: Written, ruling: Ruling, facts: Facts) -> Explanation:
    no_text = frozenset(name for name in ("alg", "kid", "typ") if not isinstance(said.header.get(name), str))
    verdict = _verdict(
        steps.TOKEN, ruling, values.of_token(said, facts, ruling.reason), _unasked(said, facts), no_text
    )
    proven = ruling.accepted or not _before(steps.TOKEN, verdict.failed, "claims")
    notes = [values.difference(said, facts.now) if proven else _UNPROVEN]
    if ruling.accepted and said.claims.get("strategy") == StrategyName.JWT.value and facts.events:
        notes.append(
            "An event of the feed covers it, and it is accepted until it expires: "
            "the jwt strategy promises no more."
        )
    key = values.key_of(said, facts)
    return _whole("access token", verdict, None, (*notes, *_of_key(key, facts)), key, facts)


def _sealed(ruling: Ruling, facts: Facts) -> Explanation:
    verdict = _verdict(steps.SEALED, ruling, values.of_sealed(facts))
    if facts.presented is None:
        return _whole("nothing that this deployment issued", verdict, None, (), None, facts)
    row, prospect = facts.row, facts.prospect
    refreshes = prospect is not None and (row is None or row.strategy is StrategyName.HYBRID)
    if not refreshes or prospect is None:
        return _whole("session credential", verdict, None, (), None, facts)
    refresh = _verdict(steps.REFRESH, prospect.ruling, values.of_refresh(facts))
    if row is None:
        return _whole("session or refresh credential", verdict, refresh, (), None, facts)
    note = "It is a refresh credential: no request carries it, and it is spent at the refresh route."
    return _whole("refresh credential", verdict, refresh, (note,), None, facts)


def _verdict(
    table: tuple[Step, ...],
    ruling: Ruling,
    sides: values.Sides,
    unasked: frozenset[str] = frozenset(),
    no_text: frozenset[str] = frozenset(),
) -> Verdict:
    end = None if ruling.accepted else steps.step_of(table, ruling.reason, no_text=no_text)
    checks, reached = [], True
    for step in table:
        if step is end:
            outcome, reached = Outcome.FAILED, False
        elif not reached:
            outcome = Outcome.UNREACHED
        else:
            outcome = Outcome.UNASKED if step.name in unasked else Outcome.PASSED
        wants, has = sides.get(step.name, ("", ""))
        checks.append(Check(step.name, step.asks, outcome, wants, has))
    return Verdict(ruling, _because(ruling, end), tuple(checks))


def _because(ruling: Ruling, end: Step | None) -> str:
    if end is None:
        return "Every check of this server was passed."
    if ruling.unavailable:
        return f"Nobody can tell just now ({shown(ruling.reason)}), and what nobody can tell is refused."
    return end.reasons[ruling.reason]


def _unasked(said: Written, facts: Facts) -> frozenset[str]:
    """The steps on which the answer did not depend: of `jwt` all state, of `hybrid` the row
    under a fresh view."""
    if said.claims.get("strategy") == StrategyName.JWT.value:
        return frozenset({"revocations", "scopes", "session", "lifetimes"})
    return frozenset({"session", "lifetimes"}) if facts.view.settles else frozenset()


def _before(table: tuple[Step, ...], step: str, other: str) -> bool:
    names = [one.name for one in table]
    return names.index(step) < names.index(other)


def _of_key(key: KeyFact | None, facts: Facts) -> Iterator[str]:
    if key is None:
        return
    if key.state == "compromised":
        yield "Its key was declared compromised: nothing that it signed is accepted."
    elif key.state == "retired":
        yield "Its key was retired: every token that it signed in time has expired since."
    elif key.state == "unknown":
        yield "Its key was never one of this ring: another issuer, another database, or another environment."
    elif key.kid not in facts.loaded:
        yield "Its key is in the ring, and this process has not taken that in yet."


def _whole(
    kind: str,
    request: Verdict,
    refresh: Verdict | None,
    notes: tuple[str, ...],
    key: KeyFact | None,
    facts: Facts,
) -> Explanation:
    more = [facts.away and f"Not all could be looked up: {facts.away}."]
    if not facts.events and not facts.away and _is_gone(request, refresh):
        more.append(_NO_EVENT)
        if facts.presented is not None:
            more.append(_NO_ACCOUNT)
    view = facts.view
    return Explanation(
        kind=kind,
        at=facts.now,
        request=request,
        refresh=refresh,
        notes=tuple(note for note in (*notes, *more) if note),
        key=key,
        session=None if facts.row is None else _session(facts.row),
        events=tuple(_event(event) for event in facts.events),
        view_fresh=view.fresh,
        view_age=view.age if view.age < float("inf") else None,
        view_position=view.position,
    )


def _is_gone(*verdicts: Verdict | None) -> bool:
    return any(one is not None and one.ruling.reason == "session_gone" for one in verdicts)


def _session(row: Session) -> SessionFact:
    return SessionFact(
        row.id, row.strategy.value, row.created, row.touched, row.ends, row.expires, row.generation
    )


def _event(event: Revocation) -> Event:
    act = WHYS.get(event.why, shown(event.why))
    return Event(
        event.position, event.kind.value, event.at, shown(event.why), f"{act}; it ends {_KINDS[event.kind]}"
    )
