"""How hard a password is to guess, as advice while somebody types a new one. It never decides.

zxcvbn is imported when it is asked for; it comes with `limen[server]`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from limen.errors import Misconfigured
from limen.passwords.text import normalise

_LOOKED_AT = 72
"""zxcvbn's work grows faster than its input, and it refuses more."""


@dataclass(frozen=True, slots=True)
class Strength:
    """0 (guessed at once) to 4 (not guessed), what is wrong, and what would help; for people, in English."""

    score: int
    warning: str
    suggestions: tuple[str, ...]


def strength(password: str, context: Collection[str] = ()) -> Strength:
    """What zxcvbn says of it, its first 72 characters. Milliseconds to a tenth of a second: not for a loop.

    Rejected for what is no password; Misconfigured where zxcvbn is not installed.
    """
    try:
        from zxcvbn import zxcvbn
    except ImportError as error:
        raise Misconfigured("zxcvbn is not installed: pip install 'limen[server]'") from error
    said = zxcvbn(normalise(password)[:_LOOKED_AT], user_inputs=[word for word in context if word])
    feedback = said["feedback"]
    return Strength(int(said["score"]), str(feedback["warning"] or ""), tuple(feedback["suggestions"]))
