"""A31: PBKDF2 and scrypt as others write them, made here by the primitive in the documented layout."""

from __future__ import annotations

import base64
import hashlib

import pytest

from limen.insecure import WeakHashing
from limen.passwords import Format, Hasher, Matched, Mismatched, UnusableHash

HASHER = Hasher(WeakHashing())
PASSWORD = "correct horse battery staple"
SECRET, SALT = PASSWORD.encode(), "NaClNaClNaCl"


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def unpadded(raw: bytes) -> str:
    return b64(raw).rstrip("=")


def pbkdf2(function: str, salt: bytes = SALT.encode()) -> bytes:
    return hashlib.pbkdf2_hmac(function, SECRET, salt, 1_000)


def scrypt(salt: bytes = SALT.encode(), *, n: int = 1_024, r: int = 8, size: int = 64) -> bytes:
    return hashlib.scrypt(SECRET, salt=salt, n=n, r=r, p=1, dklen=size, maxmem=1 << 26)


STORED = {
    Format.PBKDF2_DJANGO: f"pbkdf2_sha256$1000${SALT}${b64(pbkdf2('sha256'))}",
    Format.PBKDF2_WERKZEUG: f"pbkdf2:sha512:1000${SALT}${pbkdf2('sha512').hex()}",
    Format.PBKDF2_PASSLIB: "$pbkdf2-sha256$1000${}${}".format(
        *(unpadded(part).replace("+", ".") for part in (SALT.encode(), pbkdf2("sha256")))
    ),
    Format.SCRYPT_DJANGO: f"scrypt$1024${SALT}$8$1${b64(scrypt())}",
    Format.SCRYPT_WERKZEUG: f"scrypt:1024:8:1${SALT}${scrypt().hex()}",
    Format.SCRYPT_PASSLIB: f"$scrypt$ln=10,r=8,p=1${unpadded(SALT.encode())}${unpadded(scrypt(size=32))}",
    Format.SCRYPT_BETTER_AUTH: f"{'0f' * 16}:{scrypt(('0f' * 16).encode(), n=16_384, r=16).hex()}",
}


@pytest.mark.parametrize("form", STORED)
def test_A31_a_foreign_hash_is_verified_described_and_called_outdated(form: Format) -> None:
    stored = STORED[form]
    assert HASHER.verify(stored, PASSWORD) == Matched(outdated=True)
    assert HASHER.verify(stored, PASSWORD + "x") == Mismatched()
    assert HASHER.describe(stored).format is form
    assert HASHER.describe(stored).advice


@pytest.mark.parametrize("form", STORED)
def test_A32_a_digest_that_was_cut_or_stretched_is_unusable(form: Format) -> None:
    stored = STORED[form]
    for broken in (
        stored[:-4],
        stored + "AAAA",
        stored[:-1] + "!",
        stored.replace("$", "$$", 1),
        stored + "\n",
    ):
        if broken == stored:
            continue
        with pytest.raises(UnusableHash):
            HASHER.verify(broken, PASSWORD)


def test_the_empty_digest_of_a_truncated_row_matches_nothing() -> None:
    for form, stored in STORED.items():
        head, separator, _ = stored.rpartition(":" if form is Format.SCRYPT_BETTER_AUTH else "$")
        with pytest.raises(UnusableHash):
            HASHER.verify(head + separator, PASSWORD)
