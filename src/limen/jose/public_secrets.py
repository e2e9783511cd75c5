"""Secrets that stand in public lists: in tutorials, in templates, in the defaults of products.

`public_secrets.bin` is a sorted table of the first eight bytes of their SHA-256. It holds only those that are
long enough to pass the check of length, as their text and as the bytes that the text is in base64 or hex; the
rest is refused for its length. It is read when a secret is imported, and not kept.
"""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.resources import files

_WIDTH = 8
_LEAST_BYTES = 32


def contains(secret: bytes) -> bool:
    """Whether `secret` is known to everybody."""
    return holds(files(__package__).joinpath("public_secrets.bin").read_bytes(), secret)


def holds(table: bytes, secret: bytes) -> bool:
    """Whether `secret` is in a table that `tabulate` made."""
    wanted = _fingerprint(secret)
    row = bisect_left(range(len(table) // _WIDTH), wanted, key=lambda i: table[i * _WIDTH : (i + 1) * _WIDTH])
    return table[row * _WIDTH : (row + 1) * _WIDTH] == wanted


def tabulate(secrets: Iterable[bytes]) -> bytes:
    """The table of the secrets in a list."""
    forms = {form for secret in secrets for form in _forms(secret) if len(form) >= _LEAST_BYTES}
    return b"".join(sorted(_fingerprint(form) for form in forms))


def _forms(secret: bytes) -> Iterator[bytes]:
    """The bytes that somebody who copied this text may have made their key of."""
    yield secret
    if len(secret) < _LEAST_BYTES:
        return
    unpadded = secret.rstrip(b"=").translate(bytes.maketrans(b"+/", b"-_"))
    with suppress(ValueError):
        yield bytes.fromhex(secret.decode("ascii"))
    with suppress(ValueError):
        yield base64.b64decode(unpadded + b"=" * (-len(unpadded) % 4), altchars=b"-_", validate=True)


def _fingerprint(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()[:_WIDTH]
