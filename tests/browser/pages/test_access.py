"""Everybody can use the pages: by axe's rules, by keyboard, narrow and wide, near and far, light and dark."""

from __future__ import annotations

import gzip
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.pages import PASSWORD, Place, sign_in, submit, violations

Opened = Callable[..., Any]
WEIGHT_MAX = 60_000
LOOKS = [
    pytest.param(320, "light", "en", id="narrow"),
    pytest.param(1280, "dark", "de", id="wide and dark"),
    pytest.param(390, "dark", "ar", id="from right to left"),
]


def states(page: Any, place: Place) -> Iterator[str]:
    """Each page, and each state that it can be in."""
    email = place.person()
    page.goto(f"{place.address}/sign-in")
    yield "sign in"
    page.fill("#email", email)
    page.fill("#password", "not this one at all")
    submit(page)
    yield "sign in, wrong password"
    page.goto(f"{place.address}/register")
    yield "register"
    page.fill("#email", "nobody")
    page.fill("#password", PASSWORD)
    page.wait_for_selector(".bar[data-score='4']")
    yield "register, advised"
    page.evaluate("document.querySelector('main form').noValidate = true")
    submit(page)
    yield "register, no address"
    page.goto(f"{place.address}/nowhere")
    yield "nothing here"
    sign_in(page, place, email)
    yield "account"
    page.goto(f"{place.address}/account/password")
    yield "password"
    page.fill("#current", "not this one at all")
    page.fill("#password", PASSWORD)
    submit(page)
    yield "password, wrong"
    page.goto(f"{place.address}/step-up")
    yield "step up"
    other = page.context.browser.new_page()
    sign_in(other, place, email)
    other.context.close()
    page.goto(f"{place.address}/account/sessions")
    yield "sessions"
    page.click(".sessions li:nth-child(2) button")
    yield "sessions, one ended"


