"""Base64url without padding (RFC 7515 §2), read so strictly that every value has exactly one text.

The decoders of the standard library skip what they do not know and ignore stray bits at the end, so that
many texts stand for the same bytes. Here a text is taken only if encoding its bytes gives the same text.
"""

from __future__ import annotations

from binascii import b2a_base64

import msgspec

_TO_URL = bytes.maketrans(b"+/", b"-_")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# What is not in the alphabet, `+`, `/` and `=` of the other one included, becomes a character of none.
_FROM_URL = bytes(b"*+/"[1 + b"-_".find(c)] if c not in _ALPHABET[:62] else c for c in range(256))
# By length modulo 4: the padding in quotes, and the last characters that leave no stray bits (RFC 4648 §3.5).
_QUOTED = (b'"%b"', b'"%b*"', b'"%b=="', b'"%b="')
_LAST: tuple[frozenset[int], ...] = (
    frozenset(_ALPHABET),
    frozenset(),
    frozenset(b"AQgw"),
    frozenset(b"AEIMQUYcgkosw048"),
)

# msgspec reads the base64 of a JSON string in half the time that binascii takes.
_read = msgspec.json.Decoder(bytes).decode


def encode(raw: bytes) -> str:
    """The text of `raw`."""
    return encode_bytes(raw).decode()


def encode_bytes(raw: bytes) -> bytes:
    """The same as ASCII bytes."""
    return b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_URL)


def decode(text: str | bytes) -> bytes:
    """The bytes of `text`; ValueError unless it is exactly what `encode` makes of them."""
    given = text.encode("ascii") if isinstance(text, str) else text
    if not given:
        return b""
    rest = len(given) & 3
    if given[-1] not in _LAST[rest]:
        raise ValueError("not canonical base64url")
    # Most text needs no translation: ASCII has the bits of `-` and `_` in `>`, `?`, `~` and DEL only.
    standard = given if given.isalnum() else given.translate(_FROM_URL)
    return _read(_QUOTED[rest] % standard)
