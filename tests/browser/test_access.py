"""Everybody can use the workbench: by axe's rules, by keyboard alone, narrow and wide, light and dark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.tokens import said, token

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ODD = token(
    '{"sub":"a","sub":"b","n":9007199254740993,"o":{"x":[1]},"t":"a\u202eb","exp":1,"email":"ada@example.com"}'
)
COSTS = {"proposals": [{"scheme": "bcrypt", "settings": {"bcrypt_cost": 12}, "ms": 80, "within": False}]}


def fill(page: Any) -> Iterator[str]:
    """Each tool with something in it, and the tool as it is when one comes."""
    yield "nothing"
    page.click("#example")
    page.wait_for_selector(".verdict.good")
    yield "a good token"
    page.fill("#paste", f"Cookie: a={ODD}; b={token()}")
    page.fill("#key", "secret")
    page.wait_for_selector(".verdict.bad")
    yield "a bad token"
    for tool, fields in {
        "make": {"#make-claims": "{"},
        "compare": {"#left": token(), "#right": token(said(sub="b"))},
        "encode": {"#plain": "1764030000"},
        "identifiers": {"#uuid": "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
        "hashes": {"#hash": "$2b$10$" + "A" * 53, "#long": "a" * 80, "#costs": json.dumps(COSTS)},
    }.items():
        page.click(f'nav a[href="#{tool}"]')
        page.wait_for_selector(f"#{tool}:not([hidden])")
        if tool == "make":
            page.wait_for_selector("#make-token .part-2")
            page.click("#make-keys button[aria-expanded]")
        yield tool
        for field, text in fields.items():
            page.fill(field, text)
        yield f"{tool}, filled"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_B09_axe_finds_nothing(chromium: Any, server: str, scheme: str, width: int) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: `make test` does it, or `npm ci` in tests/browser")
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{server}/workbench", wait_until="load")
    page.evaluate(AXE.read_text())
    found = []
    for state in fill(page):
        violations = page.evaluate(
            "(tags) => axe.run({ runOnly: tags }).then(({ violations }) =>"
            " violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 120))]))",
            RULES,
        )
        found += [(state, *violation) for violation in violations]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((state, "it scrolls sideways", []))
    assert found == []
    context.close()


def test_B09_everything_is_done_by_keyboard_alone(chromium: Any, server: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{server}/workbench", wait_until="load")

    def focused() -> str:
        return str(
            page.evaluate(
                "document.activeElement.id || document.activeElement.textContent.trim().slice(0, 40)"
            )
        )

    def tab_to(wanted: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if focused() == wanted:
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
        raise AssertionError(f"Tab never comes to {wanted}")

    tab_to("To the tools")
    page.keyboard.press("Enter")
    tab_to("paste")
    page.keyboard.type("Bearer " + token(said(sub="typed")), delay=0)
    tab_to("key")
    page.keyboard.type("x")
    tab_to("wire")
    tab_to("sub")
    assert page.evaluate("[...CSS.highlights.get('claim')].length") == 1
    page.keyboard.press("Enter")
    page.goto(f"{server}/workbench#hashes")
    page.reload(wait_until="load")
    tab_to("To the tools")
    tab_to("Make")
    page.keyboard.press("Enter")
    page.wait_for_selector("#make-token .part-2")
    tab_to("make-header")
    tab_to("make-claims")
    page.keyboard.press("Tab")
    assert focused() == "make-now"
    tab_to("make-token")
    tab_to("JWT")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    assert focused() == "make-token"
    context.close()


def test_nothing_jumps_while_the_page_comes_and_a_token_is_typed(chromium: Any, server: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.clock.install()
    page.add_init_script(
        "window.jumps = 0;"
        "new PerformanceObserver((list) => list.getEntries().forEach((e) =>"
        " { jumps += e.hadRecentInput ? 0 : e.value; })).observe({ type: 'layout-shift', buffered: true })"
    )
    page.goto(f"{server}/workbench", wait_until="load")
    assert page.evaluate("jumps") < 0.02
    page.click("#example")
    page.wait_for_selector(".verdict.good")
    box = page.locator("#payload-members").bounding_box()
    page.fill("#key", "")
    page.wait_for_selector(".verdict.open")
    page.clock.run_for(3000)  # the clock on the page ticks
    assert page.evaluate("jumps") < 0.02
    assert abs(page.locator("#payload-members").bounding_box()["y"] - box["y"]) < 60
    context.close()


def test_without_a_script_the_page_says_what_it_needs(chromium: Any, server: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/workbench")
    assert "it needs JavaScript" in page.inner_text("main")
    context.close()
