"""The files of the page: those in `server/static/workbench/`, and two that are made of tables of `lint`.

What a finding says stands in one place, for the command line and for the browser.
"""

from __future__ import annotations

import base64
import re
from dataclasses import astuple
from functools import cache
from importlib.resources import files

import msgspec

from limen.lint import catalogue, known_secrets
from limen.server.modules import slim, slim_style

INDEX, STYLE = "index.html", "workbench.css"
RULES, KNOWN_SECRETS = "rules.js", "known-secrets.js"

_BLANK = re.compile(r"\s*\n\s*")
_SERVED = re.compile(r"<!--served-->(.*?)<!--/served-->", re.DOTALL)
"""What the page has only where there is a server of its own to ask."""


@cache
def assets() -> dict[str, bytes]:
    """Name → content of everything that the page is made of."""
    folder = files("limen.server").joinpath("static", "workbench")
    found = {one.name: one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(".js")}
    made = {name: slim(text) for name, text in found.items()}
    made[RULES] = f"export default {_rules()};\n"
    made[KNOWN_SECRETS] = f'export default "{base64.b64encode(known_secrets.packed()).decode()}";\n'
    made[STYLE] = slim_style(folder.joinpath(STYLE).read_text("utf-8"))
    made[INDEX] = document(served=True)
    return {name: text.encode() for name, text in made.items()}


def document(*, served: bool) -> str:
    """The page itself; in one file it has nothing that speaks of a server."""
    text = files("limen.server").joinpath("static", "workbench", INDEX).read_text("utf-8")
    return _BLANK.sub("\n", _SERVED.sub(r"\1" if served else "", text))


def _rules() -> str:
    table = {
        "rules": {name: astuple(rule) for name, rule in catalogue.CATALOGUE.items()},
        "secret_words": sorted(catalogue.SECRET_WORDS),
        "personal_words": sorted(catalogue.PERSONAL_WORDS),
    }
    return msgspec.json.encode(table).decode()
