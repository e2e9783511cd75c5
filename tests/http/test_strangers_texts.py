"""What somebody else wrote into an address is no text of ours (B12)."""

from __future__ import annotations

import pytest

from support.http import served

pytestmark = pytest.mark.anyio
TEXTS = ("<img src=x onerror=alert(1)>", "Call +1 900 555", "https://evil.example", "A" * 6_000)


@pytest.mark.parametrize("page", ["/sign-in", "/register", "/forgot", "/reset", "/verify", "/email"])
@pytest.mark.parametrize("name", ["error", "error_description", "error_uri", "message", "state"])
async def test_B12_a_text_of_an_identity_provider_or_of_anybody_is_not_shown(page: str, name: str) -> None:
    """We ask no other provider; whoever links here with such a text must not speak through our page."""
    async with served() as at, at.browser() as browser:
        plain = await browser.get(page)
        for text in TEXTS:
            shown = await browser.get(page, params={name: text})
            assert shown.status_code == plain.status_code
            assert text not in shown.text
            assert "evil.example" not in shown.text
