"""The bodies of the administration's API, as they travel."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from limen.server.shapes import Moment, SessionSeen


class AccountSeen(Struct, frozen=True):
    """One account as an administrator sees it."""

    id: str
    email: str
    name: str
    scope: str
    created_at: Moment
    has_password: bool
    disabled_at: Moment | None = None
    email_verified_at: Moment | None = None


class AccountList(Struct, frozen=True):
    """A page of accounts."""

    accounts: list[AccountSeen]
    after: Annotated[str, Meta(description="what the next page is asked for with; empty: there is none")]


class AccountWhole(Struct, frozen=True):
    """One account and its live sessions, newest first."""

    account: AccountSeen
    sessions: list[SessionSeen]


class EntrySeen(Struct, frozen=True, omit_defaults=True):
    """One entry of the audit log (docs/admin.md)."""

    id: str
    at: Moment
    event: str
    result: str
    actor: str | UnsetType = UNSET
    account: str | UnsetType = UNSET
    session: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    detail: str | UnsetType = UNSET


class EntryList(Struct, frozen=True):
    """A page of the audit log, newest first."""

    entries: list[EntrySeen]
    before: Annotated[str, Meta(description="what the next page is asked for with; empty: there is none")]
