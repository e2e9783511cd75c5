"""Hash, verify whatever was ever stored, and say what should be replaced."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass

from limen.errors import Misconfigured
from limen.ids import Entropy
from limen.passwords import argon2, bcrypt, firebase, pbkdf2, scrypt
from limen.passwords.stored import Format, Limits, Scheme, Stored, UnusableHash
from limen.passwords.text import normalise

_READERS: tuple[Callable[[str], Stored | None], ...] = (
    argon2.read,
    bcrypt.read,
    pbkdf2.read,
    scrypt.read,
    firebase.read,
)
_LONGEST = 1024
"""The characters of a stored hash. What is read here has a few hundred at most."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The password is the one. `outdated`: the hash should be made anew while the password is at hand."""

    outdated: bool


@dataclass(frozen=True, slots=True)
class Mismatched:
    """The password is not the one."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a stored hash says of itself, for people."""

    format: Format
    parameters: dict[str, int | str]
    outdated: bool
    advice: tuple[str, ...]


class Hasher:
    """Makes hashes by one scheme, verifies those of all accepted formats.

    Every method is slow on purpose or cheap: `hash` and `verify` belong in the pool. Passwords are normalised
    here again, so none that is too long or malformed is ever hashed (Rejected).
    """

    def __init__(
        self,
        scheme: Scheme,
        *,
        accept: Collection[Format] = tuple(Format),
        limits: Limits | None = None,
        entropy: Entropy = secrets.token_bytes,
    ) -> None:
        self.scheme = scheme
        self.accept = frozenset(accept) | {scheme.format}
        self.limits = limits or Limits()
        self._entropy = entropy
        try:
            scheme.fits(self.limits)
        except UnusableHash as error:
            raise Misconfigured(f"the password scheme asks for too much: {error}") from error
        self.dummy = self.hash(entropy(32).hex())
        """The hash of a password that nobody knows: verified where there is no account, at the same cost."""

    def hash(self, password: str) -> str:
        """A stored hash of the password by the current scheme."""
        return self.scheme.hash(normalise(password).encode(), self._entropy)

    def verify(self, stored: str, password: str) -> Matched | Mismatched:
        """Whether the password is the one behind `stored`. UnusableHash if `stored` cannot be verified.

        In NFC, or else as it was typed: makers who do not normalise hashed what came (Vietnamese keyboards
        of Windows write no NFC). Both are tried whoever made the hash, or the time would tell who did.
        """
        normal, known = normalise(password), self._read(stored)
        if known.matches(normal.encode()):
            return Matched(outdated=not self.scheme.is_current(known))
        if password != normal and known.matches(password.encode()):
            return Matched(outdated=True)
        return Mismatched()

    def needs_upgrade(self, stored: str) -> bool:
        """Whether the current scheme would write another kind of hash. UnusableHash as for `verify`."""
        return not self.scheme.is_current(self._read(stored))

    def describe(self, stored: str) -> Description:
        """What made it, what it costs, what to do. UnusableHash as for `verify`. Hashes nothing."""
        known = self._read(stored)
        outdated, weakness = not self.scheme.is_current(known), known.weakness()
        advice = [] if weakness is None else [weakness]
        if outdated:
            advice.append("it is replaced at the next sign-in")
        return Description(known.format, known.parameters(), outdated, tuple(advice))

    def _read(self, stored: str) -> Stored:
        known = read(stored)
        if known.format not in self.accept:
            raise UnusableHash(f"hashes of the format {known.format} are not accepted here")
        known.check(self.limits)
        return known


def read(stored: str) -> Stored:
    """A stored hash of any format that is known; UnusableHash for everything else. Ask its `check` next."""
    if not stored or stored.startswith("!"):
        raise UnusableHash("a marker for an account without a password")
    if len(stored) > _LONGEST or not stored.isascii():
        raise UnusableHash(f"longer than {_LONGEST} characters, or not ASCII")
    for reader in _READERS:
        if (known := reader(stored)) is not None:
            return known
    raise UnusableHash("a hash of no format that is known here")
