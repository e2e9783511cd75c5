"""What an import did or would do, in numbers. Of a single record it tells the line and not what is in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from limen.importing.judge import Planned
from limen.importing.record import Refused

EXAMPLES = 3
"""Lines that are named for each loss."""
REFUSED_MAX = 100
"""Refused lines that are told one by one."""
KINDS_MAX = 100
"""Different roles, columns and reasons that are counted by themselves. Others are counted together."""
OTHERS = "…"


@dataclass(slots=True)
class Tally:
    """How often each of some words came, and where first."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[int]] = field(default_factory=dict)

    def add(self, word: str, line: int) -> None:
        known = word if word in self.counts or len(self.counts) < KINDS_MAX else OTHERS
        self.counts[known] += 1
        seen = self.lines.setdefault(known, [])
        if len(seen) < EXAMPLES:
            seen.append(line)


@dataclass(slots=True)
class Report:
    """Counted record by record, so that a million need no more room than ten."""

    read: int = 0
    new: int = 0
    """Accounts that came, or would."""
    there: int = 0
    """Whose address has an account, which stays as it is."""
    met: int = 0
    """Of those, who did not come by this import: whoever opened that account need not be the same person."""
    met_lines: list[int] = field(default_factory=list)
    moved: int = 0
    """Who came before and has another address since."""
    deleted: int = 0
    """Who came before and was deleted since."""
    refused: int = 0
    refusals: list[Refused] = field(default_factory=list)
    """The first of them."""
    reasons: Tally = field(default_factory=Tally)
    formats: Tally = field(default_factory=Tally)
    """Of the hashes of new accounts."""
    without_password: int = 0
    verified: int = 0
    disabled: int = 0
    admins: int = 0
    scopes: Tally = field(default_factory=Tally)
    unmapped: Tally = field(default_factory=Tally)
    """Roles that become no scope."""
    lost: Tally = field(default_factory=Tally)

    def meet(self, line: int, *, came: bool) -> None:
        """Count one whose address has an account; `came`: by an import from the same source."""
        self.there += 1
        self.met += not came
        if not came and len(self.met_lines) < EXAMPLES:
            self.met_lines.append(line)

    def refuse(self, refused: Refused) -> None:
        self.refused += 1
        self.reasons.add(refused.kind, refused.line)
        if len(self.refusals) < REFUSED_MAX:
            self.refusals.append(refused)

    def add(self, planned: Planned) -> None:
        """Count a new account."""
        account, line = planned.account, planned.line
        self.new += 1
        self.verified += account.verified is not None
        self.disabled += account.disabled is not None
        self.admins += planned.is_admin
        if planned.format:
            self.formats.add(planned.format, line)
        else:
            self.without_password += 1
        for tally, words in (
            (self.scopes, account.scopes), (self.unmapped, planned.unmapped), (self.lost, planned.lost)
        ):  # fmt: skip
            for word in words:
                tally.add(word, line)
