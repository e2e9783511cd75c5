"""`limen doctor --asvs`: the standard read against this configuration, as a table and as JSON."""

from __future__ import annotations

import click

from limen.cli.answer import Answer, Exit, Table
from limen.doctor import Observed
from limen.doctor.asvs import STANDARD, Judged, Running, Verdict, judge, met
from limen.errors import LimenError, Misconfigured

_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.APPLICATION: "yellow"}


def audited(seen: Observed, *, level: int) -> Answer:
    """1 where a requirement of this level fails; without a configuration there is nothing to judge."""
    if seen.settings is None:
        raise _unreadable(seen)
    judged = judge(Running(seen.settings, seen.ring), level=level)
    counts = {verdict.value: sum(one.ruling.verdict is verdict for one in judged) for verdict in Verdict}
    data = {
        "standard": STANDARD,
        "level": level,
        "counts": counts,
        "requirements": [_one(judgement) for judgement in judged],
    }
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    lines = [f"{STANDARD}, level {level}, V6, V7, V9 and V10: {said}", *_failing(judged)]
    return Answer(data, lines, _table(judged), Exit.OK if met(judged) else Exit.NO)


def _unreadable(seen: Observed) -> LimenError:
    return seen.unreadable or Misconfigured("there is no configuration to judge")


def _one(judged: Judged) -> dict[str, object]:
    requirement = judged.requirement
    return {
        "id": f"v5.0.0-{requirement.id}",
        "level": requirement.level,
        "requirement": requirement.says,
        "verdict": judged.ruling.verdict.value,
        "reason": judged.ruling.reason,
        "settings": dict(judged.decided),
        "tests": list(requirement.proven_by),
    }


def _table(judged: list[Judged]) -> Table:
    rows = [
        [
            one.requirement.id,
            str(one.requirement.level),
            one.ruling.verdict.value,
            one.requirement.says,
            one.ruling.reason,
            " ".join(f"{name}={value}" for name, value in one.decided.items()),
            " ".join(one.requirement.proven_by) if one.ruling.verdict is Verdict.PASS else "",
        ]
        for one in judged
    ]
    return Table(["id", "level", "verdict", "requirement", "reason", "settings", "tests"], rows)


def _failing(judged: list[Judged]) -> list[str]:
    return [
        f"{click.style(one.ruling.verdict.value, fg=_COLOURS[one.ruling.verdict], bold=True)} "
        f"{one.requirement.id}: {one.ruling.reason}"
        for one in judged
        if one.ruling.verdict in (Verdict.FAIL, Verdict.APPLICATION)
    ]
