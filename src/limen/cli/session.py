"""`limen session list|revoke`."""

from __future__ import annotations

from typing import Any

import click

from limen.auth import Limen
from limen.cli.answer import Answer, Table, VerbGroup, visible
from limen.cli.moments import moment
from limen.cli.opening import with_limen
from limen.cli.revoked import effective
from limen.sessions import Session


@click.group("session", cls=VerbGroup)
def verb() -> None:
    """List and end sessions."""


@verb.command(name="list")
@click.argument("who", metavar="EMAIL|ID")
@with_limen()
async def list_sessions(auth: Limen, who: str) -> Answer:
    """List the live sessions of an account, newest first. The `jwt` strategy keeps none."""
    account = await auth.find_account(who)
    found = await auth.store.sessions_of(account.id, now=auth.clock.now())
    rows = [[s.id, s.strategy, moment(s.touched) or "", moment(s.ends) or "", visible(s.source),
             visible(s.user_agent)] for s in found]  # fmt: skip
    return Answer(
        {"account": account.id, "sessions": [_data(one) for one in found]},
        [] if found else ["no live session"],
        Table(["id", "strategy", "last seen", "ends", "source", "user agent"], rows) if found else None,
    )


@verb.command()
@click.argument("sid", required=False)
@click.option("--account", "who", metavar="EMAIL|ID", help="End all sessions of this account.")
@with_limen()
async def revoke(auth: Limen, sid: str | None, who: str | None) -> Answer:
    """End one session, or all of an account."""
    if (sid is None) is (who is None):
        raise click.UsageError("Name one session, or --account for all of an account.")
    if sid is not None and "@" in sid:
        raise click.UsageError(f"{sid} is an account: say --account to end all its sessions.")
    if sid is not None:
        return effective(auth, await auth.revoke_session(sid), f"ended {sid}", session=sid)
    account = await auth.find_account(who or "")
    ended = await auth.revoke_sessions(account)
    return effective(auth, ended, f"ended all sessions of {account.id}", account=account.id)


def _data(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "strategy": session.strategy.value,
        "created_at": moment(session.created),
        "last_seen_at": moment(session.touched),
        "ends_at": moment(session.ends),
        "expires_at": moment(session.expires),
        "scopes": list(session.scopes),
        "amr": list(session.amr),
        "rotations": session.generation,
        "source": session.source,
        "user_agent": session.user_agent,
    }
