"""The script that docs/http.md gives to pages with scripts, as it stands there."""

from __future__ import annotations

import re
from typing import Any

import pytest

from support.pages import Place
from support.source import ROOT

SIGNED_IN = """async ([email, password]) => {
    const sent = {method: "POST", headers: {"content-type": "application/json"}};
    const body = JSON.stringify({email, password});
    await fetch("/auth/register", {...sent, body});
    return (await fetch("/auth/login", {...sent, body})).status;
}"""
THREE_AT_ONCE = """async () => {
    const answers = await Promise.all(["session", "sessions", "account"].map((one) => ask(`/auth/${one}`)));
    return answers.map((answer) => answer.status);
}"""


@pytest.mark.slow
def test_a_page_renews_its_token_once_and_for_all_that_ask_at_once(place: Place, opened: Any) -> None:
    (script,) = re.findall(r"^```js\n(.*?)^```$", (ROOT / "docs/http.md").read_text(), re.S | re.M)
    page, asked = opened(), []
    page.goto(f"{place.serving.address}/sign-in")
    assert page.evaluate(SIGNED_IN, ["guide@example.com", "correct horse battery staple"]) == 200
    page.evaluate(f"() => {{ {script} window.ask = ask; }}")
    page.context.clear_cookies(name="limen-token")  # it goes when the token expires
    page.on("response", lambda one: asked.append(one.url) if one.request.method == "POST" else None)
    assert page.evaluate(THREE_AT_ONCE) == [200, 200, 200]
    assert asked == [f"{place.serving.address}/auth/refresh"]
    assert page.evaluate("fetch('/auth/logout', {method: 'POST'}).then((answer) => answer.status)") == 200
    assert page.evaluate("ask('/auth/session').then((answer) => answer.status)") == 401
