"""Asking a deployment whether a credential is good, as one of its requests would, and why."""

from __future__ import annotations

from typing import Any

from limen import explanation
from limen.cli.answer import Answer, Exit, Table
from limen.cli.moments import moment
from limen.errors import Denied
from limen.explanation import Explanation, Verdict


def ask(credential: str, *, database: str | None, config: str | None) -> Answer:
    """The identity behind it, or no; revocations count."""
    from limen.auth import Limen  # only this question needs a store
    from limen.cli.opening import with_limen

    @with_limen()
    async def asked(auth: Limen) -> Answer:
        try:
            who = await auth.authenticate(credential, activity=False)
        except Denied as error:
            return refused(error)
        data: dict[str, Any] = {
            "valid": True,
            "account": who.account,
            "session": who.session,
            "strategy": who.strategy.value,
            "scope": " ".join(sorted(who.scopes)),
            "amr": list(who.amr),
            "authenticated_at": moment(who.authenticated),
            "expires_at": moment(who.expires),
        }
        return Answer(data, ["valid", *(f"{name}: {value}" for name, value in list(data.items())[1:])])

    return asked(database=database, config=config, log_level="error")


def explain(credential: str, *, database: str | None, config: str | None) -> Answer:
    """Why it is accepted or refused, step by step."""
    from limen.auth import Limen
    from limen.cli.opening import with_limen

    @with_limen()
    async def asked(auth: Limen) -> Answer:
        return _explained(await auth.explain(credential))

    return asked(database=database, config=config, log_level="error")


def _explained(found: Explanation) -> Answer:
    verdicts = [("request", found.request), *([("refresh", found.refresh)] if found.refresh else [])]
    rows = [row for asked, verdict in verdicts for row in _rows(asked, verdict)]
    lines = ["", explanation.headline(found), *explanation.sentences(found)]
    ruling = found.request.ruling
    code = Exit.OK if ruling.accepted else Exit.UNAVAILABLE if ruling.unavailable else Exit.NO
    names = ("asked by", "step", "outcome", "wanted", "found")
    return Answer(explanation.data_of(found), lines, Table(names, rows), exit=code)


def _rows(asked: str, verdict: Verdict) -> list[tuple[str, ...]]:
    return [(asked, one.step, one.outcome.value, one.wants, one.has) for one in verdict.checks]


def refused(error: Denied) -> Answer:
    """No, and why."""
    data = {"valid": False, "code": error.code, "reason": error.reason}
    return Answer(data, [f"not valid: {error.message} ({error.reason})"], exit=Exit.NO)
