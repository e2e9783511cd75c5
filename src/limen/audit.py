"""The audit log: who did what, on whom, from where, with what result. Its entries, and which are wanted.

An entry holds ids and fixed words, never an address that was typed and never a secret, so that it may be kept
for as long as the law wants it and read by whoever has to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import NewType

import msgspec

from limen.clock import Instant
from limen.ids import AccountID, SessionID

EntryID = NewType("EntryID", str)

EVENTS: Mapping[str, str] = {
    "register": "somebody registered; `taken`: the address had an account already",
    "sign_in": "somebody signed in, or was denied, or told to wait",
    "factor": "a further factor of a sign-in was not proven",
    "step_up": "somebody signed in proved again who they are",
    "refresh": "a session was refreshed; kept only where that was denied",
    "replay": "a spent refresh credential was presented: its session was ended",
    "sign_out": "somebody ended the session at hand",
    "end_session": "the owner ended another session of theirs",
    "end_other_sessions": "the owner ended all sessions but one",
    "sign_out_everywhere": "all sessions of an account were ended",
    "change_password": "the owner replaced the password",
    "proof": "somebody signed in did not prove the password that an act asked for",
    "forgot_password": "somebody asked for a link that sets a new password; `denied`: no such account",
    "reset_link_sent": "an operator had such a link sent to the owner",
    "reset_password": "the owner set a new password by a link",
    "send_verification": "a link that proves the address was sent again",
    "verify_email": "the owner proved the address",
    "change_email_asked": "the owner asked for another address",
    "change_email": "the address was changed; `unfinished`: one side has agreed",
    "name_set": "the owner chose how to be called",
    "export": "the owner took a copy of all that is kept",
    "account_added": "an operator made an account",
    "import_begun": "an operator began to bring accounts from elsewhere",
    "import_done": "those accounts are there; the detail says how many",
    "account_viewed": "an administrator looked at one account whole",
    "account_disabled": "nobody may sign in to the account any more",
    "account_enabled": "people may sign in to the account again",
    "account_deleted": "the account was removed",
    "password_set": "an operator replaced the password, at the command line",
    "scopes_set": "what the account may do was set",
    "session_ended_by_operator": "an operator or administrator ended one session",
    "session_revoked_by_client": "another service had a session ended",
    "session_replaced": "a browser that had a session signed in anew",
    "client_denied": "somebody posed as a client of this server",
    "key_rotated": "the next key signs from now on",
    "key_retired": "a key is published no longer",
    "key_compromised": "nothing that the key signed is accepted any more",
    "explain": "somebody was told to wait who asked why credentials are refused",
    "restored": "an operator restored a backup: all sessions ended, all signing keys were replaced",
    "audit_exported": "an administrator took entries of this log away",
    "audit_gap": "entries were not kept: the store was away for too long. The lines of the log have them",
}
"""Every event and what it says. A test finds each word that is recorded in here."""

RESULTS: Mapping[str, str] = {
    "ok": "it was done",
    "denied": "it was not",
    "throttled": "nothing was looked at: too many attempts",
    "unfinished": "a further factor is asked for; nothing was opened",
    "taken": "there was one already, and whoever asked was not told",
    "lost": "of the log itself",
}

OPERATOR = "operator"
"""Whoever has the command line."""
SYSTEM = "system"
"""Limen itself: what is due is done by whichever process comes first."""
CLIENT = "client:"
"""Before the id of another service."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log. Made by `audit_log.AuditLog`."""

    id: EntryID
    """A UUIDv7: entries sort by it, and it tells when."""
    at: Instant
    event: str
    result: str = "ok"
    actor: str = ""
    """Who did it: the id of an account, OPERATOR, SYSTEM or CLIENT and an id; empty: nobody knows."""
    account: AccountID | None = None
    """On whom."""
    session: SessionID | None = None
    """Which session it was about."""
    source: str = ""
    """The address that it came from."""
    detail: str = ""
    """What else there is to know, in few fixed words: a key's id, scopes, how many."""

    @property
    def by_another(self) -> bool:
        """Whether somebody did this to an account that is not their own."""
        return bool(self.actor) and self.actor not in (self.account, SYSTEM)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where."""

    name: str
    source: str = ""


THE_OPERATOR = Actor(OPERATOR)
THE_SYSTEM = Actor(SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are wanted: everything that is given must fit."""

    event: str = ""
    result: str = ""
    actor: str = ""
    account: AccountID | None = None
    source: str = ""
    since: Instant | None = None
    """At this moment or later, to the millisecond."""
    until: Instant | None = None
    """Before this moment, to the millisecond."""

    def fits(self, entry: Entry) -> bool:
        """Whether the entry is wanted, its moment apart: that is in its id."""
        return (
            self.event in ("", entry.event)
            and self.result in ("", entry.result)
            and self.actor in ("", entry.actor)
            and self.account in (None, entry.account)
            and self.source in ("", entry.source)
        )


def clean(text: str, *, most: int) -> str:
    """Text that breaks neither a line nor a table: printable ASCII, cut at `most` characters of what came."""
    seen = text[:most].encode("ascii", "backslashreplace").decode()
    return "".join(c if " " <= c <= "~" else f"\\x{ord(c):02x}" for c in seen)


def line(entry: Entry) -> str:
    """The entry as one JSON object without line breaks; what is not known is left out."""
    known = {name: value for name, value in asdict(entry).items() if value not in ("", None)}
    known["at"] = round(entry.at, 3)
    return msgspec.json.encode(known).decode()
