"""The key ring: who may move when, and that private halves open under their own secret alone."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen import keys
from limen.clock import Instant
from limen.errors import LimenError, Misconfigured, Rejected
from limen.jose import jwk
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, KeyWrap, RotationPolicy, StoredKey, StoredRing
from limen.secret import Secret
from support.stores import NOW

WRAP = KeyWrap(Secret(bytes(range(32))))
POLICY = RotationPolicy(publish_for=300, overlap=905, every=90 * 86_400)
FOUNDED = keys.found(Algorithm.ES256, WRAP, now=NOW)
SPARE = [jwk.generate(Algorithm.ES256) for _ in range(12)]


def fresh(n: int, now: float = NOW) -> StoredKey:
    return keys.stored(SPARE[n], WRAP, KeyState.NEXT, now=Instant(now))


def ring(found: tuple[StoredKey, ...] = FOUNDED, version: int = 1) -> StoredRing:
    return StoredRing(found, version)


def kid(found: StoredRing, state: KeyState) -> str:
    (one,) = found.in_state(state)
    return one.kid


def states(found: tuple[StoredKey, ...]) -> list[str]:
    return sorted(key.state.value for key in found)


def opened(found: StoredRing, *, now: float = NOW) -> keys.KeyRing:
    return keys.open_ring(found, WRAP, POLICY, now=Instant(now))


# -- KeyWrap ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_private_half_opens_under_its_own_secret_alone(algorithm: Algorithm) -> None:
    key = jwk.generate(algorithm)
    stored = keys.stored(key, WRAP, KeyState.ACTIVE, now=NOW)
    assert WRAP.open(stored).to_private_jwk() == key.to_private_jwk()
    with pytest.raises(Misconfigured, match="sealed under another LIMEN_SECRET") as caught:
        KeyWrap(Secret(bytes(range(1, 33)))).open(stored)
    assert caught.value.code == "secret_mismatch"


def test_S06_what_is_stored_holds_no_private_half_and_does_not_show_itself() -> None:
    key = SPARE[0]
    stored = fresh(0)
    assert key.to_private_jwk()["d"].encode() not in stored.sealed
    assert "sealed" not in repr(stored)
    assert fresh(0).sealed != stored.sealed, "a new nonce each time"


def test_every_flipped_bit_of_a_sealed_half_is_noticed() -> None:
    stored = fresh(0)
    for place in range(len(stored.sealed)):
        for bit in range(8):
            sealed = bytearray(stored.sealed)
            sealed[place] ^= 1 << bit
            with pytest.raises(Misconfigured):
                WRAP.open(replace(stored, sealed=bytes(sealed)))


@pytest.mark.parametrize("size", [0, 1, 11, 12, 27, 28])
def test_a_sealed_half_that_was_cut_is_noticed(size: int) -> None:
    with pytest.raises(Misconfigured):
        WRAP.open(replace(fresh(0), sealed=fresh(0).sealed[:size]))


def test_K12_a_sealed_half_is_bound_to_its_id_and_its_algorithm() -> None:
    one, other = fresh(0), fresh(1)
    for swapped in (
        replace(one, sealed=other.sealed),
        replace(one, kid=other.kid),
        replace(one, algorithm=Algorithm.ES384),
        replace(one, algorithm=Algorithm.HS256),
    ):
        with pytest.raises(Misconfigured):
            WRAP.open(swapped)


# -- opening ---------------------------------------------------------------------------------------------


def test_a_ring_has_exactly_one_active_key() -> None:
    active, waiting = FOUNDED
    for broken in ((), (waiting,), (active, replace(waiting, state=KeyState.ACTIVE))):
        with pytest.raises(Misconfigured) as caught:
            opened(ring(broken))
        assert caught.value.code == "key_ring_broken"


def test_K05_what_is_published_is_public_and_what_is_retired_is_not_published() -> None:
    found = ring(
        (*FOUNDED, replace(fresh(0), state=KeyState.RETIRING), replace(fresh(1), state=KeyState.RETIRED))
    )
    open_ = opened(found)
    published = msgspec.json.decode(open_.jwks)["keys"]
    assert {key["kid"] for key in published} == {k.kid for k in (*FOUNDED, fresh(0))}
    assert {member for key in published for member in key} <= {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert set(open_.verifying) == {key["kid"] for key in published}
    assert open_.active.kid == kid(found, KeyState.ACTIVE)
    private = [key.to_private_jwk()["d"] for key in (open_.active, SPARE[0])]
    assert not [d for d in private if d in repr(open_) or d.encode() in open_.jwks]


def test_K05_a_symmetric_key_is_never_published() -> None:
    found = ring(keys.found(Algorithm.HS256, WRAP, now=NOW))
    assert opened(found).jwks == b'{"keys":[]}'
    assert len(opened(found).verifying) == 2


def test_K21_the_tag_of_the_published_set_changes_with_it() -> None:
    one, two = opened(ring()), opened(ring((*FOUNDED, replace(fresh(0), state=KeyState.RETIRING))))
    assert one.etag == opened(ring()).etag != two.etag
    assert one.etag.strip('"').isalnum()


def test_a_rotation_is_due_to_the_second() -> None:
    assert not opened(ring(), now=NOW + POLICY.every - 1).rotation_due
    assert opened(ring(), now=NOW + POLICY.every).rotation_due
    assert not opened(ring(), now=NOW - 365 * 86_400).rotation_due


# -- moving ----------------------------------------------------------------------------------------------


def test_K01_a_key_signs_after_it_was_published_for_long_enough_and_not_a_second_before() -> None:
    with pytest.raises(Rejected, match="try again in 1 s") as caught:
        keys.rotate(ring(), fresh(0), POLICY, now=Instant(NOW + 299))
    assert (caught.value.code, caught.value.http_status) == ("key_not_published", 409)
    after = ring(keys.rotate(ring(), fresh(0), POLICY, now=Instant(NOW + 300)))
    assert kid(after, KeyState.ACTIVE) == kid(ring(), KeyState.NEXT)
    assert kid(after, KeyState.RETIRING) == kid(ring(), KeyState.ACTIVE)
    assert kid(after, KeyState.NEXT) == fresh(0).kid


def test_K01_a_key_is_published_until_its_last_token_is_dead() -> None:
    after = ring(keys.rotate(ring(), fresh(0), POLICY, now=Instant(NOW + 300)))
    old = kid(after, KeyState.RETIRING)
    with pytest.raises(Rejected, match="may live for another 1 s") as caught:
        keys.retire(after, old, POLICY, now=Instant(NOW + 300 + 904))
    assert caught.value.code == "key_in_use"
    assert keys.retire_due(after, POLICY, now=Instant(NOW + 300 + 904)) is None
    done = keys.retire(after, old, POLICY, now=Instant(NOW + 300 + 905))
    assert done == keys.retire_due(after, POLICY, now=Instant(NOW + 300 + 905))
    assert states(done) == ["active", "next", "retired"]


@pytest.mark.parametrize("state", [KeyState.NEXT, KeyState.ACTIVE, KeyState.RETIRED])
def test_only_a_retiring_key_is_retired(state: KeyState) -> None:
    found = ring((*FOUNDED, replace(fresh(0), state=KeyState.RETIRED)))
    with pytest.raises(Rejected) as caught:
        keys.retire(found, kid(found, state), POLICY, now=Instant(NOW + 1e9))
    assert caught.value.code == "key_state"


def test_a_key_that_is_not_there_is_said() -> None:
    for attempt in (
        lambda: keys.retire(ring(), "k", POLICY, now=NOW),
        lambda: keys.compromise(ring(), "k", fresh(0), now=NOW),
    ):
        with pytest.raises(Rejected) as caught:
            attempt()
        assert (caught.value.code, caught.value.http_status) == ("key_unknown", 404)


def test_K02_a_compromised_key_is_out_at_once_and_its_heir_signs_at_once() -> None:
    active, heir = kid(ring(), KeyState.ACTIVE), kid(ring(), KeyState.NEXT)
    after = ring(keys.compromise(ring(), active, fresh(0), now=NOW))
    assert kid(after, KeyState.RETIRED) == active
    assert kid(after, KeyState.ACTIVE) == heir
    assert active not in opened(after).verifying
    with pytest.raises(Rejected) as caught:
        keys.compromise(after, active, fresh(1), now=NOW)
    assert caught.value.code == "key_state"


def test_K02_a_compromised_key_without_an_heir_is_followed_by_the_fresh_one() -> None:
    alone = ring(FOUNDED[:1])
    after = ring(keys.compromise(alone, FOUNDED[0].kid, fresh(0), now=NOW))
    assert kid(after, KeyState.ACTIVE) == fresh(0).kid


def test_K02_a_compromised_key_that_waits_or_retires_lets_the_active_one_sign_on() -> None:
    waiting = ring(keys.compromise(ring(), kid(ring(), KeyState.NEXT), fresh(0), now=NOW))
    assert states(waiting.keys) == ["active", "next", "retired"]
    rotated = ring(keys.rotate(ring(), fresh(1), POLICY, now=Instant(NOW + 300)))
    retired = keys.compromise(rotated, kid(rotated, KeyState.RETIRING), fresh(2), now=NOW)
    assert states(retired) == ["active", "next", "retired"]


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["rotate", "retire", "tend", "compromise"]),
        st.integers(0, 9),
        st.sampled_from([0, 1, 299, 300, 905, 90 * 86_400, -3_600, -365 * 86_400]),
    ),
    max_size=10,
)


@given(MOVES)
def test_K03_K13_K20_whatever_is_done_one_key_signs_none_goes_back_and_none_is_forgotten(
    moves: list[tuple[str, int, float]],
) -> None:
    order = list(KeyState)
    found, now = ring(), float(NOW)
    for n, (move, pick, after) in enumerate(moves):
        now += after
        before = {key.kid: key for key in found.keys}
        name = found.keys[pick % len(found.keys)].kid
        try:
            match move:
                case "rotate":
                    moved = keys.rotate(found, fresh(n, now), POLICY, now=Instant(now))
                case "retire":
                    moved = keys.retire(found, name, POLICY, now=Instant(now))
                case "compromise":
                    moved = keys.compromise(found, name, fresh(n, now), now=Instant(now))
                case _:
                    moved = keys.retire_due(found, POLICY, now=Instant(now)) or found.keys
        except LimenError:
            continue
        found = StoredRing(moved, found.version + 1)
        assert len(found.in_state(KeyState.ACTIVE)) == 1
        assert len({key.kid for key in moved}) == len(moved)
        after_ = {key.kid: key for key in moved}
        assert before.keys() <= after_.keys()
        for kid_, key in before.items():
            assert order.index(after_[kid_].state) >= order.index(key.state)
            if move == "rotate" and key.state is KeyState.NEXT and after_[kid_].state is KeyState.ACTIVE:
                assert now - key.since >= POLICY.publish_for
            if move != "compromise" and key.state is KeyState.RETIRING is not after_[kid_].state:
                assert now - key.since >= POLICY.overlap


def test_K19_a_ring_is_opened_under_an_earlier_secret_and_sealed_under_the_current_one() -> None:
    old, new = Secret(bytes(range(32))), Secret(bytes(range(1, 33)))
    ring = StoredRing(keys.found(Algorithm.ES256, KeyWrap(old), now=NOW), 1)
    assert keys.resealed(ring, KeyWrap(old)) is None
    both = KeyWrap(new.beside(old))
    moved = keys.resealed(ring, both)
    assert moved is not None
    assert [k.kid for k in moved] == [k.kid for k in ring.keys]
    assert [KeyWrap(new).open(k).kid for k in moved] == [k.kid for k in ring.keys]
    assert keys.resealed(StoredRing(moved, 2), both) is None
    with pytest.raises(Misconfigured, match="LIMEN_SECRET_PREVIOUS"):
        KeyWrap(old).open(moved[0])
