"""The table of the settings, and the page that is made of it."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from limen.settings import Settings, describe
from limen.settings.table import Kind, Setting, written
from limen.settings.values import parse
from support.source import ROOT

PAGE = ROOT / "docs" / "configuration.md"


def row(setting: Setting) -> str:
    default = f"`{setting.default}`" if setting.default else "–"
    return f"| `{setting.name}` | `{setting.variable}` | {setting.kind} | {default} | {setting.means} |"


def test_every_setting_has_a_row_that_says_its_default_and_meaning() -> None:
    page = PAGE.read_text().splitlines()
    assert [row(one) for one in describe().values() if row(one) not in page] == []


def test_the_page_has_no_row_of_a_setting_that_is_gone() -> None:
    documented = re.findall(r"^\| `([a-z0-9_]+)` \| `LIMEN_", PAGE.read_text(), re.MULTILINE)
    assert documented == list(describe())


def test_every_field_is_described() -> None:
    assert list(describe()) == [one.name for one in fields(Settings)]
    assert all(one.means.endswith(".") and "|" not in one.means for one in describe().values())


def test_what_a_default_is_written_as_reads_back_as_the_default() -> None:
    for one in describe().values():
        if one.kind is not Kind.SECRET:
            read = parse(one, one.default, place="here", text=True)
            assert read == getattr(Settings(), one.name), one.name


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (1, "1s"),
        (0.5, "0.5s"),
        (60, "1m"),
        (90, "90s"),
        (3_600, "1h"),
        (86_400, "1d"),
        (1_000_000, "1000000s"),
        (5_400, "90m"),
    ],
)
def test_a_duration_is_written_in_its_largest_whole_unit(seconds: float, text: str) -> None:
    assert written(seconds, Kind.DURATION) == text


def test_the_page_names_no_variable_that_is_not_read() -> None:
    known = {one.variable for one in describe().values()} | {"LIMEN_CONFIG", "LIMEN_SECRET_FILE"}
    assert set(re.findall(r"LIMEN_[A-Z0-9_]+[A-Z0-9]", PAGE.read_text())) - known == set()
