"""The audit log: asked by what happened, to whom, by whom, from where and when; and taken away as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from limen.audit import EVENTS, RESULTS, Entry, Wanted
from limen.clock import Instant
from limen.ids import AccountID, parse
from limen.server.admin.accounts import names
from limen.server.admin.page import administrator, proven, show, stamp
from limen.server.pages.forms import Form, form
from limen.server.pages.render import query
from limen.server.site import Site
from limen.server.wire import Answer, Call
from limen.strategies.base import Identity

FIELDS = ("event", "result", "account", "actor", "source", "since", "until")
EXPORTED = 50_000
"""Entries in one file, the newest: 10 MB. Who wants older ones says until when."""
COLUMNS = ("time", "event", "result", "actor", "account", "session", "source", "detail", "id")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet reckon where it should show."""


async def show_entries(site: Site, call: Call) -> Answer:
    """A page of entries, and the form that narrows them."""
    return await _page(site, call, await administrator(site, call), query(call))


async def _page(site: Site, call: Call, who: Identity, asked: Mapping[str, str]) -> Answer:
    given = {name: asked.get(name, "").strip() for name in FIELDS}
    wanted, wrong = wanted_of(given)
    found = [] if wrong else await site.auth.admin.entries(who, wanted, before=asked.get("before", ""))
    kept = {name: value for name, value in given.items() if value}
    return show(
        site,
        call,
        "log.html",
        status=422 if wrong else 200,
        place="log",
        entries=found,
        names=await names(site.auth.admin, who, found),
        given=given,
        wrong=wrong,
        events=EVENTS,
        results=RESULTS,
        narrowed=bool(kept),
        later=bool(asked.get("before")),
        first=urlencode(kept),
        onward=urlencode({**kept, "before": found[-1].id}) if len(found) >= 50 else "",
        keep=site.auth.settings.audit_keep,
        exported=EXPORTED,
    )


@form(*FIELDS)
async def export(site: Site, call: Call, form: Form) -> Answer:
    """All of them as a file. That it was taken is an entry of its own."""
    who = await proven(site, call)
    wanted, wrong = wanted_of(form)
    if wrong:
        return await _page(site, call, who, form)
    found = await site.auth.admin.export_entries(who, wanted, most=EXPORTED, source=call.source)
    body = io.StringIO()
    table = csv.writer(body, quoting=csv.QUOTE_ALL, lineterminator="\r\n")  # RFC 4180
    table.writerow(COLUMNS)
    async for entry in found:
        table.writerow(row(entry))
    named = f"attachment; filename=audit-{stamp(site.auth.clock.now())[:10]}.csv"
    headers = ((b"content-type", b"text/csv; charset=utf-8"), (b"content-disposition", named.encode()))
    return Answer(200, body.getvalue().encode(), headers)


def row(entry: Entry) -> list[str]:
    """An entry as cells, of which none is a formula: an apostrophe before it makes a spreadsheet show it."""
    cells = (
        stamp(entry.at), entry.event, entry.result, entry.actor, entry.account or "", entry.session or "",
        entry.source, entry.detail, entry.id,
    )  # fmt: skip
    return [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]


def wanted_of(given: Mapping[str, str]) -> tuple[Wanted, str]:
    """Which entries are meant, and the field that means none, if there is one."""
    account = given["account"]
    moments = {}
    for name in ("since", "until"):
        try:
            moments[name] = _moment(given[name])
        except ValueError:
            return Wanted(), name
    if account and not _is_id(account):
        return Wanted(), "account"
    return Wanted(
        event=given["event"],
        result=given["result"],
        actor=given["actor"],
        account=AccountID(account) if account else None,
        source=given["source"],
        **moments,
    ), ""


def _moment(text: str) -> Instant | None:
    """A day, or a day and a time, in UTC where it does not say; ValueError for anything else."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return Instant((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _is_id(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
