"""The strict build: what leads nowhere fails it. And what programs find at the root of the site."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from support.site import build, built
from support.source import ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The documentation, to be broken."""
    for name in ("docs", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    return tmp_path


def test_the_site_builds() -> None:
    assert (built() / "index.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "text", "complaint"),
    [
        ("new.md", "# A page that the nav has not\n", 'not included in the "nav"'),
        ("mail.md", "\n[away](nowhere.md)\n", "nowhere.md"),
        ("mail.md", "\n[away](admin.md#nowhere)\n", "#nowhere"),
        ("mail.md", "\n[away](../src/limen/nowhere.py)\n", "src/limen/nowhere.py"),
    ],
)
def test_what_leads_nowhere_fails_the_build(copy: Path, page: str, text: str, complaint: str) -> None:
    with (copy / "docs" / page).open("a") as file:
        file.write(text)
    assert complaint in build(copy / "site", root=copy)


def test_llms_txt_names_every_page_and_each_link_leads_to_its_markdown() -> None:
    index = (built() / "llms.txt").read_text()
    links = re.findall(r"^- \[[^\]]+\]\(([^)]+)\)", index, re.MULTILINE)
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert set(links) == pages
    assert [one for one in links if not (built() / one).read_text().startswith("#")] == []
    assert index.startswith("# Limen\n\n> ")
    whole = (built() / "llms-full.txt").read_text()
    assert [one for one in links if f"<!-- {one} -->" not in whole] == []


def test_llms_txt_says_a_word_of_every_page() -> None:
    index = (built() / "llms.txt").read_text()
    assert re.findall(r"^- \[[^\]]+\]\([^)]+\): *$", index, re.MULTILINE) == []
    said = re.findall(r"^- \[[^\]]+\]\([^)]+\): (.*)$", index, re.MULTILINE)
    assert [one for one in said if len(one.split()) < 4 or " = " in one] == []
