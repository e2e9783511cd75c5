"""Is this Redis still the one that it was? The rule alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from limen.stores.redis.epochs import Adopt, Begin, Fence, Held, Known, Same, judge

HELD = Held(b"3:run-a", 3, 100, 50, 40)
KNOWN = Known(epoch=3, writes=45, fresh=False)


def test_the_same_run_with_nothing_missing_is_the_same() -> None:
    assert judge(HELD, KNOWN, "run-a") == Same()


def test_another_run_with_nothing_missing_is_adopted() -> None:
    assert judge(HELD, KNOWN, "run-b") == Adopt()
    seen = replace(KNOWN, seen=Fence(3, "run-a"), seen_writes=50)
    assert judge(HELD, seen, "run-b") == Adopt()


def test_the_first_of_all_ends_nothing_and_an_empty_one_beside_accounts_does() -> None:
    assert judge(None, Known(0, 0, fresh=True), "run-a") == Begin(1, None)
    assert judge(None, Known(0, 0, fresh=False), "run-a") == Begin(1, "it is empty")
    assert judge(None, Known(3, 45, fresh=True), "run-a") == Begin(4, "it is empty")


@pytest.mark.parametrize("run", ["run-a", "run-b"])
@pytest.mark.parametrize(
    ("held", "known", "epoch"),
    [
        (HELD, replace(KNOWN, epoch=4), 4),
        (HELD, replace(KNOWN, epoch=2), 4),
        (HELD, replace(KNOWN, writes=51), 4),
        (HELD, replace(KNOWN, seen=Fence(3, "run-a"), seen_writes=51), 4),
        (HELD, replace(KNOWN, seen=Fence(3, "run-0"), seen_writes=41), 4),
    ],
    ids=["begun already", "database restored", "older than remembered", "went back", "lost between runs"],
)
def test_whatever_is_missing_begins_a_new_epoch(held: Held, known: Known, epoch: int, run: str) -> None:
    verdict = judge(held, known, run)
    assert isinstance(verdict, Begin)
    assert (verdict.epoch, verdict.why is None) == (epoch, False)


def test_what_was_seen_in_another_epoch_says_nothing() -> None:
    assert judge(HELD, replace(KNOWN, seen=Fence(2, "run-0"), seen_writes=999), "run-a") == Same()


def test_what_was_seen_in_an_earlier_run_is_compared_with_where_this_one_began() -> None:
    assert judge(HELD, replace(KNOWN, seen=Fence(3, "run-0"), seen_writes=40), "run-a") == Same()
