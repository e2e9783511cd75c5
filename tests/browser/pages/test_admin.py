"""The administration in a browser: every flow, with a script and without; by axe, by keyboard, narrow."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.pages import PASSWORD, Place, notice, sign_in, submit, violations
from support.serving import Serving
from support.shell import COMMAND, surroundings

SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
Opened = Callable[..., Any]
EVIL = "<img src=x onerror=alert(1)>"
ROOT = "root@example.com"


@pytest.fixture(scope="module")
def ruled(place: Place) -> Place:
    """The server, with an administrator."""
    command = [*COMMAND, "account", "add", ROOT, "--admin", "--password-stdin"]
    environment = surroundings(**place.environment)
    subprocess.run(
        command, input=PASSWORD.encode(), cwd=place.folder, env=environment, check=True, capture_output=True
    )
    return place


def enter(page: Any, place: Place, path: str = "/admin") -> None:
    """To a page of the administration, by way of the sign-in."""
    page.goto(place.address + path)
    assert "/sign-in?next=" in page.url
    page.fill("#email", ROOT)
    page.fill("#password", PASSWORD)
    submit(page)
    page.wait_for_url(f"**{path}")


@SCRIPTS
def test_A46_the_console_makes_the_first_administrator_once(
    opened: Opened, tmp_path: Path, script: bool
) -> None:
    with Serving(tmp_path, "--port", "0") as serving:
        first, second = opened(java_script_enabled=script), opened(java_script_enabled=script)
        for page in (first, second):
            page.goto(serving.said["set_up"])
            assert page.url.endswith("/admin/set-up")
            page.fill("#email", ROOT)
            page.fill("#password", "short")
            submit(page)
            assert "fewer than 15" in page.inner_text("#password-error")
            page.fill("#password", PASSWORD)
        submit(first)
        submit(second)
        assert second.inner_text("h1") == "This link is over"
        first.fill("#email", ROOT)
        first.fill("#password", PASSWORD)
        submit(first)
        assert first.inner_text("h1") == "Accounts"
        assert first.locator("tbody tr").count() == 1
        again = opened(java_script_enabled=script)
        again.goto(serving.said["set_up"])
        assert again.inner_text("h1") == "This link is over"


@SCRIPTS
def test_an_administrator_finds_looks_and_acts(opened: Opened, ruled: Place, script: bool) -> None:
    email = ruled.person()
    theirs = opened(java_script_enabled=script)
    sign_in(theirs, ruled, email)
    page = opened(java_script_enabled=script)
    enter(page, ruled)
    page.fill("#search", email.upper()[:10])
    page.click("text=Search")
    page.click(f"a:has-text('{email}')")
    assert page.inner_text("h1") == email
    assert "Chrome on Linux" in page.inner_text("main")
    page.click("text=Disable")
    assert page.inner_text("h1") == "Disable the account"
    page.click("main >> text=Cancel")
    assert "enabled" in page.inner_text(".facts")
    page.click("text=Disable")
    submit(page)
    assert "disabled and its sessions are ended" in notice(page)
    assert "disabled" in page.inner_text(".facts")
    assert "account disabled" in page.inner_text(".entries")
    assert ROOT in page.inner_text(".entries")
    theirs.goto(f"{ruled.address}/account")
    assert "/sign-in" in theirs.url
    page.click("text=Enable")
    submit(page)
    sign_in(theirs, ruled, email)
    page.reload()
    page.click("td >> text=End")
    submit(page)
    assert "session is ended" in notice(page)
    page.click("text=Set scopes")
    page.fill("#scopes", 'notes:read a"b')
    submit(page)
    assert "scope has 1 to 64" in page.inner_text("#scopes-error")
    page.fill("#scopes", "notes:read")
    submit(page)
    assert "notes:read" in page.inner_text(".facts")


@SCRIPTS
def test_the_audit_log_is_narrowed_and_taken(
    opened: Opened, ruled: Place, script: bool, tmp_path: Path
) -> None:
    page = opened(java_script_enabled=script, accept_downloads=True)
    enter(page, ruled, "/admin/audit")
    page.select_option("#event", "account_added")
    page.click("text=Show >> nth=0")
    events = page.locator(".entries tbody tr td:nth-child(2)").all_inner_texts()
    assert set(events) == {"account added"}
    with page.expect_download() as taken:
        page.click("text=Take as CSV")
    taken.value.save_as(tmp_path / "audit.csv")
    rows = list(csv.DictReader((tmp_path / "audit.csv").read_text().splitlines()))
    assert {row["event"] for row in rows} == {"account_added"}
    assert len(rows) == len(events)
    page.goto(f"{ruled.address}/admin/audit")
    assert "audit exported" in page.inner_text(".entries")
    page.fill("#since", "soon")
    page.click("text=Show >> nth=0")
    assert "A day, or" in page.inner_text("#since-error")


@SCRIPTS
def test_keys_feed_and_configuration_are_shown(opened: Opened, ruled: Place, script: bool) -> None:
    page = opened(java_script_enabled=script)
    enter(page, ruled, "/admin/keys")
    assert page.locator("tbody tr").count() == 2
    page.click("main >> text=Rotate")
    submit(page)
    assert "The next key is not published for long enough" in page.inner_text(".wrong")
    page.click("nav >> text=Configuration")
    assert "this is development" in page.inner_text(".findings")
    assert "LIMEN_SECRET" not in page.inner_text("tr:has-text('secret') td >> nth=0")
    page.click("nav >> text=Feed")
    assert page.locator("rect").count() == 60
    before = page.inner_text("[data-is=position]")
    leaver = opened()
    sign_in(leaver, ruled, ruled.person())
    leaver.click("header >> text=Sign out")
    if script:
        page.wait_for_function(
            "(was) => document.querySelector('[data-is=position]').innerText !== was", arg=before
        )
        page.click("text=Pause")
        assert page.inner_text("[data-is=pause]") == "Go on"
    else:
        page.click("text=Look again")
        assert page.inner_text("[data-is=position]") != before


def test_W21_a_script_in_a_user_agent_or_a_search_is_text(opened: Opened, ruled: Place) -> None:
    email = ruled.person()
    sign_in(opened(user_agent=EVIL), ruled, email)
    page = opened()
    met: list[str] = []
    page.on("dialog", lambda dialog: met.append(dialog.message))
    enter(page, ruled)
    page.goto(f"{ruled.address}/admin?search={email}")
    page.click(f"a:has-text('{email}')")
    assert page.get_attribute("th[scope=row] span", "title") == EVIL
    page.goto(f"{ruled.address}/admin")
    page.fill("#search", EVIL)
    page.click("text=Search")
    assert EVIL in page.inner_text("main")
    assert page.locator("main img").count() == 0
    assert met == []


def states(page: Any, place: Place) -> Iterator[str]:
    """Each page of the administration, and each state that it can be in."""
    email = place.person()
    sign_in(page.context.browser.new_page(), place, email)
    enter(page, place)
    yield "accounts"
    page.goto(f"{place.address}/admin?search=nobody@")
    yield "nobody found"
    page.goto(f"{place.address}/admin?search={email}")
    page.click(f"a:has-text('{email}')")
    account = page.url
    yield "account"
    for act in ("disable", "end-sessions", "reset-link", "scopes"):
        page.goto(f"{account}/{act}")
        yield act
    page.fill("#scopes", '"')
    submit(page)
    yield "scopes, wrong"
    page.goto(f"{account}/end-sessions")
    submit(page)
    yield "account, told"
    page.goto(f"{place.address}/admin/audit")
    yield "audit log"
    page.goto(f"{place.address}/admin/audit?since=x")
    yield "audit log, wrong"
    page.goto(f"{place.address}/admin/keys/rotate")
    submit(page)
    yield "rotation, too early"
    for path in ("keys", "feed", "configuration", "set-up"):
        page.goto(f"{place.address}/admin/{path}")
        yield path


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [
        pytest.param(320, "light", "en", id="narrow"),
        pytest.param(1280, "dark", "ar", id="wide and dark"),
    ],
)
def test_B09_axe_finds_nothing_in_the_administration(
    opened: Opened, ruled: Place, width: int, scheme: str, language: str
) -> None:
    page = opened(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        locale=language,
        reduced_motion="reduce",
        bypass_csp=True,  # axe is put into the page
    )
    found = []
    for state in states(page, ruled):
        assert page.get_attribute("html", "lang") == "en", state
        found += [(state, *violation) for violation in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((state, "it scrolls sideways"))
    assert found == []


def test_B09_an_account_is_disabled_by_keyboard_alone(opened: Opened, ruled: Place) -> None:
    email = ruled.person()
    page = opened()
    enter(page, ruled)

    def tab_to(wanted: str) -> None:
        for _ in range(60):
            said = page.evaluate(
                "document.activeElement.id || (document.activeElement.textContent || '').trim()"
            )
            if said == wanted:
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {wanted}")

    tab_to("search")
    page.keyboard.type(email)
    page.keyboard.press("Enter")
    page.wait_for_url("**search=**")
    tab_to(email)
    page.keyboard.press("Enter")
    page.wait_for_selector(".facts")
    tab_to("Disable")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Nobody can sign in to it")
    tab_to("Disable")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice")
    assert "disabled" in page.inner_text(".facts")
