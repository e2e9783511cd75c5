"""Weak hashing is weak, says so everywhere, and what it made is replaced elsewhere."""

from __future__ import annotations

import pytest

from limen.errors import Misconfigured
from limen.insecure import WeakHashing
from limen.passwords import Argon2id, Hasher, Matched


def test_what_is_refused_by_its_right_name_needs_this_one() -> None:
    with pytest.raises(Misconfigured, match=r"limen\.insecure\.WeakHashing"):
        Argon2id(memory_kib=8, time_cost=1)
    assert WeakHashing().memory_kib == 8


def test_a_weak_hash_is_verified_by_every_other_scheme_and_called_outdated() -> None:
    weak = Hasher(WeakHashing()).hash("correct horse battery staple")
    strong = Hasher(Argon2id())
    assert strong.verify(weak, "correct horse battery staple") == Matched(outdated=True)
    assert strong.describe(weak).advice[-1] == "it is replaced at the next sign-in"
    assert len(strong.describe(weak).advice) == 2
