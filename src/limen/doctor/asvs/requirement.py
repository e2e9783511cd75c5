"""A requirement of the standard, and what can be said of it under one configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from limen.keys import StoredRing
from limen.settings import Settings


class Verdict(StrEnum):
    """What is said of a requirement."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    ABSENT = "not applicable"
    """What it is about does not exist here."""
    APPLICATION = "the application's to answer"


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict with its reason, a sentence without a full stop."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Running:
    """The configuration that is judged; the ring where the database could be asked."""

    settings: Settings
    ring: StoredRing | None = None

    @property
    def strategies(self) -> tuple[str, ...]:
        """All whose credentials are good."""
        return (self.settings.strategy, *self.settings.accept)

    @property
    def stateful(self) -> bool:
        """Whether any of them keeps a session that can be ended."""
        return any(name != "jwt" for name in self.strategies)

    @property
    def pages(self) -> bool:
        """Whether there are pages for people, who come with cookies."""
        return "cookie" in self.settings.transports


Rule = Callable[[Running], Ruling]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement, in a short sentence of our own, and what rules on it."""

    id: str
    level: int
    says: str
    rule: Rule
    decided_by: tuple[str, ...] = ()
    """The settings whose values decide."""
    proven_by: tuple[str, ...] = field(default=())
    """Names of the tests that show that what the rule relies on is so."""


def passes(reason: str) -> Ruling:
    return Ruling(Verdict.PASS, reason)


def fails(reason: str) -> Ruling:
    return Ruling(Verdict.FAIL, reason)


def absent(reason: str) -> Ruling:
    return Ruling(Verdict.ABSENT, reason)


def asks(question: str) -> Ruling:
    return Ruling(Verdict.APPLICATION, question)


def always(ruling: Ruling) -> Rule:
    """The rule of what no setting changes."""
    return lambda running: ruling
