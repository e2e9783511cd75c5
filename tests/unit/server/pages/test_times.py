"""Moments and spans in the words of three languages."""

from __future__ import annotations

import pytest

from limen.clock import Instant
from limen.server.pages import times
from limen.server.pages.look import LANGUAGES, Look
from limen.settings import load

LOOK = Look.of(load({}).settings)
NOW = Instant(1_764_030_000.0)


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (0, "just now"),
        (-30, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (7_200, "2 hours ago"),
        (86_400 * 3 + 5, "3 days ago"),
        (-900, "in 15 minutes"),
    ],
)
def test_B14_what_is_near_is_told_as_a_span(passed: float, said: str) -> None:
    assert times.ago(LOOK.texts["en"], Instant(NOW - passed), now=NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "1 second"),
        (4.2, "5 seconds"),
        (90, "90 seconds"),
        (850, "15 minutes"),
        (6_000, "100 minutes"),
        (8_000, "3 hours"),
        (86_400 * 9.5, "10 days"),
    ],
)
def test_a_wait_is_never_told_too_short(seconds: float, said: str) -> None:
    assert times.span(LOOK.texts["en"], seconds) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_B14_a_date_has_the_month_of_the_language(language: str) -> None:
    months = {times.date(LOOK.texts[language], Instant(NOW + 31 * 86_400 * n)) for n in range(12)}
    assert len(months) == 12
    assert times.moment(LOOK.texts["en"], NOW) == "25 November 2025, 00:20 UTC"
    assert times.date(LOOK.texts["de"], NOW) == "25. November 2025"


@pytest.mark.parametrize(
    ("n", "said"), [(1, "دقيقة واحدة"), (2, "دقيقتين"), (5, "5 دقائق"), (15, "15 دقيقة")]
)
def test_B14_arabic_counts_in_its_own_way(n: int, said: str) -> None:
    assert said in times.ago(LOOK.texts["ar"], Instant(NOW - 60 * n), now=NOW)
