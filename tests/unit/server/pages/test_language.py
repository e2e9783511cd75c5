"""The language of a page: asked for, chosen before, preferred, or the first."""

from __future__ import annotations

import pytest

from limen.server.pages.language import pick

KNOWN = ("en", "de", "ar", "pt-BR")


@pytest.mark.parametrize(
    ("wanted", "accepted", "picked"),
    [
        ((None, None), "", "en"),
        (("de", None), "ar", "de"),
        ((None, "ar"), "de", "ar"),
        (("xx", "de"), "", "de"),
        ((None, None), "de-AT,de;q=0.9,en;q=0.8", "de"),
        ((None, None), "en;q=0.1, ar;q=0.7, de;q=0.5", "ar"),
        ((None, None), "fr, de;q=0", "en"),
        ((None, None), "pt-br", "pt-BR"),
        ((None, None), "*", "en"),
        ((None, None), ",;q=,\x00,de;q=x,<script>", "en"),
        ((None, None), "de;q=1," * 10_000, "de"),
        (("../../etc/passwd", "en\r\n"), "", "en"),
    ],
)
def test_B14_a_language_is_picked(wanted: tuple[str | None, ...], accepted: str, picked: str) -> None:
    assert pick(wanted, accepted, KNOWN) == picked
