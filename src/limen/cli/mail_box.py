"""The mail box of `limen dev`: the letters that were written, as a page for whoever sits at this machine."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from limen.errors import LimenError
from limen.server.hosts import Hosts
from limen.server.resource import refusal
from limen.server.standing import with_standing
from limen.server.wire import Answer
from limen.settings import Settings

PATH = "/.limen/mail"
"""Below it lies the page, under a name that only whoever started this was told."""
_LINK = re.compile(r"https?://[^\s<>\"]+")
_SHOWN = 50
_PAGE = (
    '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>Letters</title>'
    "<h1>Letters</h1>\n{}\n</html>\n"
)


class MailBox:
    """An ASGI answer to one path: the newest letters first, their links to be followed."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._hosts, self._folder = Hosts.of(settings), folder

    async def __call__(self, scope: Any, send: Any) -> None:
        try:
            # A name that a page of somebody else has led to this machine must not read what signs people in.
            self._hosts.check([value for name, value in scope["headers"] if name == b"host"])
        except LimenError as error:
            answer = refusal(error)
        else:
            page = _PAGE.format(self._letters() or "<p>No letter yet.</p>").encode()
            answer = Answer(200, page, ((b"content-type", b"text/html; charset=utf-8"),))
        await with_standing(answer, hsts=None).send(send, bodiless=scope["method"] == "HEAD")

    def _letters(self) -> str:
        files = sorted(self._folder.glob("*.txt"), reverse=True)[:_SHOWN]
        return "\n<hr>\n".join(f"<pre>{linked(file.read_text('utf-8'))}</pre>" for file in files)


def linked(text: str) -> str:
    """As HTML, with addresses that can be followed."""
    parts, at = [], 0
    for found in _LINK.finditer(text):
        address = html.escape(found[0])
        parts += [html.escape(text[at : found.start()]), f'<a href="{address}">{address}</a>']
        at = found.end()
    return "".join([*parts, html.escape(text[at:])])
