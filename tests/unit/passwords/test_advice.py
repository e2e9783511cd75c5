"""Strength, breaches and calibration: advice, k-anonymity and proposals, none of which decides or leaks."""

from __future__ import annotations

import hashlib

import pytest

from limen.errors import Misconfigured, Rejected
from limen.passwords import Argon2id, Bcrypt, BreachQuery, strength
from limen.passwords.argon2 import MINIMA
from limen.passwords.calibration import propose

PASSWORD = "correct horse battery staple"


def test_strength_grows_and_knows_the_context() -> None:
    assert strength("password1").score < strength("vT9#kq2L!zR7&pXw").score == 4
    assert strength("adalovelace1815", ["adalovelace1815"]).score == 0
    assert strength("password1").warning
    assert strength("x" * 1_024).score >= 0


def test_strength_of_what_is_no_password_is_rejected() -> None:
    with pytest.raises(Rejected):
        strength("\0")


def test_a_breach_is_asked_by_five_characters_and_found_by_the_rest() -> None:
    digest = hashlib.sha1(PASSWORD.encode()).hexdigest().upper()
    query = BreachQuery.of(PASSWORD)
    assert query.prefix == digest[:5]
    assert digest[5:] not in repr(query)
    query.check([])
    query.check(["0" * 35, digest[5:-1], digest[6:]])
    for known in (digest[5:], digest[5:].lower(), f" {digest[5:]}\r\n"):
        with pytest.raises(Rejected) as caught:
            query.check(["0" * 35, known])
        assert caught.value.code == "password_breached"


def test_A28_a_breach_is_asked_for_the_normal_form() -> None:
    assert BreachQuery.of("e\u0301" * 20) == BreachQuery.of("é" * 20)


def seconds(scheme: Argon2id | Bcrypt) -> float:
    """A machine on which a pass over 1 MiB takes 1 ms, and bcrypt of cost 12 takes 200."""
    if isinstance(scheme, Bcrypt):
        return 0.2 * 2 ** (scheme.cost - 12)
    return scheme.memory_kib * scheme.time_cost / 1_024 / 1_000


@pytest.mark.parametrize("target", [1, 20, 50, 100, 250, 1_000])
def test_a_proposal_is_within_the_target_or_says_that_it_is_not_and_never_too_weak(target: float) -> None:
    found = propose(target, seconds)
    assert isinstance(found[-1].scheme, Bcrypt)
    for one in found:
        assert one.within is (one.milliseconds <= target)
        if isinstance(one.scheme, Argon2id):
            assert one.scheme.memory_kib >= MINIMA[min(one.scheme.time_cost, 3)]
            if one.within and one.scheme.time_cost < 100:
                more = Argon2id(memory_kib=one.scheme.memory_kib, time_cost=one.scheme.time_cost + 1)
                assert seconds(more) * 1_000 > target, "it could have been costlier"
    assert sum(not one.within for one in found[:-1]) <= 1


def test_a_target_of_nothing_is_refused() -> None:
    for target in (0, -1, float("nan")):
        with pytest.raises(Misconfigured):
            propose(target, seconds)
