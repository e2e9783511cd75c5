"""The documentation in a browser: it asks nobody but its own server, and everybody can read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.pages import AXE, violations
from support.site import built, served

PAGES = ("", "start/fastapi/", "how/hybrid/", "configuration/", "reference/claims/")
LOOKS = [(width, scheme) for width in (320, 1280) for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of the site."""
    with served(built()) as address:
        yield address


@pytest.fixture
def opened(chromium: Any) -> Iterator[Any]:
    """`opened(**options)`: a page in a browser of its own, and every address that it asks."""
    contexts = []

    def open_page(**options: Any) -> tuple[Any, list[str]]:
        context = chromium.new_context(reduced_motion="reduce", **options)
        contexts.append(context)
        page, asked = context.new_page(), []
        context.on("request", lambda one: asked.append(one.url))
        page.on("pageerror", lambda error: asked.append(f"error: {error}"))
        return page, asked

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_B09_axe_finds_nothing_nothing_runs_over_and_nobody_else_is_asked(
    opened: Any, site: str, width: int, scheme: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: `make test` does it, or `npm ci` in tests/browser")
    page, asked = opened(viewport={"width": width, "height": 900}, color_scheme=scheme)
    found = []
    for path in PAGES:
        page.goto(f"{site}/{path}", wait_until="load")
        wanted = "slate" if scheme == "dark" else "default"
        assert page.get_attribute("body", "data-md-color-scheme") == wanted
        found += [(path, *violation) for violation in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((path, "it scrolls sideways"))
    assert found == []
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []


def test_B13_searching_and_turning_the_lights_on_asks_nobody_else(opened: Any, site: str) -> None:
    page, asked = opened(viewport={"width": 1280, "height": 900}, color_scheme="dark")
    page.goto(site, wait_until="load")
    page.fill(".md-search__input", "max_staleness")
    page.wait_for_selector(".md-search-result__item")
    assert page.locator(".md-search-result__item").count() >= 2
    page.keyboard.press("Escape")
    page.click("label[title='Light']")
    assert page.get_attribute("body", "data-md-color-scheme") == "default"
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []


def test_a_drawing_is_read_as_its_steps_and_takes_the_colours_of_the_page(opened: Any, site: str) -> None:
    colours = []
    for scheme in ("light", "dark"):
        page, _ = opened(color_scheme=scheme)
        page.goto(f"{site}/how/session/", wait_until="load")
        drawing = page.get_by_role("img", name="The session: who carries it is looked up")
        assert "1. Browser to Server: address and password." in drawing.locator("desc").inner_html()
        colours.append(drawing.evaluate("(svg) => getComputedStyle(svg.querySelector('.actor')).fill"))
    assert colours[0] != colours[1]


def test_no_page_names_a_file_of_another_host() -> None:
    lost = []
    for page in built().rglob("*.html"):
        lost += [(page.name, one) for one in foreign(page)]
    assert lost == []


def foreign(page: Path) -> list[str]:
    """What a browser would fetch from elsewhere by itself."""
    text = page.read_text()
    fetched = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"([^\"]+)\"", text)
    fetched += re.findall(r"<link\b[^>]*\bhref=\"([^\"]+)\"", text)
    return [one for one in fetched if re.match(r"(?:[a-z]+:)?//", one)]


@pytest.mark.slow
@pytest.mark.parametrize("words", ["sign out", "Django", "cookie", "TOTP"])
def test_who_searches_finds_how_it_is_done_before_why_it_is_so(opened: Any, site: str, words: str) -> None:
    page, _ = opened(viewport={"width": 1280, "height": 900})
    page.goto(site, wait_until="load")
    page.fill(".md-search__input", words)
    page.wait_for_selector(".md-search-result__item > a")
    first = page.get_attribute(".md-search-result__item > a", "href")
    assert "/decisions/" not in first
