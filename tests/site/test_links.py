"""Whatever is linked to is there: in the pages, and where the code names a page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymdownx.slugs import slugify

from support.source import ROOT

_slug = slugify(case="lower")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
NAMED = re.compile(r"docs/[a-z0-9/-]+\.md|docs/decisions/[0-9]{4}")


def anchors(page: Path) -> set[str]:
    """The places of a page that a link can name."""
    titles = re.findall(r"^#{1,6} (.*?)\s*$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {_slug(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", ""), "-") for title in titles}


def broken(page: Path) -> Iterator[str]:
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (page.parent / target).resolve() if target else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One thing\n\n[a](no.md) [b](#one-thing) [c](#other) [d](https://x.example)\n")
    assert list(broken(page)) == ["no.md", "#other"]


def sources() -> list[Path]:
    kinds = (".py", ".js", ".json", ".html", ".toml", ".sql", ".conf", ".yaml")
    return [
        one
        for one in sorted((ROOT / "src").rglob("*"))
        if one.suffix in kinds and "node_modules" not in one.parts
    ]


def test_every_page_that_the_code_names_is_there() -> None:
    lost = []
    for path in sources():
        for name in NAMED.findall(path.read_text()):
            if not (ROOT / name).exists() and not list((ROOT / "docs/decisions").glob(f"{name[-4:]}-*.md")):
                lost.append((str(path.relative_to(ROOT)), name))
    assert lost == []


def test_every_paragraph_that_the_playground_names_is_there() -> None:
    words = (ROOT / "src/limen/server/static/playground/words.js").read_text()
    named = re.findall(r'doc: "([^"]+)",\s*section: "([^"]+)"', words)
    assert len(named) == words.count('doc: "') >= 8
    for page, section in named:
        assert _slug(section, "-") in anchors(ROOT / page), (page, section)


def test_every_page_that_a_finding_names_is_there() -> None:
    """Findings name sections of standards; where one names a page of ours, it and its paragraph are there."""
    table = json.dumps(json.loads((ROOT / "src/limen/lint/findings.json").read_text()), ensure_ascii=False)
    catalogue = (ROOT / "src/limen/doctor/catalogue.py").read_text()
    for page, anchor in re.findall(r"(docs/[a-z0-9/-]+\.md)(?:#([\w-]+))?", table + catalogue):
        assert (ROOT / page).exists(), page
        assert not anchor or anchor in anchors(ROOT / page), (page, anchor)


def test_every_file_of_the_source_that_a_page_names_is_there() -> None:
    lost = []
    for page in PAGES:
        for name in re.findall(r"`((?:src|tests|scripts|examples|bench)/[\w./-]+)`", page.read_text()):
            if not (ROOT / name).exists():
                lost.append((page.name, name))
    assert lost == []
