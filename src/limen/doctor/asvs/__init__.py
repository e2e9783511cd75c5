"""OWASP ASVS 5.0.0 read against a configuration: V6, V7, V9, and V10 as far as it applies.

Each requirement has a rule, a function of the settings; what no setting changes is true of every Limen, or of
none. What Limen lacks is said to fail, and what it leaves out on purpose to be not applicable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from limen.doctor.asvs.authentication import AUTHENTICATION
from limen.doctor.asvs.requirement import Requirement, Ruling, Running, Verdict
from limen.doctor.asvs.sessions import SESSIONS
from limen.doctor.asvs.tokens import OAUTH, TOKENS
from limen.settings import Settings, describe, without_password
from limen.settings.table import written

STANDARD = "OWASP ASVS 5.0.0"
LEVELS = (1, 2, 3)
CATALOGUE: tuple[Requirement, ...] = (*AUTHENTICATION, *SESSIONS, *TOKENS, *OAUTH)

__all__ = [
    "CATALOGUE",
    "LEVELS",
    "STANDARD",
    "Judged",
    "Requirement",
    "Ruling",
    "Running",
    "Verdict",
    "judge",
    "met",
]


@dataclass(frozen=True, slots=True)
class Judged:
    """A requirement with what was ruled, and the values that it was ruled by."""

    requirement: Requirement
    ruling: Ruling
    decided: Mapping[str, str]


def judge(running: Running, *, level: int) -> list[Judged]:
    """All requirements up to this level, in their order."""
    asked = (one for one in CATALOGUE if one.level <= level)
    return [Judged(one, one.rule(running), _values(running.settings, one.decided_by)) for one in asked]


def met(judged: Iterable[Judged]) -> bool:
    """Whether none of them fails."""
    return all(one.ruling.verdict is not Verdict.FAIL for one in judged)


def _values(settings: Settings, names: Iterable[str]) -> dict[str, str]:
    table = describe()
    return {name: without_password(written(getattr(settings, name), table[name].kind)) for name in names}
