"""Letters as a page: what strangers wrote into them stays text."""

from __future__ import annotations

from limen.cli.mail_box import linked


def test_addresses_are_links_and_everything_else_is_text() -> None:
    shown = linked('To: "<script>"@example.org\nhttp://127.0.0.1:8000/verify?token=a&x="><script>\nend')
    assert "<script>" not in shown
    assert '<a href="http://127.0.0.1:8000/verify?token=a&amp;x=">' in shown
    assert shown.endswith("\nend")
