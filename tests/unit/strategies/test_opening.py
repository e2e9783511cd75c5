"""Reading a session back: whose it is, of which strategy, and whether it lives (S18, S19, S37, D29)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from limen.clock import Instant
from limen.errors import Denied
from limen.ids import AccountID, SessionID
from limen.sessions import Session, StrategyName
from limen.strategies.opening import living
from support.stores import ABSOLUTE, IDLE, NOW, make_account, make_session

ADA = make_account()
ROW = make_session(ADA)


def reason(row: Session | None, *, now: float = NOW, **asked: object) -> tuple[str | None, list[str]]:
    alarms: list[str] = []
    options = {"sid": ROW.id, "account": ADA.id, "strategy": StrategyName.HYBRID} | asked
    try:
        living(row, now=Instant(now), alarm=alarms.append, **options)  # type: ignore[arg-type]
    except Denied as denied:
        return denied.reason, alarms
    return None, alarms


@pytest.mark.parametrize(
    ("after", "expected"), [(IDLE - 1, None), (IDLE, "idle_lifetime"), (IDLE + 1, "idle_lifetime")]
)
def test_S18_the_idle_end_is_exact(after: float, expected: str | None) -> None:
    assert reason(ROW, now=NOW + after) == (expected, [])


@pytest.mark.parametrize(
    ("after", "expected"), [(ABSOLUTE - 1, None), (ABSOLUTE, "absolute_lifetime"), (1e9, "absolute_lifetime")]
)
def test_S19_the_absolute_end_is_exact_however_active_it_was(after: float, expected: str | None) -> None:
    row = replace(ROW, touched=Instant(NOW + after), ends=Instant(NOW + 2e9))
    assert reason(row, now=NOW + after) == (expected, [])


def test_S23_what_is_not_there_has_ended() -> None:
    assert reason(None) == ("session_gone", [])


def test_D29_the_row_of_another_is_refused_and_rings_a_bell() -> None:
    for asked in ({"sid": SessionID("other")}, {"account": AccountID("other")}):
        found, alarms = reason(ROW, **asked)
        assert found == "row_mixed_up"
        assert alarms == ["the store answered with the row of another session"]
    assert reason(ROW, account=None) == (None, [])


@pytest.mark.parametrize("strategy", [StrategyName.SESSION, StrategyName.JWT])
def test_S37_a_session_of_one_strategy_is_none_of_another(strategy: StrategyName) -> None:
    assert reason(ROW, strategy=strategy) == ("strategy_mismatch", [])
