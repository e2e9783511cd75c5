"""The reference says what the code says: nothing is missing in it, and nothing in it is of yesterday."""

from __future__ import annotations

import ast
import re

import pytest
from click import Option
from scripts.site import drawings, reference
from scripts.site.drawings import catalogue
from scripts.site.reference import claims, commands, metrics, names, routes

import limen
from limen import StrategyName, Transport, doctor, lint
from limen.audit import EVENTS
from limen.cli import limen as command_line
from limen.doctor import outside
from limen.forwarded import Forwarded
from limen.jose.payloads import Claims
from limen.settings import describe
from support.source import ROOT

DOCS = ROOT / "docs"
ANEW = "`make reference` writes it anew"


def page(name: str) -> str:
    return (DOCS / name).read_text()


def test_what_is_made_of_the_code_is_as_the_code_is_now() -> None:
    there = [(path, path.read_text() if path.exists() else None, text) for path, text in reference.made()]
    assert [str(path.relative_to(ROOT)) for path, found, text in there if found != text] == [], ANEW


def test_the_drawings_are_as_they_are_described() -> None:
    found = {one.name: page(f"drawings/{one.name}.svg") for one in catalogue.ALL}
    assert [one.name for one in catalogue.ALL if found[one.name] != drawings.svg(one)] == [], ANEW


def test_every_setting_has_an_entry() -> None:
    assert [name for name in describe() if f"\n| `{name}` | `LIMEN_" not in page("configuration.md")] == []


def test_every_public_name_has_an_entry_and_says_what_it_is() -> None:
    entries = re.findall(r"^### (\w+)$", page("reference/python.md"), re.MULTILINE)
    assert [name for name in limen.__all__ if name not in entries] == []
    assert names.undocumented() == []


def test_a_name_that_a_page_takes_from_limen_has_an_entry() -> None:
    sections = re.split(r"^## ", page("reference/python.md"), flags=re.MULTILINE)[1:]
    entries = {text.partition("\n")[0]: re.findall(r"^### (\w+)$", text, re.MULTILINE) for text in sections}
    entries["limen.verifier"] = ["Verifier"]
    taken = [
        (path.name, module, name)
        for path in sorted(DOCS.rglob("*.md"))
        for module, names_ in re.findall(
            r"^from (limen[\w.]*) import ([\w, ]+)", path.read_text(), re.MULTILINE
        )
        for name in re.findall(r"\w+", names_)
        if not module.startswith("limen.lab")
    ]
    assert len(taken) > 20
    assert [one for one in taken if one[2] not in entries.get(one[1], [])] == []


def test_a_method_says_what_it_raises_also_where_a_flow_says_it() -> None:
    entries = {line.partition("(")[0]: line for line in page("reference/python.md").splitlines()}
    assert "Denied(`sign_in_failed`)" in entries["- `await sign_in"]
    assert "Denied(`password_wrong`)" in entries["- `await change_password"]


def test_an_enumeration_says_its_values() -> None:
    described = page("reference/python.md")
    assert all(f"- `{one.name} = '{one.value}'`\n" in described for one in [*StrategyName, *Transport])


def test_every_route_has_an_entry_and_a_row_in_the_overview() -> None:
    described, overview = page("reference/routes.md"), page("http.md")
    for one in routes.endpoints():
        assert f"\n## {one.method} {one.path}\n" in described
        path = one.path.replace("/auth/", "{api}/", 1)
        last = path.rpartition("/")[2]  # `…/enable` stands beside `…/disable`
        assert re.search(rf"(?:{re.escape(path)}|…/{re.escape(last)})[`,]", overview), path


def test_what_is_no_object_says_what_it_is() -> None:
    described = page("reference/routes.md")
    assert "An array of 5: integer, [Kind](#kind), string, number, number.\n" in described
    assert "One of `bearer`, `cookie`.\n" in described
    assert "| `token_type` | `Bearer` | yes |" in described
    assert "No members." not in described


def test_every_claim_has_an_entry_that_says_what_it_is() -> None:
    rows = claims.rows("limen.jose.payloads", "Claims")
    assert [row[0] for row in rows] == [f"`{name}`" for name in Claims.__struct_fields__]
    forwarded = claims.rows("limen.forwarded", "Forwarded")
    assert [row[0] for row in forwarded] == [f"`{name}`" for name in Forwarded.__struct_fields__]
    assert [row[0] for row in rows + forwarded if not row[3]] == []


def test_every_verb_and_every_option_has_an_entry() -> None:
    described = page("reference/commands.md")
    for way, command in commands.verbs(command_line):
        assert f"\n## {' '.join(way)}\n" in described
        own = described.partition(f"\n## {' '.join(way)}\n")[2].partition("\n## ")[0]
        spelled = [one.opts[0] for one in command.params if one.opts[0].startswith("--")]
        assert [name for name in spelled if f"`{name}" not in own and name not in ("--json", "--help")] == []
        silent = [one.name for one in command.params if isinstance(one, Option) and not one.help]
        assert silent == [], "every option says what it does"


def test_every_event_of_the_audit_log_has_an_entry() -> None:
    assert [name for name in EVENTS if f"\n| `{name}` | " not in page("admin.md")] == []


def test_every_finding_has_an_entry() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", page("reference/findings.md"), re.MULTILINE)
    assert rows == [*doctor.CATALOGUE, *outside.CATALOGUE, *lint.CATALOGUE]


def test_every_metric_has_an_entry() -> None:
    named = [one.name for one in metrics.found()]
    described = page("reference/metrics.md") if named else ""
    assert [name for name in named if f"\n| `{name}` | " not in described] == []


def test_a_metric_is_found_where_it_is_made_or_described() -> None:
    text = """
x = Counter("limen_checks", "checks made", ["strategy"])
y = Described("limen_age", "gauge", "how old", (), lambda r: r.age)
z = Described("limen_events", "counter", "of the log", ("event",), f)
"""
    assert list(metrics.of(ast.parse(text))) == [
        metrics.Metric("limen_checks_total", "counter", ("strategy",), "checks made"),
        metrics.Metric("limen_age", "gauge", (), "how old"),
        metrics.Metric("limen_events_total", "counter", ("event",), "of the log"),
    ]


def test_a_region_that_was_lost_is_seen() -> None:
    with pytest.raises(reference.NoRegion):
        reference.filled("# A page\n")
    assert "`strategy`" in reference.filled("<!-- made: settings -->\nold\n<!-- made -->\n")
