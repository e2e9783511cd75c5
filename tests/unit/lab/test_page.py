"""The page shows everything that was recorded, names its run at every figure, and is complete by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Struct, structs

from limen.lab.page import page
from limen.lab.records import Run
from support.lab import a_run

HTML = page(a_run())


def fields() -> Iterator[tuple[str, str]]:
    """List of the run, and a field of its records."""
    run = a_run()
    for name in ("turns", "counted", "lags", "outages", "weights", "hashing"):
        record = getattr(run, name)[0]
        yield from ((name, field) for field in record.__struct_fields__)


def changed(value: Any) -> Any:
    """Another value of the same kind, as far away as it takes to be seen."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value * 3 + 2
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, dict):
        return {**value, "other": changed(next(iter(value.values())))}
    if isinstance(value, list):
        return [changed(one) for one in value]
    if isinstance(value, Struct):
        first = value.__struct_fields__[0]
        return structs.replace(value, **{first: changed(getattr(value, first))})
    return value


# `kind` and `situation` and `what` and `thing` sort records into figures; `cell` into rows.
_SORTS = {"kind", "situation", "what", "thing", "cell"}
_UNSEEN = {
    ("turns", "round"): "pairs the turns of one round",
    ("turns", "busy"): "a note says so where load was the limit",
    ("turns", "failed"): "a note says so where there are any",
    ("counted", "operations"): "in the JSON, by name; reads and writes are shown",
}


@pytest.mark.parametrize(("name", "field"), [pair for pair in fields() if pair[1] not in _SORTS])
def test_every_recorded_field_is_rendered(name: str, field: str) -> None:
    """All of them are changed: the page must be another one."""
    if (name, field) in _UNSEEN:
        return
    run = a_run()
    records = [structs.replace(one, **{field: changed(getattr(one, field))}) for one in getattr(run, name)]
    setattr(run, name, records)
    assert page(run) != HTML


@pytest.mark.parametrize(
    "field", [name for name in Run.__struct_fields__ if name not in ("format", "interrupted")]
)
def test_what_is_known_of_the_run_itself_is_rendered(field: str) -> None:
    run = a_run()
    value = getattr(run, field)
    setattr(run, field, [] if isinstance(value, list) else changed(value))
    assert page(run) != HTML


def test_every_figure_names_its_run() -> None:
    for tag in ("figcaption", "caption"):
        captions = re.findall(rf"<{tag}>(.*?)</{tag}>", HTML, re.DOTALL)
        assert captions
        assert [c for c in captions if "20270115T080000Z" not in c] == []


def test_nothing_comes_from_elsewhere_and_no_script_runs() -> None:
    assert re.findall(r"<script|<link|<img|<iframe|src=|href=|url\(|@import|\son\w+=", HTML) == []
    assert "default-src 'none'" in HTML


def test_what_strangers_wrote_is_text() -> None:
    run = a_run()
    run.command = run.id = "<script>alert(1)</script>"
    run.machine = structs.replace(run.machine, processor="<b>")
    run.notes = ["<i>"]
    for bad in ("<script", "<b>", "<i>"):
        assert bad not in page(run)


def test_charts_are_told_to_those_who_do_not_see_them() -> None:
    charts = re.findall(r'<svg class="(?:wide|narrow)"[^>]*>', HTML)
    assert charts
    assert [c for c in charts if 'role="img"' not in c or 'aria-label="' not in c] == []


def test_a_run_that_was_interrupted_at_once_has_a_page_too() -> None:
    run = a_run()
    run.turns, run.counted, run.lags, run.outages, run.weights, run.hashing = [], [], [], [], [], []
    assert "<h1>" in page(run)


@pytest.mark.parametrize("kept", range(1, 7))
def test_a_run_that_was_interrupted_later_has_what_there_is(kept: int) -> None:
    run = a_run()
    for name in ("turns", "counted", "lags", "outages", "weights", "hashing")[kept:]:
        setattr(run, name, [])
    assert "<h1>" in page(run)


def test_whatever_is_drawn_is_a_number() -> None:
    assert re.findall(r'(?:x|y|d|width|height|r)="[^"]*(?:nan|inf)', HTML) == []
