"""Bring accounts from elsewhere: look at each first, then keep them in batches, each whole or not at all.

Nothing that is there is changed. So the same import may run again, be cut off anywhere, and run beside people
who register: what has come is there, what is missing comes.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import TypedDict

from limen.audit import THE_OPERATOR, Actor, Entry, EntryID, Wanted
from limen.flows.parts import Parts
from limen.ids import AccountID
from limen.importing import Incoming, Planned, Refused, Report, Rules, judge

BATCH = 500
"""Accounts that are kept in one step: few enough that nobody who signs in meanwhile waits for long."""
_PAGE = 1_000

Told = Callable[[str, AccountID], None]
"""Takes an id of theirs and the account that it is now."""


Records = Iterable[Incoming | Refused]


class How(TypedDict, total=False):
    """`apply`: whether anything is written. `told`: see Told; also for what is there already."""

    by: Actor
    apply: bool
    told: Told


async def import_accounts(
    parts: Parts,
    records: Records,
    rules: Rules,
    *,
    by: Actor = THE_OPERATOR,
    apply: bool = False,
    told: Told = lambda _theirs, _ours: None,
) -> Report:
    """What came, or without `apply` would come, and what stays behind."""
    report, importer = Report(), _Importer(parts, apply=apply, told=told)
    if apply:
        await parts.record("import_begun", by=by, detail=rules.name)
    importer.deleted = await _deleted(parts)
    batch: list[Planned] = []
    for record in records:
        report.read += 1
        planned = record if isinstance(record, Refused) else _judged(parts, record, rules)
        if isinstance(planned, Planned):
            planned = importer.first_of_its_kind(planned)
        if isinstance(planned, Refused):
            report.refuse(planned)
            continue
        batch.append(planned)
        if len(batch) == BATCH:
            await importer.keep(batch, report)
            batch = []
    await importer.keep(batch, report)
    if apply:
        await parts.record("import_done", by=by, detail=_summary(rules, report))
    return report


def _judged(parts: Parts, record: Incoming, rules: Rules) -> Planned | Refused:
    return judge(record, rules, parts.hasher, now=parts.clock.now())


class _Importer:
    """Remembers what the file has said so far: a number of 64 bits for each address and each id."""

    def __init__(self, parts: Parts, *, apply: bool, told: Told) -> None:
        self._parts, self._apply, self._told = parts, apply, told
        self._seen: dict[int, int] = {}
        self._salt = secrets.token_bytes(16)
        """Nobody can make two addresses whose numbers are the same."""
        self.deleted: frozenset[AccountID] = frozenset()

    def first_of_its_kind(self, planned: Planned) -> Planned | Refused:
        """Refused where an earlier line has the same address, however it is written, or the same id."""
        account, line = planned.account, planned.line
        address, own = self._number("address", account.key), self._number("id", account.id)
        for what, number in (("address", address), ("id", own)):
            if number in self._seen:
                return Refused(line, f"it has the same {what} as line {self._seen[number]:,}")
        self._seen[address] = self._seen[own] = line
        return planned

    def _number(self, kind: str, text: str) -> int:
        made = blake2b(f"{kind} {text}".encode(), digest_size=8, key=self._salt)
        return int.from_bytes(made.digest(), "big")

    async def keep(self, batch: Sequence[Planned], report: Report) -> None:
        """Sort a batch into what is there and what is new, and keep what is new in one step."""
        await asyncio.sleep(0)  # a store that is a file never waits, and whoever says stop must be heard
        new = await self._sorted(batch, report)
        if self._apply and new:
            kept = await self._parts.store.add_accounts([planned.account for planned in new])
            late = [planned for planned in new if planned.account.id not in kept]
            new = [planned for planned in new if planned.account.id in kept]
            # Somebody registered between the look and the step, or even went away again behind it.
            for lost in await self._sorted(late, report):
                report.refuse(Refused(lost.line, "it was in somebody's way just now: run the import again"))
        for planned in new:
            report.add(planned)
            self._told(planned.theirs, planned.account.id)

    async def _sorted(self, batch: Sequence[Planned], report: Report) -> list[Planned]:
        """Those that are new; the others are counted."""
        if not batch:
            return []
        self.deleted |= _removed(await _removals(self._parts))  # and those since this began
        found = await self._parts.store.taken(
            keys=[planned.account.key for planned in batch], ids=[planned.account.id for planned in batch]
        )
        by_key, by_id = {key: account for account, key in found}, {account for account, _ in found}
        new = []
        for planned in batch:
            account = planned.account
            # By id first: since it came, its old address may have become somebody else's.
            if account.id in by_id and by_key.get(account.key) != account.id:
                report.moved += 1
                self._told(planned.theirs, account.id)
            elif account.id in self.deleted:
                report.deleted += 1
            elif account.key in by_key:
                report.meet(planned.line, came=by_key[account.key] == account.id)
                self._told(planned.theirs, by_key[account.key])
            else:
                new.append(planned)
        return new


async def _deleted(parts: Parts) -> frozenset[AccountID]:
    """Accounts whose removal the audit log remembers: another run of an import must not bring them back."""
    gone: set[AccountID] = set()
    before: EntryID | None = None
    while True:
        page = await _removals(parts, before)
        gone |= _removed(page)
        if len(page) < _PAGE:
            return frozenset(gone)
        before = page[-1].id


async def _removals(parts: Parts, before: EntryID | None = None) -> list[Entry]:
    """The newest first."""
    return await parts.store.entries(Wanted(event="account_deleted"), before=before, limit=_PAGE)


def _removed(page: Iterable[Entry]) -> set[AccountID]:
    return {entry.account for entry in page if entry.account is not None}


def _summary(rules: Rules, report: Report) -> str:
    return (
        f"{rules.name}: {report.new} new, {report.admins} of them administrators, "
        f"{report.there + report.moved} there, {report.deleted} deleted, {report.refused} refused"
    )
