"""A finding: what was seen, why it matters, how it is mended. The ids are stable, like codes of errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_QUOTED = 60


class Severity(StrEnum):
    """How much a finding matters. The order is that of the members, worst first."""

    ERROR = "error"
    """Somebody can use it today, or it is refused wherever checks are right."""
    WARNING = "warning"
    """It helps somebody who is near, or breaks when something else does."""
    NOTICE = "notice"
    """Worth knowing; may well be meant."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found."""

    id: str
    severity: Severity
    what: str
    why: str
    section: str
    """Where it is written: an RFC or ASVS section."""
    mend: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What there is to say about a kind of finding; `what` has a place in braces for each detail."""

    severity: Severity
    what: str
    why: str
    section: str
    mend: str


Catalogue = Mapping[str, Rule]


def find(catalogue: Catalogue, rule: str, **details: object) -> Finding:
    """The finding of this id; `details` fill the places of its `what`."""
    said = catalogue[rule]
    return Finding(rule, said.severity, said.what.format(**details), said.why, said.section, said.mend)


def quoted(value: object) -> str:
    """A value as it may stand in a sentence: ASCII on one line, and cut."""
    text = ascii(value)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sorted by severity; in the order of finding within one."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))
