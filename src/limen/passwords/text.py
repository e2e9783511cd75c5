"""The text of a password, made one way before anything is done with it."""

from __future__ import annotations

import unicodedata

from limen.errors import Rejected

MAX_BYTES = 1024
"""The longest password in UTF-8 after NFC. Hashing megabytes would be a weapon."""


def normalise(password: str) -> str:
    """The password in NFC (NIST SP 800-63B-4 §3.1.1.2), nothing trimmed and nothing cut.

    Rejected(422, field `password`) if it is empty, longer than 1,024 bytes, or holds a NUL or a lone
    surrogate: bcrypt cannot tell "" from a NUL, and a surrogate has no UTF-8. Twice is the same as once.
    """
    if not password:
        raise _rejected("the password is empty", code="password_empty")
    # Asked before NFC, whose work grows with the square of a run of combining marks. No text has fewer
    # bytes after NFC than two thirds of its code points before, so this refuses only what is too long.
    if len(password) > MAX_BYTES * 3 // 2:
        raise _too_long()
    text = unicodedata.normalize("NFC", password)
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise _malformed() from None
    if "\0" in text:
        raise _malformed()
    if size > MAX_BYTES:
        raise _too_long()
    return text


def _rejected(message: str, *, code: str) -> Rejected:
    return Rejected(message, code=code, status=422, field="password")


def _too_long() -> Rejected:
    return _rejected(f"the password is longer than {MAX_BYTES:,} bytes", code="password_too_long")


def _malformed() -> Rejected:
    return _rejected(
        "the password holds a character that no keyboard types: NUL or a lone surrogate",
        code="password_malformed",
    )
