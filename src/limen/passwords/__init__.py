"""Passwords: how they are hashed, how old hashes are read, and which passwords are taken.

Nothing here waits or talks to anybody; hashing is slow on purpose, so run it in `limen.hashing.HashingPool`.
"""

from __future__ import annotations

from limen.passwords.argon2 import Argon2id
from limen.passwords.bcrypt import Bcrypt
from limen.passwords.breach import BreachLookup, BreachQuery
from limen.passwords.calibration import Calibration, calibrate
from limen.passwords.firebase import from_firebase
from limen.passwords.hasher import Description, Hasher, Matched, Mismatched
from limen.passwords.policy import PasswordPolicy
from limen.passwords.stored import Format, Limits, Scheme, UnusableHash
from limen.passwords.strength import Strength, strength
from limen.passwords.text import MAX_BYTES, normalise

__all__ = [
    "MAX_BYTES",
    "Argon2id",
    "Bcrypt",
    "BreachLookup",
    "BreachQuery",
    "Calibration",
    "Description",
    "Format",
    "Hasher",
    "Limits",
    "Matched",
    "Mismatched",
    "PasswordPolicy",
    "Scheme",
    "Strength",
    "UnusableHash",
    "calibrate",
    "from_firebase",
    "normalise",
    "strength",
]
