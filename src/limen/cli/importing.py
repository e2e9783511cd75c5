"""`limen account import`: a look first, and with `--apply` the accounts themselves."""

from __future__ import annotations

import csv
import os
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from limen.auth import Limen
from limen.cli import foreign, given
from limen.cli.answer import Answer, Exit, Verb, visible
from limen.cli.opening import with_limen
from limen.flows.import_accounts import Told
from limen.ids import AccountID
from limen.importing import (
    Options,
    Report,
    Rules,
    Source,
    auth0_hashes,
    hash_config,
    incoming,
)
from limen.importing.report import Tally


@click.command("import", cls=Verb)
@click.argument("file")
@click.option("--from", "source", type=click.Choice([s.value for s in Source]), required=True,
              help="Whose file it is; `file` for any CSV or JSON.")  # fmt: skip
@click.option("--apply", is_flag=True, help="Bring them. Without it nothing is written.")
@click.option("--scope", "roles", multiple=True, metavar="ROLE=SCOPE", help="What a role may do here.")
@click.option("--column", "columns", multiple=True, metavar="OURS=THEIRS", help="With --from file.")
@click.option("--hash-config", metavar="FILE", help="With --from firebase: the project's parameters.")
@click.option("--hashes", metavar="FILE", help="With --from auth0: the export of password hashes.")
@click.option("--table", metavar="NAME", help="Of a SQLite database.")
@click.option("--as", "name", metavar="NAME", help="Tells two sources of the same kind apart.")
@click.option("--keep-ids", is_flag=True, help="Their UUIDs go on as the ids of accounts.")
@click.option("--verified", is_flag=True, help="You know that addresses are theirs of which it does not say.")
@click.option("--drop-hashes", is_flag=True, help="Who has a hash that cannot be verified comes without.")
@click.option("--ids", metavar="FILE", help="Write there which id became which: CSV.")
@with_limen(looks_first=True)
async def verb(auth: Limen, file: str, source: str, apply: bool, ids: str | None, **said: Any) -> Answer:
    """Bring accounts from elsewhere, with password hashes that go on working. `-` is stdin.

    It is a look unless you say --apply. Running it again changes nothing that is there.
    """
    if ids is not None and not apply:
        raise click.UsageError("--ids is written with --apply.")
    _check_place(ids, file)
    kind, options = Source(source), _options(source, said)
    rules = Rules(
        name=said["name"] or source,
        scopes=auth.settings.default_scopes,
        roles=_roles(said["roles"]),
        verified=said["verified"],
        keeps_ids=said["keep_ids"],
        drops_hashes=said["drop_hashes"],
    )
    with foreign.opened(kind, file, table=said["table"]) as rows, _list_of_ids(ids) as told:
        if apply:  # a file that breaks off is refused before anything is written
            deque(incoming(kind, rows(), options), maxlen=0)
        report = await auth.import_accounts(incoming(kind, rows(), options), rules, apply=apply, told=told)
    code = Exit.NO if report.refused else Exit.OK
    return Answer(_data(report, rules, apply=apply), list(_lines(report, apply=apply)), exit=code)


def _options(source: str, said: Mapping[str, Any]) -> Options:
    """What goes with another source is an error, and not left aside."""
    goes_with = (
        ("columns", "--column", "file"),
        ("hash_config", "--hash-config", "firebase"),
        ("hashes", "--hashes", "auth0"),
    )
    for name, option, whose in goes_with:
        if said[name] and source != whose:
            raise click.UsageError(f"{option} goes with --from {whose}.")
    config, hashes = said["hash_config"], said["hashes"]
    return Options(
        columns=dict(map(_pair, said["columns"])),
        hash_config=None if config is None else hash_config(given.text(config)),
        auth0_hashes={} if hashes is None else auth0_hashes(foreign.pieces(hashes)),
    )


