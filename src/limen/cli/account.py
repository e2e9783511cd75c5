"""`limen account …`: what an operator does to accounts. Passwords are asked for or piped in."""

from __future__ import annotations

from typing import Any

import click

from limen.accounts import ADMIN_SCOPE, Account
from limen.auth import Limen
from limen.cli import given
from limen.cli.answer import Answer, Table, VerbGroup, visible
from limen.cli.importing import verb as import_verb
from limen.cli.moments import moment
from limen.cli.opening import with_limen
from limen.cli.revoked import effective
from limen.errors import Rejected
from limen.ids import AccountID, parse

_who = click.argument("who", metavar="EMAIL|ID")


@click.group("account", cls=VerbGroup)
def verb() -> None:
    """Add, import, show, disable, enable and delete accounts; set passwords and scopes."""


verb.add_command(import_verb)


@verb.command()
@click.argument("email")
@click.option("--scope", "scopes", multiple=True, help="What it may do; repeat for several.")
@click.option("--admin", is_flag=True, help="It may open the administration.")
@click.option("--verified", is_flag=True, help="You know that the address is theirs: it needs no proof.")
@click.option("--no-password", is_flag=True, help="It cannot sign in by password.")
@given.asks_password(unless="no_password")
@with_limen(makes=True)
async def add(
    auth: Limen,
    email: str,
    scopes: tuple[str, ...],
    admin: bool,
    verified: bool,
    no_password: bool,
    password: str | None,
) -> Answer:
    """Add an account. The password is asked for."""
    wanted = scopes or auth.settings.default_scopes
    everything = (*wanted, ADMIN_SCOPE) if admin else wanted
    made = await auth.add_account(email, password, scopes=everything, verified=verified)
    return Answer(_data(made), [f"added {visible(made.email)} as {made.id}"])


@verb.command(name="list")
@click.option("--after", metavar="ID", help="Go on after this account.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at most."
)
@with_limen()
async def list_accounts(auth: Limen, after: str | None, limit: int) -> Answer:
    """List accounts, oldest first."""
    found = await auth.store.accounts(after=None if after is None else _id(after), limit=limit)
    following = found[-1].id if len(found) == limit else None
    rows = [[a.id, visible(a.email), " ".join(a.scopes), _state(a), moment(a.created) or ""] for a in found]
    lines = [] if following is None else ["", f"go on with --after {following}"]
    return Answer(
        {"accounts": [_data(one) for one in found], "next": following},
        lines,
        Table(["id", "email", "scopes", "state", "created"], rows),
    )


@verb.command()
@_who
@with_limen()
async def show(auth: Limen, who: str) -> Answer:
    """Show one account and how many sessions it has."""
    found = await auth.find_account(who)
    sessions = await auth.store.sessions_of(found.id, now=auth.clock.now())
    data = {**_data(found), "sessions": len(sessions)}
    return Answer(data, [f"{name}: {_spelled(value)}" for name, value in data.items()])


@verb.command()
@_who
@with_limen()
async def disable(auth: Limen, who: str) -> Answer:
    """Let nobody sign in to it, and end its sessions."""
    found = await auth.find_account(who)
    return effective(auth, await auth.disable_account(found), f"disabled {found.id}", account=found.id)


@verb.command()
@_who
@with_limen()
async def enable(auth: Limen, who: str) -> Answer:
    """Let it sign in again. Its old sessions stay ended."""
    found = await auth.find_account(who)
    await auth.enable_account(found)
    return Answer({"account": found.id, "disabled_at": None}, [f"enabled {found.id}"])


@verb.command()
@_who
@given.asks_whether("Delete {who} and all its sessions?")
@with_limen()
async def delete(auth: Limen, who: str) -> Answer:
    """Remove it and all its sessions."""
    found = await auth.find_account(who)
    return effective(auth, await auth.delete_account(found), f"deleted {found.id}", account=found.id)


@verb.command()
@_who
@given.asks_password()
@with_limen()
async def set_password(auth: Limen, who: str, password: str) -> Answer:
    """Replace its password, end its sessions, and open a sign-in that wrong guesses had shut."""
    found = await auth.find_account(who)
    ended = await auth.set_password(found, password)
    return effective(auth, ended, f"password of {found.id} set; its sessions are ended", account=found.id)


@verb.command()
@_who
@with_limen()
async def reset_link(auth: Limen, who: str) -> Answer:
    """Have a link sent to its owner that sets a new password. It is shown to nobody here."""
    found = await auth.find_account(who)
    await auth.recovery.send_reset_link(found)
    await auth.recovery.send_letters()
    said = f"a letter with a link goes to {visible(found.email)}"
    return Answer({"account": found.id, "written_to": found.email}, [said])


@verb.command()
@_who
@click.argument("scopes", nargs=-1)
@click.option("--none", "nothing", is_flag=True, help="Take all scopes from it.")
@with_limen()
async def scopes(auth: Limen, who: str, scopes: tuple[str, ...], nothing: bool) -> Answer:
    """Set what it may do. Its sessions are narrowed at once, and never widened."""
    if bool(scopes) is nothing:
        raise click.UsageError("Name the scopes that it shall have, or say --none.")
    found = await auth.find_account(who)
    changed = await auth.set_scopes(found, scopes)
    said = f"{found.id} may: {' '.join(sorted(set(scopes))) or 'nothing'}"
    return effective(auth, changed, said, account=found.id, scopes=sorted(set(scopes)))


def _data(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "email": account.email,
        "email_verified_at": moment(account.verified),
        "name": account.name,
        "scopes": list(account.scopes),
        "created_at": moment(account.created),
        "disabled_at": moment(account.disabled),
        "has_password": account.password is not None,
    }


def _state(account: Account) -> str:
    if account.disabled is not None:
        return "disabled"
    return "enabled" if account.password is not None else "no password"


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "–"
    return visible(" ".join(value) if isinstance(value, list) else str(value))


def _id(text: str) -> AccountID:
    try:
        return AccountID(parse(text))
    except ValueError as error:
        raise Rejected(f"--after takes an id: {error}", code="id_malformed", status=422) from error
