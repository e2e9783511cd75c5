"""The workbench in a browser, with everything that it asked for, complained of or kept."""

from __future__ import annotations

import json
from typing import Any

from support.tokens import NOW, said, token

SECRET = "a secret that nobody may ever see elsewhere"


class Bench:
    """One page, with everything that it asked for, complained of or kept."""

    def __init__(self, context: Any, address: str) -> None:
        self.page = context.new_page()
        self.page.clock.set_fixed_time(float(NOW))
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.answers: list[str] = []
        self.page.on("response", lambda response: self.answers.append(response.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.add_init_script(
            "window.violations = [];"
            "addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective))"
        )
        self.page.goto(address, wait_until="load")
        self.loaded = list(self.requests)
        self.requests.clear()

    def decode(self, text: str, secret: str = "") -> None:
        """Paste a token, and wait for what is found."""
        self.page.fill("#key", secret)
        self.page.fill("#paste", text)
        self.settled()

    def settled(self) -> None:
        self.page.wait_for_selector("#findings[aria-busy=false]", state="attached")

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def findings(self) -> list[str]:
        self.settled()
        return list(self.page.eval_on_selector_all("#findings li", "all => all.map((one) => one.dataset.id)"))

    def open(self, tool: str) -> None:
        self.page.click(f'nav a[href="#{tool}"]')
        self.page.wait_for_selector(f"#{tool}:not([hidden])")


def use_everything(bench: Bench) -> None:
    """Each tool, each button but the one that sends, with secrets in every field."""
    page = bench.page
    page.click("#example")
    page.wait_for_selector(".verdict.good")
    bench.decode(f"Cookie: a={token()}; b={token(said(sub='b'))}", SECRET)
    page.click("#choice label:nth-of-type(2)")
    for leave in (lambda: page.click("#keep"), lambda: page.keyboard.press("Escape")):
        if page.locator("#ask").count():  # where there is a server to ask
            page.click("#ask")
            leave()
    page.select_option("#key-form", "text")
    page.select_option("#key-alg", "HS256")
    page.click("#payload-members .key >> nth=0")
    bench.open("make")
    page.wait_for_selector("#make-token .part-2")
    for alg in ("EdDSA", "HS256"):
        page.select_option("#make-alg", alg)
        page.wait_for_function(f"document.querySelector('#make-header').value.includes('{alg}')")
    page.click("#make-key")
    page.click("#make-now")
    for name in ("JWT", "curl", "Python", "JavaScript"):
        page.click(f"#make-copies button:has-text('{name}')")
    page.click("#make-keys button[aria-expanded]")
    page.click("#make-copies button:has-text('Look at it')")
    page.wait_for_selector("#token:not([hidden])")
    bench.open("compare")
    page.fill("#left", token())
    page.fill("#right", token(said(sub="b")))
    bench.open("encode")
    page.fill("#plain", f"{SECRET} 1764030000")
    bench.open("identifiers")
    page.click("#uuid7")
    page.click("#uuid4")
    bench.open("hashes")
    page.fill("#hash", "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy")
    page.fill("#long", SECRET * 3)
    page.fill(
        "#costs",
        json.dumps(
            {"proposals": [{"scheme": "bcrypt", "settings": {"bcrypt_cost": 12}, "ms": 80, "within": True}]}
        ),
    )
    page.wait_for_selector("#costs-said .bar")
