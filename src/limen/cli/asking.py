"""Asking a deployment whether a credential is good, as one of its requests would."""

from __future__ import annotations

from typing import Any

from limen.cli.answer import Answer, Exit
from limen.cli.moments import moment
from limen.errors import Denied


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


def refused(error: Denied) -> Answer:
    """No, and why."""
    data = {"valid": False, "code": error.code, "reason": error.reason}
    return Answer(data, [f"not valid: {error.message} ({error.reason})"], exit=Exit.NO)