@pytest.mark.parametrize(("width", "scheme", "language"), LOOKS)
def test_B09_axe_finds_nothing_and_nothing_runs_over(
    opened: Opened, place: Place, width: int, scheme: str, language: str
) -> None:
    page = opened(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        locale=language,
        reduced_motion="reduce",
        bypass_csp=True,  # axe is put into the page
    )
    found = []
    for state in states(page, place):
        assert page.get_attribute("html", "lang") == language, state
        found += [(state, *violation) for violation in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((state, "it scrolls sideways"))
    assert found == []


def test_B09_at_400_percent_everything_is_there_in_one_column(opened: Opened, place: Place) -> None:
    """A window of 1280 by 1024 that is magnified four times has 320 by 256 to show (WCAG 1.4.10)."""
    page = opened(viewport={"width": 320, "height": 256}, device_scale_factor=4)
    sign_in(page, place, place.person())
    for path in ("/account", "/account/sessions", "/account/password", "/step-up"):
        page.goto(place.address + path)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        for target in page.locator("a:visible, button:visible, input:visible").all():
            target.scroll_into_view_if_needed()
            box = target.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 320


def test_B09_targets_are_large_enough_for_fingers(opened: Opened, place: Place) -> None:
    page = opened(viewport={"width": 390, "height": 800}, has_touch=True)
    sign_in(page, place, place.person())
    for path in ("/account", "/account/sessions", "/account/password"):
        page.goto(place.address + path)
        small = [
            (box["height"], one.inner_text())
            for one in page.locator("a:visible, button:visible, input:visible").all()
            if (box := one.bounding_box())["height"] < 36 and box["y"] > 0
        ]
        assert small == []


def test_B14_three_times_longer_sentences_break_nothing(
    opened: Opened, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from support import catalogues
    from support.serving import Serving

    folder = tmp_path_factory.mktemp("long")
    own = folder / "own"
    own.mkdir()
    own.joinpath("texts.toml").write_text("[en]\n" + "\n".join(longer(catalogues.sentences())), "utf-8")
    with Serving(folder, "--port", "0", LIMEN_TEMPLATES=str(own)) as serving:
        place = Place(folder, serving, {})
        for width in (320, 1280):
            page = opened(viewport={"width": width, "height": 900})
            for state in states(page, place):
                assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), state
            assert "Your sessions Your sessions Your sessions" in page.inner_text("h1")


def longer(found: Any) -> Iterator[str]:
    """Each sentence three times over, as a line of texts.toml."""
    for message in found:
        for text in message.id if isinstance(message.id, tuple) else (message.id,):
            if text:
                quoted = text.replace("\\", "\\\\").replace('"', '\\"')
                yield f'"{quoted}" = "{quoted} {quoted} {quoted}"'


def test_B09_everything_is_done_by_keyboard_alone(opened: Opened, place: Place) -> None:
    page = opened()
    email = place.person()

    def focused() -> str:
        return str(
            page.evaluate(
                "document.activeElement.id || document.activeElement.getAttribute('aria-label')"
                " || document.activeElement.textContent.trim()"
            )
        )

    def tab_to(wanted: str) -> None:
        for _ in range(30):
            if focused() == wanted:
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {wanted}")

    page.goto(f"{place.address}/sign-in")
    assert focused() == "email"  # one may begin at once
    page.keyboard.type(email)
    tab_to("password")
    page.keyboard.type(PASSWORD)
    tab_to("Show the password")
    page.keyboard.press("Space")
    assert page.get_attribute("#password", "type") == "text"
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    tab_to("To the content")
    page.keyboard.press("Enter")
    tab_to("Change the password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/password")
    assert focused() == "current"
    page.keyboard.type("not this one at all")
    tab_to("password")
    page.keyboard.type("a wholly different sentence")
    page.keyboard.press("Enter")
    page.wait_for_selector("#current-error")
    assert focused() == "current"  # where the error is
    page.keyboard.type(PASSWORD)
    tab_to("password")
    page.keyboard.type("a wholly different sentence")
    tab_to("Change the password")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice")
    tab_to("Sessions")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/sessions")
    tab_to("Sign out")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=signed out")


def test_nothing_jumps_while_a_page_comes_and_a_password_is_typed(opened: Opened, place: Place) -> None:
    page = opened(viewport={"width": 390, "height": 800})
    page.add_init_script(
        "window.jumps = 0;"
        "new PerformanceObserver((list) => list.getEntries().forEach((e) =>"
        " { jumps += e.hadRecentInput ? 0 : e.value; })).observe({ type: 'layout-shift', buffered: true })"
    )
    page.goto(f"{place.address}/register", wait_until="load")
    before = page.locator(".acts").bounding_box()
    page.click(".reveal")
    page.keyboard.type("password password")
    page.wait_for_selector(".bar[data-score]:not([data-score='-1'])")
    assert page.locator(".acts").bounding_box() == before
    assert page.evaluate("jumps") < 0.02
    sign_in(page, place, place.person())
    page.goto(f"{place.address}/account/sessions", wait_until="load")
    assert page.evaluate("jumps") < 0.02


def test_a_page_weighs_little_and_is_painted_before_any_script(opened: Opened, place: Place) -> None:
    page = opened()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    sign_in(page, place, place.person())
    for path in ("/account", "/account/sessions", "/account/password"):
        page.context.clear_cookies(name="limen-lang")
        asked.clear()
        page.goto(place.address + path, wait_until="networkidle")
        assert all(url.startswith(place.address) for url in asked)  # B13
        whole = len(page.content().encode())
        files = re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.content())
        assert len(files) == 3
        whole += sum(len(fetched(place.address + one)) for one in files)
        assert whole < WEIGHT_MAX, (path, whole)
    script = page.locator("script").first
    assert script.get_attribute("type") == "module"  # never in the way of the first paint


def fetched(address: str) -> bytes:
    """As it is when unpacked; the weight on the wire is a third of it."""
    request = urllib.request.Request(address, headers={"accept-encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        raw: bytes = answer.read()
        return gzip.decompress(raw) if answer.headers["content-encoding"] == "gzip" else raw
