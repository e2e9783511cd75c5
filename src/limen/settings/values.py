"""From what was written to a value of the right kind; Misconfigured says how it should have been written."""

from __future__ import annotations

import re
from typing import Any

from limen.clock import Seconds
from limen.errors import Misconfigured
from limen.secret import Secret
from limen.settings.table import Kind, Setting

_NUMBER = re.compile(r"[0-9]{1,15}\Z", re.ASCII)
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(ms|s|m|h|d|)\Z", re.ASCII)
# Of random base64url one in 10⁸ looks so.
_PLACEHOLDER = re.compile(
    r"change.?(?:me|this)|replace.?(?:me|this)|example|placeholder|insecure|your.?secret|my.?secret|xxxxxxxx",
    re.IGNORECASE,
)
_LARGE = 10**15
_UNITS = {"ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3_600, "d": 86_400}


def parse(setting: Setting, value: Any, *, place: str, text: bool = False) -> Any:
    """The value that `setting` gets from this place.

    `text`: from a place that holds nothing but text, such as the environment. There a list is separated by
    commas and a number is its digits.
    """
    try:
        return _READ[setting.kind](value, text)
    except (TypeError, ValueError) as error:
        raise Misconfigured(f"{place}: write {error}") from error


def secret_of(text: str) -> Secret:
    """The secret that `text` carries; Misconfigured if it is an example that somebody left in place (K15)."""
    if _PLACEHOLDER.search(text):
        raise Misconfigured(
            "LIMEN_SECRET is an example and no secret; make one with: limen key secret", code="secret_weak"
        )
    return Secret.parse(text)


def _text(value: Any, text: bool) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    return str(value.strip() if text else value)


def _list(value: Any, text: bool) -> tuple[str, ...]:
    if isinstance(value, str):
        if not text:
            raise TypeError('a list of texts, such as ("one", "other")')
        return tuple(part for part in (part.strip() for part in value.split(",")) if part)
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        raise TypeError("a list of texts")
    return tuple(str(part) for part in value)


def _number(value: Any, text: bool) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGE:
        return value
    if text and isinstance(value, str) and _NUMBER.match(value.strip()):
        return int(value.strip())
    raise ValueError("a whole number")


def _duration(value: Any, text: bool) -> Seconds:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGE:
        return value
    found = _DURATION.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a duration: seconds such as 90, or 15m, 12h, 30d")
    number, unit = found.groups()
    seconds = float(number) * _UNITS[unit]
    return int(seconds) if seconds.is_integer() else seconds


def _secret(value: Any, text: bool) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise TypeError("a Secret, or the text that `limen key secret` prints")
    return secret_of(value)


def _secrets(value: Any, text: bool) -> tuple[Secret, ...]:
    if isinstance(value, str) and text:
        return tuple(secret_of(part) for part in (part.strip() for part in value.split(",")) if part)
    if not isinstance(value, list | tuple):
        raise TypeError("a list of texts that `limen key secret` prints")
    return tuple(_secret(part, text) for part in value)


_READ = {
    Kind.TEXT: _text,
    Kind.LIST: _list,
    Kind.NUMBER: _number,
    Kind.DURATION: _duration,
    Kind.SECRET: _secret,
    Kind.SECRETS: _secrets,
}
