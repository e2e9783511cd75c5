"""What letters lead to, to its end in a browser: each letter is read from a real mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.mail import Delivered, Sink, sink
from support.pages import PASSWORD, Place, notice, sign_in, submit, violations
from support.serving import Serving

SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
Opened = Callable[..., Any]
FRESH = "a wholly different sentence"


@pytest.fixture(scope="module")
def post() -> Iterator[Sink]:
    with sink() as found:
        yield found


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, post: Sink) -> Iterator[Place]:
    """A server that writes letters."""
    folder = tmp_path_factory.mktemp("town")
    environment = {"LIMEN_MAIL": post.url, "LIMEN_MAIL_FROM": "Limen <limen@example.com>"}
    with Serving(folder, "--port", "0", **environment) as serving:
        yield Place(folder, serving, environment)


def letter(post: Sink, to: str, count: int = 1) -> Delivered:
    """The newest letter to somebody, once there are so many."""
    total = len(post.delivered)
    while len(post.to(to)) < count:
        total += 1
        post.wait_for(total)
    return post.to(to)[-1]


@SCRIPTS
def test_B09_A15_a_forgotten_password_is_set_by_a_letter(
    opened: Opened, town: Place, post: Sink, script: bool
) -> None:
    email = town.person()
    page, other = opened(java_script_enabled=script), opened()
    sign_in(other, town, email)
    page.goto(f"{town.address}/sign-in")
    page.click("text=Forgot the password?")
    page.fill("#email", email)
    submit(page)
    assert "a letter is on its way" in page.inner_text("main")
    link = letter(post, email).link
    assert link.startswith(f"{town.address}/reset?token=")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.headers.get("referer", "")))
    page.goto(link)
    assert page.url == f"{town.address}/reset"  # the ticket is in no address any more
    assert "token" not in page.content()
    assert all("token" not in one for one in asked)
    assert page.evaluate("document.cookie") == ""
    page.fill("#password", "short")
    submit(page)
    assert "fewer than 15" in page.inner_text("#password-error")
    page.fill("#password", FRESH)
    submit(page)
    assert "Your password was set" in notice(page)
    other.reload()
    assert "/sign-in" in other.url
    sign_in(page, town, email, FRESH)
    page.goto(link)
    page.fill("#password", FRESH + " again")
    submit(page)
    assert page.inner_text("h1") == "This link no longer works"


@SCRIPTS
def test_an_address_is_proven_by_a_letter(opened: Opened, town: Place, post: Sink, script: bool) -> None:
    email = f"proven-{script}@example.com"
    page = opened(java_script_enabled=script)
    page.goto(f"{town.address}/register")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    submit(page)
    assert "written to this address" in notice(page)
    sign_in(page, town, email)
    assert "not confirmed yet" in page.inner_text("dl")
    page.goto(letter(post, email).link)
    assert page.url == f"{town.address}/verify"
    page.reload()  # a look spends nothing
    submit(page)
    assert "is confirmed" in notice(page)
    sign_in(page, town, email)
    assert page.locator("dl form").count() == 0
    page.click('a[href="/account/email"]')
    fresh = f"moved-{script}@example.com"
    page.fill("#email", fresh)
    page.fill("#current", PASSWORD)
    submit(page)
    assert "Two letters" in notice(page)
    page.goto(letter(post, email, 2).link)
    submit(page)
    assert "once the other letter" in notice(page)
    page.goto(letter(post, fresh).link)
    submit(page)
    assert "address was changed" in notice(page)
    assert fresh in page.inner_text("dl")


@SCRIPTS
def test_somebody_takes_a_copy_and_leaves(opened: Opened, town: Place, post: Sink, script: bool) -> None:
    email = town.person()
    page = opened(java_script_enabled=script)
    sign_in(page, town, email)
    page.click('a[href="/account/name"]')
    page.fill("#name", "<b>Ada</b> & \u0622\u062f\u0627")
    submit(page)
    assert "<b>Ada</b> & \u0622\u062f\u0627" in page.inner_text("dl")
    page.click('a[href="/account/data"]')
    with page.expect_download() as download:
        submit(page)
    assert download.value.suggested_filename == "account.json"
    assert email in download.value.path().read_text()
    page.goto(f"{town.address}/account/delete")
    page.fill("#current", PASSWORD)
    submit(page)
    assert "The account was deleted." in notice(page)
    assert email in letter(post, email).recipients
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    submit(page)
    assert "is wrong" in page.inner_text(".wrong")


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_B09_axe_finds_nothing_on_the_pages_of_letters(
    opened: Opened, town: Place, post: Sink, width: int, scheme: str
) -> None:
    email = town.person()
    page = opened(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    found: list[Any] = []

    def look(state: str) -> None:
        found.extend((state, *one) for one in violations(page))
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((state, "it scrolls sideways"))

    for path in ("/forgot", "/forgot?sent=1", "/reset", "/sign-in/factor?factor=otp"):
        page.goto(town.address + path)
        look(path)
    page.goto(f"{town.address}/forgot")
    page.fill("#email", email)
    submit(page)
    page.goto(letter(post, email).link)
    look("reset")
    page.fill("#password", "short")
    submit(page)
    look("reset, too short")
    for path in ("/verify?token=x", "/email?token=x"):
        page.goto(town.address + path)
        look(path)
    sign_in(page, town, email)
    for path in ("", "/name", "/email", "/data", "/delete"):
        page.goto(f"{town.address}/account{path}")
        look(f"account{path}")
    page.fill("#current", "not this one at all")
    submit(page)
    look("delete, wrong password")
    assert found == []
