"""When a revocation takes effect, said as honestly as over HTTP."""

from __future__ import annotations

import math
from typing import Any

from limen.auth import Limen
from limen.cli.answer import Answer
from limen.cli.moments import moment
from limen.lint import spell
from limen.strategies.base import Revoked


def effective(auth: Limen, revoked: Revoked, said: str, **data: Any) -> Answer:
    """The answer to a revocation, rounded up: never earlier than the truth."""
    left = max(math.ceil(revoked.effective - auth.clock.now()), 0)
    at = moment(math.ceil(revoked.effective))
    when = f"in effect everywhere at {at}, {spell(left)} from now" if left else "in effect everywhere now"
    return Answer({**data, "effective_at": at, "effective_in": left}, [said, when])
