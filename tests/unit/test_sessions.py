"""Session credentials: sealed, told apart to the bit, and judged when they are not the head."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen import ids, sessions
from limen.clock import Instant
from limen.errors import Misconfigured
from limen.ids import SessionID
from limen.secret import Secret
from limen.sessions import (
    GRACE_MAX,
    LEEWAY_MAX,
    Lifetimes,
    Presented,
    Replay,
    SameSuccessor,
    Sealer,
    Session,
    Unproven,
    is_head,
    judge_replay,
)
from support.stores import NOW, chance, make_account, make_session

SEALER = Sealer(Secret(bytes(range(32))))
OTHER = Sealer(Secret(bytes(range(1, 33))))
SID = SessionID(ids.uuid7(NOW, chance))
PRESENTED = st.builds(
    Presented,
    st.binary(min_size=16, max_size=16).map(lambda raw: SessionID(ids.from_bytes(raw))),
    st.integers(0, 2**32 - 1),
    st.binary(min_size=16, max_size=16),
)


@given(PRESENTED)
def test_what_is_sealed_opens_to_the_same(presented: Presented) -> None:
    text = SEALER.seal(presented)
    assert len(text) == 64
    assert SEALER.open(text) == presented
    assert OTHER.open(text) is None


def test_every_flipped_bit_of_a_sealed_credential_is_noticed() -> None:
    text = SEALER.seal(SEALER.mint(SID, secrets.token_bytes))
    for place in range(64):
        for bit in range(8):
            flipped = text[:place] + chr(ord(text[place]) ^ (1 << bit)) + text[place + 1 :]
            assert SEALER.open(flipped) is None


def test_S10_no_other_spelling_of_a_credential_opens() -> None:
    text = SEALER.seal(SEALER.mint(SID, secrets.token_bytes))
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in text)
    spellings = [
        "", text[:-1], text + "A", text + "=", text + "\n", " " + text, text + "\0", '"' + text + '"', wide,
        text.swapcase(), text[:32] + "." + text[33:], text.replace("-", "+").replace("_", "/") + " ",
    ]  # fmt: skip
    assert [s for s in spellings if SEALER.open(s) is not None] == []


@given(st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9_-]{64}", fullmatch=True))
def test_S01_no_text_is_an_error_and_none_opens(text: str) -> None:
    assert SEALER.open(text) is None


def test_another_version_is_not_opened_even_if_it_was_sealed() -> None:
    body = SEALER.seal(Presented(SID, 0, bytes(16)))
    raw = bytearray(base64.urlsafe_b64decode(body))
    raw[0] = 2
    raw[37:] = sessions._tag(SEALER._tag_keys[0], bytes(raw[:37]))
    assert SEALER.open(base64.urlsafe_b64encode(bytes(raw)).decode()) is None


def test_S04_ten_thousand_first_credentials_differ_in_all_their_bits() -> None:
    minted = [SEALER.mint(SID, secrets.token_bytes).secret for _ in range(10_000)]
    assert len(set(minted)) == 10_000
    for bit in range(128):
        ones = sum(secret[bit // 8] >> bit % 8 & 1 for secret in minted)
        assert 4_600 < ones < 5_400, "eight standard deviations"


@given(PRESENTED)
def test_R02_there_is_one_successor_whoever_asks_and_it_is_another(presented: Presented) -> None:
    successor = SEALER.successor(presented)
    assert successor == Sealer(Secret(bytes(range(32)))).successor(presented)
    assert successor.sid == presented.sid
    assert successor.secret != presented.secret
    assert successor.generation == min(presented.generation + 1, 2**32 - 1)
    assert OTHER.successor(presented).secret != successor.secret


def test_R15_a_chain_of_10_000_never_meets_itself() -> None:
    head, seen = SEALER.mint(SID, secrets.token_bytes), set()
    for n in range(10_000):
        assert head.generation == n
        seen.add(head.secret)
        head = SEALER.successor(head)
    assert len(seen) == 10_000


def test_S06_a_digest_says_nothing_of_the_secret_and_neither_does_a_repr() -> None:
    presented = SEALER.mint(SID, secrets.token_bytes)
    assert len(presented.digest) == 32
    assert presented.secret not in presented.digest
    assert presented.secret.hex() not in repr(presented)
    assert repr(presented.secret) not in repr(presented)


# -- judge_replay ----------------------------------------------------------------------------------------


def lineage(length: int, *, at: float = NOW) -> tuple[list[Presented], Session]:
    """Credentials in order, the last of which is the head, which it became `at`."""
    credentials = [SEALER.mint(SID, chance)]
    for _ in range(length):
        credentials.append(SEALER.successor(credentials[-1]))
    row = make_session(make_account(), id=SID, digest=credentials[-1].digest, generation=length)
    return credentials, replace(row, rotated=Instant(at))


def judged(presented: Presented, head: Session, *, now: float = NOW, grace: float = 10) -> object:
    successor = SEALER.successor(presented).digest
    return judge_replay(head, presented, successor, now=Instant(now), grace=grace)


@pytest.mark.parametrize("grace", [0, 1, 10, 30, 300])
def test_R05_the_grace_is_exact(grace: float) -> None:
    (_, spent, _), head = lineage(2)
    for after, expected in ((-1, SameSuccessor), (0, Replay), (1, Replay)):
        if grace + after >= 0:
            assert isinstance(judged(spent, head, now=NOW + grace + after, grace=grace), expected)


def test_R05_a_grace_of_nothing_forgives_nobody() -> None:
    (spent, _), head = lineage(1)
    assert judged(spent, head, grace=0) == Replay()


def test_R04_whoever_is_two_behind_is_a_thief_or_was_robbed_even_within_the_grace() -> None:
    credentials, head = lineage(5)
    for spent in credentials[:-2]:
        assert judged(spent, head, grace=GRACE_MAX) == Replay()


def test_R15_an_ancestor_of_10_000_generations_ago_is_found_out() -> None:
    credentials, head = lineage(10_000)
    for spent in (credentials[0], credentials[5_000], credentials[9_998]):
        assert judged(spent, head) == Replay()
    assert judged(credentials[9_999], head) == SameSuccessor()


@pytest.mark.parametrize("behind", [0.001, 300, 3_600, 10 * 365 * 86_400])
def test_S21_a_rotation_that_seems_to_lie_ahead_was_just_now(behind: float) -> None:
    (spent, _), head = lineage(1)
    assert judged(spent, head, now=NOW - behind) == SameSuccessor()


def test_what_was_not_of_this_lineage_changes_nothing() -> None:
    _, head = lineage(3)
    forged = [Presented(SID, generation, chance(16)) for generation in (2, 3, 4, 2**32 - 1)]
    assert [judged(one, head) for one in forged] == [Unproven()] * 4


def test_a_forged_ancestor_could_only_be_made_by_us_and_is_a_replay() -> None:
    _, head = lineage(3)
    assert judged(Presented(SID, 1, chance(16)), head) == Replay()


@given(st.integers(0, 6), st.integers(0, 6), st.floats(-1_000, 1_000), st.integers(0, 300))
def test_the_head_itself_and_what_comes_after_it_are_never_a_replay(
    length: int, which: int, after: float, grace: int
) -> None:
    credentials, head = lineage(length)
    shown = credentials[min(which, length)]
    verdict = judged(shown, head, now=NOW + after, grace=grace)
    if shown.generation >= length:
        assert verdict == Unproven()
    elif shown.generation == length - 1 and max(after, 0) < grace:
        assert verdict == SameSuccessor()
    else:
        assert verdict == Replay()


@given(st.integers(0, 3), st.integers(0, 3))
def test_only_the_head_is_the_head(length: int, which: int) -> None:
    credentials, head = lineage(length)
    assert is_head(head, credentials[min(which, length)]) is (min(which, length) == length)
    assert not is_head(head, replace(credentials[-1], sid=SessionID(ids.uuid7(NOW, chance))))
    assert not is_head(head, replace(credentials[-1], generation=length + 1))
    assert not is_head(head, replace(credentials[-1], secret=chance(16)))


# -- lifetimes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"idle": 0}, {"idle": -1}, {"idle": 10, "absolute": 9}, {"access": 0}, {"access": 86_401},
        {"refresh_grace": -1}, {"refresh_grace": 300.001}, {"touch_every": 0}, {"touch_every": 61},
        {"idle": float("nan")}, {"access": float("nan")}, {"refresh_grace": float("nan")},
        {"touch_every": float("nan")},
    ],
)  # fmt: skip
def test_R05_lifetimes_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(Misconfigured):
        Lifetimes(**options)


@pytest.mark.parametrize("grace", [0, 30, 300])
def test_R05_a_grace_up_to_300_seconds_is_taken(grace: float) -> None:
    assert Lifetimes(refresh_grace=grace).refresh_grace == grace


@given(st.floats(1, 86_400), st.floats(1, 1e7), st.floats(0.1, 60))
def test_a_revocation_is_remembered_longer_than_anything_that_it_covers(
    access: float, idle: float, touch: float
) -> None:
    lifetimes = Lifetimes(access=access, idle=idle, absolute=idle, touch_every=touch)
    assert lifetimes.touch_after <= touch
    assert lifetimes.memory >= access + 2 * LEEWAY_MAX
    assert lifetimes.memory >= lifetimes.touch_after + 2 * LEEWAY_MAX


def test_K19_a_credential_of_an_earlier_secret_is_opened_and_its_successor_is_the_same_everywhere() -> None:
    """In the middle of a replacement two tabs may reach processes that seal under different secrets."""
    old, new = Secret(bytes(range(32))), Secret(bytes(range(1, 33)))
    before, after = Sealer(old.beside(new)), Sealer(new.beside(old))
    text = Sealer(old).seal(before.mint(SID, chance))
    ours, theirs = before.open(text), after.open(text)
    assert ours is not None
    assert theirs is not None
    assert (ours.digest, ours.sealed, theirs.sealed) == (theirs.digest, 0, 1)
    assert before.successor(ours).digest == after.successor(theirs).digest
    fresh = after.seal(after.successor(theirs))
    assert Sealer(new).open(fresh) is not None
    assert Sealer(old).open(fresh) is None
    again = before.open(fresh)
    assert again is not None
    assert before.successor(again).digest == Sealer(new).successor(after.successor(theirs)).digest
