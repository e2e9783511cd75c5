"""What administration shows: pages of accounts, one account whole, the feed, the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from limen.accounts import Account
from limen.audit import Entry
from limen.clock import Seconds
from limen.sessions import Session
from limen.settings import Settings, describe, without_password
from limen.settings.table import Kind, written


@dataclass(frozen=True, slots=True)
class Found:
    """A page of accounts, and after what the next one begins; empty: there is none."""

    accounts: tuple[Account, ...]
    after: str

    @classmethod
    def of(cls, found: Sequence[Account], limit: int, place: Callable[[Account], str]) -> Self:
        """Of one account more than the page has room for, if there is one."""
        shown = tuple(found[:limit])
        return cls(shown, place(shown[-1]) if len(found) > limit else "")


@dataclass(frozen=True, slots=True)
class Count:
    """`number`, or more than that."""

    number: int
    more: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """One account, its live sessions, the newest entries about it."""

    account: Account
    sessions: tuple[Session, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class FeedNow:
    """The feed as one process sees it."""

    position: int
    age: Seconds
    """Since the read that this view is of was sent."""
    remembered: int
    """Events in memory that still cover something."""
    missed: int
    """How often events were over before they came."""
    minutes: list[int]
    """Events of each of the last sixty minutes, the present one last."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One setting: what it is, what it means, and who said so."""

    name: str
    value: str
    source: str
    means: str
    default: bool


def configuration(settings: Settings, sources: Mapping[str, str]) -> list[Configuration]:
    """Every setting in the order of docs/configuration.md. What is secret is not in it."""
    return [
        Configuration(
            one.name,
            _shown(settings, one.name, one.kind),
            sources.get(one.name, "default"),
            one.means,
            sources.get(one.name, "default") == "default",
        )
        for one in describe().values()
    ]


def _shown(settings: Settings, name: str, kind: Kind) -> str:
    value = getattr(settings, name)
    if kind is Kind.SECRET:
        return "" if value is None else "…"
    return without_password(written(value, kind)) if kind is Kind.TEXT else written(value, kind)