def _roles(pairs: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for role, scope in map(_pair, pairs):
        found[role] = (*found.get(role, ()), scope)
    return found


def _pair(text: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not (left and equals and right):
        raise click.UsageError(f"{text!r} is not of the form NAME=NAME.")
    return left, right


def _check_place(ids: str | None, file: str) -> None:
    """The list of ids must not take the place of what it is made of, nor fail once everybody is there."""
    if ids is None:
        return
    if Path(ids).is_dir():
        raise click.UsageError(f"--ids {ids} is a folder: name a file.")
    if Path(ids).exists() and Path(file).exists() and Path(ids).samefile(file):
        raise click.UsageError("--ids would overwrite the file that is imported.")


@contextmanager
def _list_of_ids(path: str | None) -> Iterator[Told]:
    """Takes pairs of ids. The file is there once all of them are in it."""
    if path is None:
        yield lambda _theirs, _ours: None
        return
    draft = Path(f"{path}.part")
    draft.unlink(missing_ok=True)
    try:
        # "x" follows no link: in a folder of everybody's, one may lead to a file of whoever imports.
        with draft.open("x", newline="", encoding="utf-8") as text:
            table = csv.writer(text, lineterminator="\n")
            table.writerow(("theirs", "account"))

            def told(theirs: str, ours: AccountID) -> None:
                if theirs:
                    table.writerow((theirs, ours))

            yield told
        os.replace(draft, path)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


# -- what is said ----------------------------------------------------------------------------------------


def _data(report: Report, rules: Rules, *, apply: bool) -> dict[str, Any]:
    return {
        "applied": apply,
        "source": rules.name,
        "read": report.read,
        "new": report.new,
        "already_there": report.there,
        "not_by_this_import": {"count": report.met, "lines": report.met_lines},
        "there_under_another_address": report.moved,
        "deleted_since": report.deleted,
        "refused": report.refused,
        "refusals": [{"line": one.line, "why": one.why} for one in report.refusals],
        "reasons": dict(report.reasons.counts),
        "password_formats": dict(report.formats.counts),
        "without_password": report.without_password,
        "verified": report.verified,
        "disabled": report.disabled,
        "administrators": report.admins,
        "scopes": dict(report.scopes.counts),
        "roles_without_scope": dict(report.unmapped.counts),
        "lost": [
            {"what": what, "count": count, "lines": report.lost.lines[what]}
            for what, count in report.lost.counts.most_common()
        ],
    }


def _lines(report: Report, *, apply: bool) -> Iterator[str]:
    yield f"{report.new:,} of {report.read:,} {'came' if apply else 'would come'}"
    yield from _made_of(report)
    met = _told_lines(report.met_lines)
    for count, what in (
        (report.there, "have an account already: it stays as it is"),
        (report.met, f"of them did not come by this import (line {met}): see that they are theirs"),
        (report.moved, "came before and have another address since: they stay as they are"),
        (report.deleted, "came before and were deleted since: they do not come again"),
    ):
        if count:
            yield f"{count:,} {what}"
    yield from _refusals(report)
    yield from _told("lost" if apply else "would be lost", report.lost)
    yield from _told("roles that become no scope (--scope ROLE=SCOPE)", report.unmapped)
    if not apply:
        yield "nothing was written: say --apply to bring them"


def _made_of(report: Report) -> Iterator[str]:
    for form, count in report.formats.counts.most_common():
        yield f"  {count:,} with a password hash of the format {form}"
    for count, what in (
        (report.without_password, "without a password"),
        (report.verified, "with a proven address"),
        (report.disabled, "disabled"),
        (report.admins, "administrators"),
    ):
        if count:
            yield f"  {count:,} {what}"
    for scope, count in report.scopes.counts.most_common():
        yield f"  {count:,} may {visible(scope)}"


def _refusals(report: Report) -> Iterator[str]:
    if report.refused:
        yield f"{report.refused:,} refused:"
    for one in report.refusals:
        yield f"  line {one.line:,}: {visible(one.why)}"
    if report.refused > len(report.refusals):
        yield "  and others; all of them by reason:"
        for why, count in report.reasons.counts.most_common():
            yield f"    {count:,}: {visible(why)} (line {report.reasons.lines[why][0]:,} for one)"


def _told(title: str, tally: Tally) -> Iterator[str]:
    if tally.counts:
        yield f"{title}:"
    for what, count in tally.counts.most_common():
        yield f"  {count:,}: {visible(what)} (line {_told_lines(tally.lines[what])})"


def _told_lines(lines: list[int]) -> str:
    return ", ".join(f"{line:,}" for line in lines)
