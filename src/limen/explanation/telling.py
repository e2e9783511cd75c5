"""An explanation as data for programs and as sentences for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from limen.explanation.record import Explanation, Outcome, Verdict
from limen.explanation.written import ago, moment


def data_of(found: Explanation) -> dict[str, Any]:
    """One object, of JSON's own types. `valid`, `code` and `reason` are those of `limen token verify`."""
    return {
        "valid": found.request.ruling.accepted,
        "code": found.request.ruling.code or None,
        "reason": found.request.ruling.reason or None,
        "kind": found.kind,
        "at": moment(found.at),
        "request": _verdict(found.request),
        "refresh": None if found.refresh is None else _verdict(found.refresh),
        "notes": list(found.notes),
        "key": _key(found),
        "session": _session(found),
        "events": [
            {"position": e.position, "kind": e.kind, "at": moment(e.at), "why": e.why, "said": e.said}
            for e in found.events
        ],
        "view": {
            "fresh": found.view_fresh,
            "age": None if found.view_age is None else round(found.view_age, 3),
            "position": found.view_position,
        },
    }


def headline(found: Explanation) -> str:
    """The verdict in one line."""
    if found.request.ruling.accepted:
        return f"Accepted: this {found.kind} is good."
    if found.refresh is not None and found.refresh.ruling.accepted:
        return "Refused by requests, accepted by refresh."
    return f"Refused at the step “{found.request.failed}”."


def sentences(found: Explanation) -> Iterator[str]:
    """Why, and all that is known beside it."""
    yield from _why("a request", found.request)
    if found.refresh is not None:
        yield from _why("refresh", found.refresh)
    yield from found.notes
    for event in found.events:
        when = f"{moment(event.at)}, {ago(event.at - found.at)}"
        yield f"Event {event.position} of the feed, {when}: {event.said}."
    if found.view_age is None:
        yield "The feed was never read by this process."
    else:
        fresh = "fresh" if found.view_fresh else "too old to be trusted"
        age = f"{found.view_age:,.2f} s old and {fresh}"
        yield f"The view of the feed is {age}, at position {found.view_position}."


def _why(asked: str, verdict: Verdict) -> Iterator[str]:
    ruling = verdict.ruling
    words = "" if ruling.accepted else f" ({ruling.reason}; over the wire: {ruling.code})"
    yield f"For {asked}: {verdict.because}{words}"
    for check in verdict.checks:
        if check.outcome is Outcome.FAILED and check.wants:
            yield f"Wanted: {check.wants}." + (f" Found: {check.has}." if check.has else "")


def _verdict(verdict: Verdict) -> dict[str, Any]:
    ruling = verdict.ruling
    return {
        "accepted": ruling.accepted,
        "unavailable": ruling.unavailable,
        "code": ruling.code or None,
        "reason": ruling.reason or None,
        "step": verdict.failed or None,
        "because": verdict.because,
        "steps": [
            {"step": c.step, "asks": c.asks, "outcome": c.outcome.value, "wants": c.wants, "has": c.has}
            for c in verdict.checks
        ],
    }


def _key(found: Explanation) -> dict[str, Any] | None:
    key = found.key
    if key is None:
        return None
    since = None if key.since is None else moment(key.since)
    return {"kid": key.kid, "state": key.state, "algorithm": key.algorithm or None, "since": since}


def _session(found: Explanation) -> dict[str, Any] | None:
    row = found.session
    if row is None:
        return None
    return {
        "id": row.id,
        "strategy": row.strategy,
        "generation": row.generation,
        "created_at": moment(row.created),
        "touched_at": moment(row.touched),
        "idle_end": moment(row.ends),
        "absolute_end": moment(row.expires),
    }
