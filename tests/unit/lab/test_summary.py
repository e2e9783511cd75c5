"""What the terminal says of a run."""

from __future__ import annotations

import pytest

from limen.lab.catalogue import FIGURES, number
from limen.lab.summary import columns, data, findings, rows, span
from support.lab import a_run


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0123, "0.012"), (0.5, "0.50"), (3.0, "3"), (12.34, "12.3"), (20.0, "20"), (234.5, "234"),
     (1_234.5, "1,230"), (123_456, "123,000"), (-2.5, "-2.50")],
)  # fmt: skip
def test_numbers_have_the_figures_that_count(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0"), (0.000012, "12 µs"), (0.0125, "12.5 ms"), (5.0, "5 s"), (905.0, "15.1 min")],
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_the_table_has_a_row_for_each_cell_and_no_holes() -> None:
    run = a_run()
    assert len(rows(run)) == len(run.cells()) == 6
    assert {len(row) for row in rows(run)} == {len(columns(run))}


def test_data_has_every_figure_that_was_measured() -> None:
    found = data(a_run())
    seen = {key for cell in found["figures"].values() for key in cell}
    assert seen == {figure.key for figure in FIGURES}
    low, value, high = found["figures"]["hybrid · sqlite"]["authentication"]
    assert low <= value <= high
    assert value == pytest.approx(30.7 - 27.0, abs=0.5)


def test_sentences_say_the_numbers() -> None:
    text = " ".join(findings(a_run()))
    assert "On sqlite, authentication takes a request" in text
    assert "jwt · sqlite: signed out, the credential was still accepted" in text
    assert "hybrid · sqlite: another process accepted it for" in text
    assert "against it" in text


def test_the_order_of_rows_does_not_depend_on_whose_turn_came_first() -> None:
    run = a_run()
    before = [cell.name for cell in run.cells()]
    run.turns.reverse()
    assert [cell.name for cell in run.cells()] == before
