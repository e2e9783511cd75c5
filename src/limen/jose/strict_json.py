"""JSON as RFC 8259 has it and nothing beside: what two parsers could read in two ways is refused.

Python's own parser takes the last of two equal names, NaN, bytes of any Unicode encoding and halves of
surrogate pairs; each has let somebody say one thing to the one who checks and another to the one who acts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Never


class DuplicateNameError(ValueError):
    """An object has two members of one name."""


def loads(raw: bytes) -> Any:
    """The value that `raw` is in UTF-8; ValueError (or its DuplicateNameError) if it is none.

    Numbers beyond a double and integers of thousands of digits are none; nor is what is nested more deeply
    than the interpreter's recursion allows.
    """
    text = raw.decode("utf-8")
    try:
        value = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is no character
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def load_object(raw: bytes) -> dict[str, Any]:
    """The same where only an object will do."""
    value = loads(raw)
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - of the input, not of an argument
    return value


def _object(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise DuplicateNameError("a name occurs twice in one object")
    return made


def _constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


def _float(text: str) -> float:
    value = float(text)
    if value in (_INFINITE, -_INFINITE):
        raise ValueError("a number beyond what a double holds")
    return value


_INFINITE = float("inf")
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
