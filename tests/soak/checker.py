"""The checker: a function of a history, which says what in it breaks a promise.

What a client saw is all that is known. An operation that was not answered may have happened at any moment
from its begin until `linger` after its client gave up, or not at all; what follows in any of these cases is
no finding. So each rule compares the earliest moment that one operation can have had with the latest of
another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from soak.history import ALL_ENDED, History, Kind, Operation, Outcome, Promise, counted
from soak.moments import Clocks, Moments
from soak.stories import Story, stories

REVOKED = frozenset({"credential_revoked", "refresh_denied"})
INVALID = frozenset({"credential_invalid", "token_invalid"})


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that was broken: which, a sentence, and the operations that prove it."""

    rule: str
    sentence: str
    operations: tuple[Operation, ...]


@dataclass(slots=True)
class Verdict:
    """What the checker says of a history."""

    findings: list[Finding] = field(default_factory=list)
    operations: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    revocations: int = 0
    """Sessions whose end was acknowledged."""
    accepted_after: int = 0
    """Calls that began after the acknowledgement and were accepted."""
    worst_lag: float = 0.0
    """Of these the longest time from the acknowledgement to the begin of the call."""
    excused: int = 0
    """Refusals where nobody is known to have ended the session, but an operation that was not answered, or
    a clock that was turned, can have."""


def check(history: History) -> Verdict:
    """What breaks a promise, and figures about the rest."""
    moments = Moments(history.promise, history.faults)
    verdict = Verdict(
        operations=counted(o.kind for o in history.operations),
        outcomes=counted(o.outcome for o in history.operations),
        faults=counted(f.what for f in history.faults),
    )
    for story in stories(history.operations):
        verdict.findings += _of_session(story, moments, verdict)
    verdict.findings += _of_accounts(history.operations, moments)
    if not history.about.get("lossy"):
        verdict.findings += [Finding(f.what, "by nobody", ()) for f in history.faults if f.what == ALL_ENDED]
    verdict.findings += [
        Finding("broken", f"answered {o.code or 'what nobody foresaw'}", (o,))
        for o in history.operations
        if o.outcome is Outcome.BROKEN
    ]
    return verdict


def _of_session(story: Story, moments: Moments, verdict: Verdict) -> Iterator[Finding]:
    if story.opening.strategy == "jwt":
        yield from _expired(story, moments)
        return
    sure, possible = story.sure_end(moments), story.possible_end(moments)
    if sure is not None:
        verdict.revocations += 1
        yield from _late(story, sure, moments.promise, verdict)
    yield from _dishonoured(story, possible, verdict, sure, moments.clocks)
    yield from _forgotten(story, moments.clocks)
    yield from _divided(story)
    yield from _invalid(story, moments.clocks)
    yield from _unproven(story, sure, possible)


def _late(story: Story, sure: Operation, promise: Promise, verdict: Verdict) -> Iterator[Finding]:
    """Rule 1. A refresh asks the store, so it is late at once."""
    for o in story.accepted():
        lag = o.begin - sure.end
        if lag <= 0:
            continue
        allowed = promise.lag(story.opening.strategy) if o.kind is Kind.CALL else 0.0
        if o.kind is Kind.CALL:
            verdict.accepted_after += 1
            verdict.worst_lag = max(verdict.worst_lag, lag)
        if lag > allowed:
            name = "revived" if o.final else "accepted late"
            yield Finding(
                name, f"a {o.kind} was let in {lag:.3f} s after the end was acknowledged", (sure, o)
            )


def _expired(story: Story, moments: Moments) -> Iterator[Finding]:
    """Rule 1 for tokens that nobody can end: they end by themselves, as the clocks of both sides stand."""
    o, promise, clocks = story.opening, moments.promise, moments.clocks
    ends = o.end + clocks.over(o)[1] + promise.access_lifetime + promise.leeway
    for call in story.accepted():
        if call.kind is Kind.CALL and call.begin + clocks.over(call)[0] > ends:
            yield Finding("accepted late", "a token was let in after it had expired", (o, call))


