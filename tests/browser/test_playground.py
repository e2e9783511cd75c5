"""The playground in Chromium: every button, its sums against the server's own, and everybody can use it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from limen.server.modules import slim
from limen.server.playground.meter import READS
from limen.server.playground.records import STRATEGIES
from support.source import ROOT, SRC

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WORDS = SRC / "limen/server/static/playground/words.js"
DATE_AND_ID, END = 37 + 52, 2
"""Bytes of the line that the web server adds to each answer, which the playground leaves out; and of the
blank line that ends the head of a request, which Playwright leaves out."""
LATE = "from sign-out to the last accepted call"
KEPT = """async () => ({
    local: localStorage.length, session: sessionStorage.length, cookies: document.cookie,
    databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
})"""


class Ground:
    """One page, begun anew, with everything that it asked for and complained of."""

    def __init__(self, context: Any, server: str) -> None:
        self.page, self.server = context.new_page(), server
        self.finished: list[Any] = []
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.add_init_script(
            "window.violations = [];"
            "addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective))"
        )
        self.page.goto(f"{server}/playground", wait_until="load")
        self.ready()
        self.press("again")
        self.page.on("requestfinished", lambda request: self.finished.append(request))

    def ready(self) -> None:
        self.page.wait_for_selector("#lanes[aria-busy=false]", timeout=20_000)

    def press(self, *buttons: str) -> str:
        """Click them one after the other; what the page says in the end."""
        for button in buttons:
            self.page.click(f"#{button}")
            self.ready()
        return str(self.page.inner_text("#told"))

    def sums(self, lane: str) -> dict[str, str]:
        """What stands under a lane, exactly."""
        found = self.page.locator(f"#lane-{lane} dd").evaluate_all(
            "(all) => all.map((one) => [one.dataset.sum, one.dataset.exact])"
        )
        return {name: exact for name, exact in found if name}

    def rows(self, lane: str) -> list[str]:
        """Each row of a lane in words, newest first."""
        found = self.page.locator(f"#lane-{lane} .log > li").evaluate_all(
            "(all) => all.map((one) => (one.querySelector('summary') ?? one).innerText)"
        )
        return [" ".join(text.split()) for text in found]

    def clients(self, lane: str) -> str:
        return str(self.page.inner_text(f"#lane-{lane} .clients"))

    def log(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.request.get(f"{self.server}/playground/log").json()
        return found

    def wire(self, lane: str) -> tuple[int, int]:
        """Requests of a lane and their bytes, as the browser has seen them go by."""
        mine = [one for one in self.finished if f"/playground/{lane}/" in one.url]
        mine = [one for one in mine if not one.url.endswith("/steal")]
        return len(mine), sum(sum(one.sizes().values()) - DATE_AND_ID + END for one in mine)


@pytest.fixture
def ground(chromium: Any, server: str) -> Iterator[Ground]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    ground = Ground(context, server)
    yield ground
    assert ground.errors == []
    assert ground.page.evaluate("violations") == []
    context.close()


def test_the_sums_are_those_of_the_server_and_of_the_wire(ground: Ground) -> None:
    ground.press("sign-in", "call", "hundred", "second", "steal", "call", "role", "call")
    said = ground.press("out")
    ground.press("everywhere", "wait", "call")
    state = ground.log()
    assert not state["missed"]
    for lane in state["lanes"]:
        name, counters = lane["name"], lane["counters"]
        sums, mine = ground.sums(name), [one for one in state["entries"] if one["lane"] == name]
        assert int(sums["bytes"]) == counters["bytes"]
        assert ground.wire(name) == (counters["requests"], counters["bytes"])
        reads = sum(count for operation, count in counters["operations"].items() if operation in READS)
        assert int(sums["store reads"]) == reads
        calls = [one for one in mine if one["what"] == "api"]
        assert float(sums["median call"]) == pytest.approx(median(one["micros"] for one in calls))
        assert sum(one["status"] == 200 for one in calls) == counters["accepted"] > 100
        out = next(one for one in reversed(mine) if one["what"] == "logout" and one["status"] == 200)
        late = [
            one["at"] - out["ended"]
            for one in calls
            if one["at"] > out["ended"] and one["status"] == 200 and one["who"] in ("browser", "thief")
        ]
        assert float(sums[LATE]) == pytest.approx(max(late, default=0.0))
    assert said.startswith("The copy of the credential went on calling. Session: ")


def test_a_sign_out_is_over_within_the_lag_of_the_feed_and_with_jwt_it_says_when(ground: Ground) -> None:
    ground.press("sign-in", "call")
    said = ground.press("out")
    for lane in ("session", "hybrid"):
        assert float(ground.sums(lane)[LATE]) < 1.0
        assert "Thief calls the API" in ground.rows(lane)[0]
        assert "401 ended" in ground.rows(lane)[0]
        assert "Browser signed out" in ground.clients(lane)
        assert "has an ended copy" in ground.clients(lane)
    assert "200 still" in ground.rows("jwt")[0]
    assert "JWT: still accepted" in said
    assert re.search(r"and going on; the sign-out said [12] min", ground.page.inner_text("#lane-jwt .sums"))
    ground.press("wait", "call")
    assert float(ground.sums("jwt")[LATE]) > 60
    ground.press("wait", "wait", "call")
    assert "401 expired" in ground.rows("jwt")[0]
    assert 60 < float(ground.sums("jwt")[LATE]) < 125


def test_without_the_feed_a_copy_outlives_the_sign_out_by_max_staleness_and_no_more(ground: Ground) -> None:
    ground.press("sign-in", "call", "feed")
    assert ground.page.inner_text("#feed") == "Join the feed"
    ground.press("out")
    for lane in ("session", "hybrid"):
        assert 1.0 < float(ground.sums(lane)[LATE]) <= 5.0
        row = ground.rows(lane)[0]
        assert "401 ended" in row
        assert "1 read" in row
        assert "too old to be trusted" in ground.page.inner_text(f"#lane-{lane} .view")
    ground.press("feed")
    assert ground.page.inner_text("#feed") == "Cut the feed"


def test_without_the_store_memory_serves_and_then_nobody_is_let_in(ground: Ground) -> None:
    ground.press("sign-in", "call", "store", "call")
    for lane in STRATEGIES:
        assert re.search(r"Browser calls the API .* 200 hit, .* not asked", ground.rows(lane)[0]), lane
    ground.press("wait", "call")
    for lane in ("session", "hybrid"):
        assert "503 cannot tell" in ground.rows(lane)[0]
    assert "200 hit" in ground.rows("jwt")[0]
    assert "failed" in ground.press("sign-in")
    ground.press("store", "call")
    for lane in STRATEGIES:
        assert "200" in ground.rows(lane)[0]


def test_another_role_is_known_at_once_after_a_refresh_or_not_at_all(ground: Ground) -> None:
    ground.press("sign-in", "call", "role", "call")
    assert "200 reads only" in ground.rows("session")[0]
    assert "200 reads only" in ground.rows("hybrid")[0]
    assert any("401 older role" in row for row in ground.rows("hybrid"))
    assert any("Browser refreshes" in row for row in ground.rows("hybrid"))
    assert "reads only" not in ground.rows("jwt")[0]
    assert "Ada is a reader" in ground.clients("jwt")
    ground.press("role")
    assert "Ada is an editor" in ground.clients("jwt")


def test_a_thief_is_found_out_by_the_hybrid_alone(ground: Ground) -> None:
    ground.press("sign-in", "role", "store")
    ground.page.click("#why-theft button")  # which begins anew and does what it says
    ground.ready()
    rows = ground.rows("hybrid")
    assert any("Thief refreshes" in row and "401 denied" in row for row in rows)
    assert "200" not in rows[0]
    assert sum("200" in row for row in rows[:2]) == 0
    assert all("200" in row for row in ground.rows("session")[:2])
    assert all("401" in row for row in ground.rows("jwt")[:2])


def test_a_second_device_lives_on_after_a_sign_out_here_and_not_after_one_everywhere(ground: Ground) -> None:
    ground.press("sign-in", "second", "out", "call")
    for lane in STRATEGIES:
        assert any("Second calls the API" in row and "200" in row for row in ground.rows(lane)[:3])
        assert "Second signed in" in ground.clients(lane)
    ground.press("sign-in", "everywhere", "call")
    for lane in ("session", "hybrid"):
        assert any("Second calls the API" in row and "401 ended" in row for row in ground.rows(lane)[:4])
        assert "Second was ended" in ground.clients(lane)


def test_a_row_tells_what_travelled_and_hides_what_must_not_be_seen(ground: Ground) -> None:
    ground.press("sign-in", "steal", "call")
    page = ground.page
    page.click("#lane-hybrid .log details >> nth=0 >> summary")
    detail = page.inner_text("#lane-hybrid .log details[open] .detail")
    for said in ("sec-fetch-site", "cookie limen-play-token = eyJh…", "the line of status 200", "cache hit"):
        assert said in detail
    cookies = page.context.cookies()
    assert {one["path"].split("/")[3] for one in cookies} == {"browser", "thief"}
    assert all(one["httpOnly"] and one["sameSite"] == "Lax" for one in cookies)
    whole = page.content() + json.dumps(ground.log())
    assert [one["name"] for one in cookies if one["value"] in whole] == []
    assert page.evaluate(KEPT) == {"local": 0, "session": 0, "cookies": "", "databases": 0, "caches": 0}
    page.click("#lane-hybrid .log details[open] .detail a")
    assert page.evaluate("document.querySelector('article:target').id.startsWith('why-')")
    assert {one.url.split("/")[2] for one in ground.finished} == {ground.server.split("/")[2]}


def test_what_it_draws_ends_and_a_reload_draws_the_same(ground: Ground) -> None:
    ground.press("sign-in", "call", "hundred")
    before = {lane: (ground.rows(lane), ground.sums(lane)) for lane in STRATEGIES}
    ground.page.reload(wait_until="load")
    ground.ready()
    assert {lane: (ground.rows(lane), ground.sums(lane)) for lane in STRATEGIES} == before
    for lane in STRATEGIES:
        assert any(re.search(r"Browser × \d\d", row) for row in ground.rows(lane))
    ground.page.evaluate("""async () => {
        for (let i = 0; i < 42; i++) await fetch("playground/wait", { method: "POST" });
    }""")
    ground.press("call")
    assert len(ground.rows("jwt")) == 40


def fill(ground: Ground) -> Iterator[str]:
    yield "nothing"
    ground.press("sign-in", "call", "hundred", "second", "steal")
    yield "signed in"
    ground.press("out", "store", "feed", "wait", "call")
    for lane in STRATEGIES:
        ground.page.click(f"#lane-{lane} .log details >> nth=0 >> summary")
    yield "broken, with details"


@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 1280)])
def test_B09_axe_finds_nothing(chromium: Any, server: str, scheme: str, width: int) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: `make test` does it, or `npm ci` in tests/browser")
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    ground = Ground(context, server)
    ground.page.evaluate(AXE.read_text())
    found = []
    for state in fill(ground):
        violations = ground.page.evaluate(
            "(tags) => axe.run({ runOnly: tags }).then(({ violations }) =>"
            " violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 120))]))",
            RULES,
        )
        found += [(state, *violation) for violation in violations]
        if ground.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((state, "it scrolls sideways", []))
    assert ground.page.evaluate("document.getAnimations().length") == 0
    ground.press("again")
    assert found == []
    context.close()


def test_B09_everything_is_done_by_keyboard_alone(ground: Ground) -> None:
    page = ground.page

    def tab_to(wanted: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            focused = "document.activeElement.id || document.activeElement.textContent.trim().slice(0, 12)"
            if page.evaluate(focused) == wanted:
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
        raise AssertionError(f"Tab never comes to {wanted}")

    page.reload(wait_until="load")
    ground.ready()
    tab_to("To the lanes")
    page.keyboard.press("Enter")
    for button in ("sign-in", "call", "hundred", "second", "steal", "role", "wait"):
        tab_to(button)
        page.keyboard.press("Enter")
        ground.ready()
        assert page.evaluate("document.activeElement.id") == button
    tab_to("again")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "requests"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is True


def test_without_a_script_the_page_says_what_it_needs(chromium: Any, server: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/playground")
    assert "it needs JavaScript" in page.inner_text("main")
    context.close()


def test_every_scenario_names_a_section_that_is_there() -> None:
    text = slim(WORDS.read_text())
    buttons = set(
        re.findall(r'<button type="button" id="([a-z-]+)"', WORDS.with_name("index.html").read_text())
    )
    acts = re.findall(r"acts: (\[[^\]]+\])", text)
    assert [set(json.loads(one)) - buttons for one in acts] == [set()] * 8
    found = re.findall(r'doc: "([^"]+)",\s*section: "([^"]+)"', text)
    assert len(found) == text.count("steps: ") == 8
    for doc, section in found:
        headings = re.findall(r"^#+ (.+)$", ROOT.joinpath(doc).read_text(), re.MULTILINE)
        assert section in headings, (doc, section)
