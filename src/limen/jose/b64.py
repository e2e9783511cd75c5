"""Base64url without padding (RFC 7515 §2), read so strictly that every value has exactly one text.

The decoders of the standard library skip what they do not know and ignore stray bits at the end, so that
many texts stand for the same bytes. Here a text is taken only if encoding its bytes gives the same text.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64

_TO_URL = bytes.maketrans(b"+/", b"-_")
# `+`, `/` and `=` are of the other alphabet: they become a character that no alphabet has.
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/***")
_PADDING = (b"", b"*", b"==", b"=")


def encode(raw: bytes) -> str:
    """The text of `raw`."""
    return b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_URL).decode()


def encode_bytes(raw: bytes) -> bytes:
    """The same as ASCII bytes."""
    return b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_URL)


def decode(text: str | bytes) -> bytes:
    """The bytes of `text`; ValueError unless it is exactly what `encode` makes of them."""
    given = text.encode("ascii") if isinstance(text, str) else text
    standard = given.translate(_FROM_URL) + _PADDING[len(given) & 3]
    raw = a2b_base64(standard)
    if b2a_base64(raw, newline=False) != standard:
        raise ValueError("not canonical base64url")
    return raw