def _dishonoured(
    story: Story, possible: float | None, verdict: Verdict, sure: Operation | None, clocks: Clocks
) -> Iterator[Finding]:
    """Rule 2. Whoever is told that a session has ended must be able to point to who ended it."""
    for o in story.refused(REVOKED):
        if sure is not None and sure.begin < o.end:
            continue
        if _is_of_a_wrong_clock(o, clocks) or (possible is not None and possible < o.end):
            verdict.excused += 1
        else:
            name = "acknowledged write lost" if o.final else "honest, and signed out"
            yield Finding(
                name, f"a {o.kind} was refused, and nobody had ended the session", (story.opening, o)
            )


def _is_of_a_wrong_clock(o: Operation, clocks: Clocks) -> bool:
    """A verifier that must ask is told that a token is not active. To an issuer whose clock is wrong it can
    have expired, or not begun, which the verifier cannot tell from an end."""
    return o.process.startswith("verifier") and clocks.turned(o.begin, o.end)


def _forgotten(story: Story, clocks: Clocks) -> Iterator[Finding]:
    """A process that has once refused a session as ended knows it, for as long as it lives."""
    refused: dict[str, Operation] = {}
    for o in story.refused(frozenset({"credential_revoked"})):
        if _is_of_a_wrong_clock(o, clocks):
            continue
        refused[o.process] = min(refused.get(o.process, o), o, key=lambda one: one.end)
    for o in story.accepted():
        before = refused.get(o.process)
        if before is not None and before.end < o.begin:
            yield Finding("forgotten", "a process let in what it had refused as ended", (before, o))


def _divided(story: Story) -> Iterator[Finding]:
    """All who spend one refresh credential are given the same successor."""
    given: dict[int, Operation] = {}
    for o in story.refreshes:
        if o.outcome is Outcome.OK:
            first = given.setdefault(o.generation, o)
            if first.given != o.given:
                yield Finding("two successors", "one credential was given two successors", (first, o))


def _invalid(story: Story, clocks: Clocks) -> Iterator[Finding]:
    """What we issued is ours. Only a clock can make a token of ours look foreign: issued in the future."""
    for o in story.refused(INVALID):
        if o.code == "credential_invalid" or not clocks.turned(story.opening.begin, o.end):
            yield Finding("called invalid", f"a credential of ours was called {o.code}", (story.opening, o))


def _unproven(story: Story, sure: Operation | None, possible: float | None) -> Iterator[Finding]:
    """Rule 3, for sessions: at the end somebody must have looked."""
    seen = [o for o in story.uses if o.final]
    if sure is not None and not any(o.outcome is Outcome.DENIED for o in seen):
        yield Finding("not looked at", "no refusal at the end proves that this session has ended", (sure,))
    looked = any(o.outcome in (Outcome.OK, Outcome.DENIED) for o in seen) or any(story.refused(REVOKED))
    if possible is None and not looked and not story.is_in_doubt():
        yield Finding(
            "not looked at", "nobody found out whether this session is still there", (story.opening,)
        )


def _of_accounts(operations: Iterable[Operation], moments: Moments) -> Iterator[Finding]:
    """Rule 3, for accounts and passwords."""
    by_account: dict[str, list[Operation]] = defaultdict(list)
    for o in operations:
        if o.kind in (Kind.REGISTER, Kind.SIGN_IN, Kind.CHANGE_PASSWORD):
            by_account[o.account].append(o)
    for mine in by_account.values():
        yield from _lost_account(mine, moments)
        yield from _old_password(mine, moments)


def _lost_account(mine: list[Operation], moments: Moments) -> Iterator[Finding]:
    made = [o for o in mine if o.kind is Kind.REGISTER and moments.is_sure(o)]
    looked = [o for o in mine if o.kind is Kind.SIGN_IN and o.final]
    if not made or any(o.outcome is Outcome.OK for o in looked):
        return
    if any(o.code == "sign_in_failed" for o in looked):
        yield Finding("acknowledged write lost", "nobody can sign in to an account", (made[0], *looked))
    else:
        yield Finding("not looked at", "nobody found out whether this account is there", (made[0],))


def _old_password(mine: list[Operation], moments: Moments) -> Iterator[Finding]:
    changes = [o for o in mine if o.kind is Kind.CHANGE_PASSWORD and moments.is_sure(o)]
    for o in mine:
        if o.kind is Kind.SIGN_IN and o.outcome is Outcome.OK:
            for change in changes:
                if change.password > o.password and change.end < o.begin:
                    yield Finding("acknowledged write lost", "an old password was good again", (change, o))
                    break
