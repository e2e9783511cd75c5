"""Findings as people and programs get them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from limen.cli.answer import Exit
from limen.lint import Finding, Severity

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTICE: "cyan"}


def found_data(found: Sequence[Finding], **more: Any) -> dict[str, Any]:
    """The findings, and how many of each severity."""
    counts = {severity.value: sum(f.severity is severity for f in found) for severity in Severity}
    return {**more, "findings": [asdict(finding) for finding in found], "counts": counts}


def found_lines(found: Sequence[Finding], *, nothing: str = "nothing found") -> list[str]:
    """Four lines for each: what, why, where it is written, what to do."""
    lines = [] if found else [nothing]
    for finding in found:
        word = click.style(f"{finding.severity:<7}", fg=_COLOURS[finding.severity], bold=True)
        lines += [
            f"{word} {finding.id}: {finding.what}",
            f"        {finding.why} ({finding.section})",
            f"        → {finding.mend}",
        ]
    return lines


def verdict(found: Sequence[Finding]) -> Exit:
    """No, where one of them is an error."""
    return Exit.NO if any(finding.severity is Severity.ERROR for finding in found) else Exit.OK
