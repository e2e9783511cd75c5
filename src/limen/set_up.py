"""The first administrator: a text that only who sees the console has, good for an hour and for one account.

It is sealed and nowhere kept. That it is good once is the store's doing: it is spent by there being an
administrator, whichever of several such texts was used.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

from limen.clock import Instant, Seconds
from limen.ids import Entropy
from limen.jose import b64
from limen.secret import Secret

SET_UP_LIFETIME: Seconds = 3_600
_TIME_BYTES, _NONCE_BYTES, _TAG_BYTES = 6, 16, 16


class SetUpSealer:
    """Makes the text, `base64url(end ‖ nonce ‖ tag)`, and recognises it, under a key of its own."""

    __slots__ = ("_key",)

    def __init__(self, secret: Secret) -> None:
        self._key = secret.derive("first administrator")

    def seal(self, *, now: Instant, entropy: Entropy) -> str:
        end = int(now + SET_UP_LIFETIME).to_bytes(_TIME_BYTES, "big")
        body = end + entropy(_NONCE_BYTES)
        return urlsafe_b64encode(body + self._tag(body)).rstrip(b"=").decode()

    def is_good(self, text: str, *, now: Instant) -> bool:
        """Whether we sealed it, and its hour is not over."""
        if len(text) > 100:
            return False
        try:
            raw = b64.decode(text)
        except ValueError:
            return False
        body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        ours = len(body) == _TIME_BYTES + _NONCE_BYTES and hmac.compare_digest(tag, self._tag(body))
        return ours and now < int.from_bytes(body[:_TIME_BYTES], "big")

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_TAG_BYTES]
