"""The recommendation follows the needs, and says what it costs."""

from __future__ import annotations

from typing import Any

import pytest

from limen.lab.advice import Advice, Needs, advise
from limen.lab.workload import Prices, Workload
from limen.settings import load
from support.lab import a_run


def advised(work: Workload | None = None, **needs: Any) -> Advice:
    return advise(a_run(), work or Workload(active=2_000, rate=100), Needs(**needs), Prices())


def names(found: Advice, *, fits: bool = True) -> list[str]:
    return [option.estimate.name.partition(" · ")[0] for option in found.options if option.fits is fits]


def test_plain_sessions_are_enough_where_nothing_speaks_against_them() -> None:
    found = advised()
    assert names(found)[0] == "session"
    assert found.headline.startswith("Plain sessions are enough for you")


def test_jwt_does_not_fit_where_a_sign_out_must_be_true_soon() -> None:
    assert "jwt" in names(advised(sign_out_within=60.0), fits=False)
    assert "jwt" in names(advised(sign_out_within=86_400.0))


def test_a_sign_out_that_must_be_true_at_once_takes_a_read_for_each_request() -> None:
    found = advised(sign_out_within=0.0)
    assert names(found) == ["session, no cache"]
    assert found.settings["cache_size"] == 0


def test_who_cannot_reach_the_store_needs_tokens() -> None:
    found = advised(others_verify=True)
    assert names(found) == ["hybrid"]
    assert found.settings["transports"] == ["cookie", "bearer"]


def test_what_outlives_every_outage_is_a_token_that_nobody_can_revoke() -> None:
    assert names(advised(survive_outage=True, sign_out_within=86_400.0)) == ["jwt"]


def test_needs_that_contradict_each_other_are_said_to() -> None:
    found = advised(survive_outage=True, sign_out_within=1.0)
    assert names(found) == []
    assert found.headline.startswith("Nothing holds all")
    assert all(option.against for option in found.options)


def test_at_scale_what_saves_many_cores_comes_first() -> None:
    work = Workload(active=5_000_000, rate=1e6, processes=40)
    first = advised(work, sign_out_within=5.0).options[0]
    assert first.estimate.cores == min(
        o.estimate.cores for o in advised(work, sign_out_within=5.0).options if o.fits
    )


@pytest.mark.parametrize(
    "needs",
    [{}, {"others_verify": True}, {"sign_out_within": 0.0}, {"survive_outage": True, "sign_out_within": 1e5}],
)
def test_the_settings_can_be_pasted(needs: dict[str, Any]) -> None:
    found = advised(**needs)
    loaded = load({**found.settings, "database": "memory://"}).settings
    assert loaded.strategy == found.settings["strategy"]


def test_every_option_says_numbers_and_the_first_what_would_change_it() -> None:
    found = advised()
    assert all(any(c.isdigit() for c in " ".join(option.reasons)) for option in found.options)
    assert found.would_change
