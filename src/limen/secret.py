"""The one secret of a deployment, and the keys derived from it, each for one purpose.

A value that was signed for one purpose can never be taken for another, because no two purposes share
a key (HKDF-SHA-256, RFC 5869; the purpose is the `info`).

A secret may have others beside it that are still good: what they sealed is opened, and nothing more is sealed
under them. So a secret is replaced while everybody stays signed in.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from typing import Never

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from limen.errors import Misconfigured

MINIMUM_BYTES = 32
_HINT = "make one with: limen key secret"


class Secret:
    """At least 32 random bytes, which show themselves to nobody: not in repr, str, pickle or format."""

    __slots__ = ("__others", "__raw")

    def __init__(self, raw: bytes, others: Iterable[Secret] = ()) -> None:
        if len(raw) < MINIMUM_BYTES:
            raise Misconfigured(
                f"LIMEN_SECRET has {len(raw)} bytes and needs at least {MINIMUM_BYTES}; {_HINT}",
                code="secret_too_short",
            )
        if len(set(raw)) < 8 or raw in (raw + raw)[1:-1]:
            raise Misconfigured(
                f"LIMEN_SECRET repeats itself and is no random value; {_HINT}", code="secret_weak"
            )
        self.__raw = raw
        self.__others = tuple(other for each in others for other in each.every())

    @classmethod
    def generate(cls) -> Secret:
        """A new one, of 32 random bytes."""
        return cls(secrets.token_bytes(MINIMUM_BYTES))

    @classmethod
    def parse(cls, text: str) -> Secret:
        """The secret that `text` carries: base64url as `limen key secret` prints it, else its UTF-8 bytes.

        Bytes of the environment that are no UTF-8, which Python hands on as lone surrogates (PEP 383), are
        those bytes again.
        """
        text = text.strip()
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:  # binascii.Error, or text that is not ASCII
            raw = b""
        return cls(raw if len(raw) >= MINIMUM_BYTES else _bytes(text))

    def beside(self, *others: Secret) -> Secret:
        """This secret, with what the others sealed still good."""
        return Secret(self.__raw, (*self.__others, *others)) if others else self

    def every(self) -> tuple[Secret, ...]:
        """Each alone: the one that seals, then those that are only still good."""
        return (Secret(self.__raw), *self.__others)

    def reveal(self) -> str:
        """The text that `parse` reads. For `limen key secret` and the development file alone."""
        return base64.urlsafe_b64encode(self.__raw).rstrip(b"=").decode()

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """A key of `length` bytes for this purpose and no other."""
        return HKDF(SHA256(), length, salt=None, info=b"limen/1/" + purpose.encode()).derive(self.__raw)

    def derive_all(self, purpose: str, length: int = 32) -> tuple[bytes, ...]:
        """The key of this purpose from each: seal with the first, open with any."""
        return tuple(each.derive(purpose, length) for each in self.every())

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> Never:
        raise TypeError("a Secret is not pickled")


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise Misconfigured(
            f"LIMEN_SECRET holds half a character, which no text file has; {_HINT}", code="secret_weak"
        ) from None
