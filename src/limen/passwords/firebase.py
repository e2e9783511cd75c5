"""Firebase's scrypt: the key derived from the password encrypts the project's signer key; that is the hash.

Firebase keeps the project's parameters outside the hash. `from_firebase` writes them into one string of ours:

    $firebase-scrypt$ln=14,r=8$<salt>$<salt separator>$<signer key>$<hash>

each part in standard base64 without padding. The signer key is the project's and not the account's: with the
hashes it is as secret as they are, without them it is nothing. At the next sign-in the string is replaced.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from limen.passwords.scrypt import checked, derive, too_weak
from limen.passwords.stored import Format, Limits, UnusableHash, decode_base64, encode_base64, sized

_PREFIX = "$firebase-scrypt$"
_TEXT = "([A-Za-z0-9+/]{1,128})"
_FORM = re.compile(
    rf"\$firebase-scrypt\$ln=([1-9][0-9]?),r=([1-9][0-9]{{0,3}})\${_TEXT}\$([A-Za-z0-9+/]{{0,128}})\${_TEXT}\${_TEXT}"
)


@dataclass(frozen=True, slots=True)
class FirebaseHash:
    """A hash out of a Firebase export, with its project's parameters."""

    n: int
    r: int
    salt: bytes
    separator: bytes
    signer_key: bytes
    digest: bytes

    @property
    def format(self) -> Format:
        return Format.SCRYPT_FIREBASE

    def check(self, limits: Limits) -> None:
        limits.scrypt(self.n, self.r, 1)

    def matches(self, secret: bytes) -> bool:
        key = derive(secret, self.salt + self.separator, n=self.n, r=self.r, p=1, size=32)
        encryptor = Cipher(algorithms.AES256(key), modes.CTR(bytes(16))).encryptor()
        return hmac.compare_digest(encryptor.update(self.signer_key), self.digest)

    def parameters(self) -> dict[str, int | str]:
        return {"n": self.n, "r": self.r, "p": 1}

    def weakness(self) -> str | None:
        return too_weak(self.n, self.r, 1)


def from_firebase(
    password_hash: str, salt: str, *, signer_key: str, salt_separator: str, rounds: int, mem_cost: int
) -> str:
    """A stored hash from what `firebase auth:export` and the project's hash parameters say, all as they are.

    UnusableHash if it could never be verified.
    """
    parts = [_spelt_anew(part) for part in (salt, salt_separator, signer_key, password_hash)]
    text = f"{_PREFIX}ln={mem_cost},r={rounds}${'$'.join(parts)}"
    read(text)
    return text


def read(text: str) -> FirebaseHash | None:
    """A hash of our own layout for Firebase; None for anything else, UnusableHash if it is broken."""
    if not text.startswith(_PREFIX):
        return None
    found = _FORM.fullmatch(text)
    if found is None:
        raise UnusableHash("not a well-formed hash of Firebase")
    ln, r, *texts = found.groups()
    salt, separator, signer_key, digest = (decode_base64(part) for part in texts)
    n, r_, _ = checked(1 << int(ln), int(r), 1)
    # CTR makes as many bytes as the signer key has: a short one would accept what it should not.
    size = len(sized(signer_key, "signer key", 16, 96))
    return FirebaseHash(n, r_, salt, separator, signer_key, sized(digest, "hash", size, size))


def _spelt_anew(part: str) -> str:
    """Exports come in either alphabet of base64, with padding or without."""
    text = part.strip().rstrip("=").replace("-", "+").replace("_", "/")
    return encode_base64(decode_base64(text))
