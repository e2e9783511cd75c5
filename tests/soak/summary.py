"""What a run was and what came of it, for people."""

from __future__ import annotations

from soak.checker import Finding, Verdict
from soak.history import History, Operation

_SHOWN = 20


def summary(history: History, verdict: Verdict) -> str:
    """Operations, faults, revocations, worst lag, findings."""
    about, promise = history.about, history.promise
    length = _length(history.operations)
    lines = [
        f"store {about.get('store')}{', lossy' if about.get('lossy') else ''}, seed {about.get('seed')}, "
        f"{length:.0f} s, max_staleness {promise.max_staleness:g} s",
        f"operations   {len(history.operations)}: {_listed(verdict.operations)}",
        f"outcomes     {_listed(verdict.outcomes)}",
        f"faults       {len(history.faults)}: {_listed(verdict.faults)}",
        f"revocations  {verdict.revocations} sessions ended for sure; "
        f"{verdict.accepted_after} calls were accepted that began after that",
        f"worst lag    {verdict.worst_lag * 1_000:.1f} ms of {promise.max_staleness * 1_000:g} ms promised",
        f"excused      {verdict.excused} refusals that an unanswered operation or a turned clock explains",
        f"findings     {len(verdict.findings)}",
    ]
    shown = [line for finding in verdict.findings[:_SHOWN] for line in _told(finding)]
    return "\n".join([*lines, *shown])


def _told(finding: Finding) -> list[str]:
    return [f"  {finding.rule}: {finding.sentence}", *(f"    {_line(o)}" for o in finding.operations[-4:])]


def _line(o: Operation) -> str:
    what = f"{o.begin:.3f}-{o.end:.3f} {o.client} {o.kind} at {o.process}: {o.outcome} {o.code}".rstrip()
    return f"{what} (session {o.session or '-'}, {o.strategy or '-'}, generation {o.generation})"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _length(operations: list[Operation]) -> float:
    if not operations:
        return 0.0
    return max(o.end for o in operations) - min(o.begin for o in operations)
