"""For `PASSWORD_HASHERS`: hashes of Limen's that Django's own hashers do not read.

    PASSWORD_HASHERS = [*global_settings.PASSWORD_HASHERS, "limen.django.hashers.LimenHasher"]

Limen's argon2id needs none of this: Django reads it. This is for bcrypt of Limen's kind, and for hashes of
other programs that were imported: they stand in the user's row as `limen$…`.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.hashers import BasePasswordHasher, mask_hash

from limen.errors import Rejected
from limen.passwords import Argon2id, Hasher, Matched, UnusableHash


class LimenHasher(BasePasswordHasher):
    """Verifies whatever Limen verifies. It makes none: put it last."""

    algorithm = "limen"

    def verify(self, password: str, encoded: str) -> bool:
        """Whether the password is the one. A hash that cannot be used is of no password."""
        try:
            return isinstance(_hasher().verify(encoded.removeprefix("limen$"), password), Matched)
        except (UnusableHash, Rejected):
            return False

    def encode(self, password: str, salt: str) -> str:
        """A hash by argon2id, as Limen makes it. It has a salt of its own."""
        return f"limen${_hasher().hash(password)}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """What the hash says of itself."""
        found = _hasher().describe(encoded.removeprefix("limen$"))
        return {"algorithm": self.algorithm, "format": found.format, **found.parameters}

    def safe_summary(self, encoded: str) -> dict[str, Any]:
        """For the admin: nothing to guess by."""
        return {"algorithm": self.algorithm, "hash": mask_hash(encoded[-16:])}

    def must_update(self, encoded: str) -> bool:
        """Django's preferred hasher is another, and replaces it anyhow."""
        return False

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: whatever it costs is in the hash."""

    def salt(self) -> str:
        """Unused, for the hash has its own."""
        return secrets.token_hex(8)


def _hasher() -> Hasher:
    global _made
    if _made is None:
        _made = Hasher(Argon2id())
    return _made


_made: Hasher | None = None
