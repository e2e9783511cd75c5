"""Known devices: who has signed in here before is not slowed down by strangers who guess.

At a sign-in the browser gets a device credential, bound to the address that signed in. Presented at a later
sign-in for the same address, it has a throttle of its own, so ten thousand wrong guesses from elsewhere do
not keep the owner out. It proves nothing else, and signs nobody in.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from limen.ids import Entropy
from limen.secret import Secret

_SHAPE = re.compile(r"[A-Za-z0-9_-]{44}\Z", re.ASCII)
_NONCE_BYTES = 17
_TAG_BYTES = 16


class DeviceSealer:
    """Makes device credentials, `base64url(nonce ‖ tag)`, and recognises them."""

    __slots__ = ("_keys",)

    def __init__(self, secret: Secret) -> None:
        self._keys = secret.derive_all("device credential")

    def seal(self, account_key: str, entropy: Entropy) -> str:
        nonce = entropy(_NONCE_BYTES)
        return urlsafe_b64encode(nonce + _tag(self._keys[0], nonce, account_key)).decode()

    def recognise(self, text: str | None, account_key: str) -> str | None:
        """A name for the device if it once signed in to this address, else None."""
        if text is None or not _SHAPE.match(text):
            return None
        raw = urlsafe_b64decode(text)
        nonce, tag = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        known = [hmac.compare_digest(tag, _tag(key, nonce, account_key)) for key in self._keys]
        return nonce.hex() if any(known) else None


def _tag(key: bytes, nonce: bytes, account_key: str) -> bytes:
    return hmac.digest(key, nonce + account_key.encode(), "sha256")[:_TAG_BYTES]
