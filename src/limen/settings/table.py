"""The settings as a table: name, kind, default and meaning of each, read from the record itself."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from functools import cache
from typing import Any, get_args, get_type_hints

from limen.clock import Seconds
from limen.secret import Secret
from limen.settings.record import Settings

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))


class Kind(StrEnum):
    """What a value is."""

    TEXT = "text"
    LIST = "list"
    NUMBER = "number"
    DURATION = "duration"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    SECRETS = "secrets"


_KINDS = {
    str: Kind.TEXT,
    int: Kind.NUMBER,
    Seconds: Kind.DURATION,
    tuple[str, ...]: Kind.LIST,
    tuple[Secret, ...]: Kind.SECRETS,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `default` is as one would write it; empty: nothing."""

    name: str
    variable: str
    kind: Kind
    default: str
    means: str


@cache
def describe() -> dict[str, Setting]:
    """Every setting by its name, in the order of the record."""
    hints = get_type_hints(Settings, include_extras=True)
    found = {}
    for one in fields(Settings):
        # Annotated[kind, meaning]
        kind, means = get_args(hints[one.name])
        known = Kind.SECRET if kind == Secret | None else _KINDS[kind]
        default = "" if one.default in (MISSING, None) else written(one.default, known)
        found[one.name] = Setting(one.name, f"LIMEN_{one.name.upper()}", known, default, means)
    return found


def written(value: Any, kind: Kind) -> str:
    """A value as the environment would hold it."""
    if kind is Kind.SECRETS:
        return ",".join("…" for _ in value)
    if kind is Kind.LIST:
        return ",".join(value)
    if kind is Kind.DURATION:
        return _duration(value)
    return str(value)


def _duration(seconds: Seconds) -> str:
    for unit, size in _UNITS:
        if seconds and seconds % size == 0:
            return f"{seconds // size:.0f}{unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"
