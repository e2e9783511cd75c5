"""An explanation as a page: text that was escaped, one style sheet that its policy names, and no program."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files

from limen import explanation
from limen.explanation import Explanation, Outcome, Verdict

_KEPT = (
    "The credential was not logged, is not kept and is not repeated here. An explanation proves nothing to "
    "anybody."
)


@cache
def style() -> str:
    """The style sheet, as it stands in the page."""
    return files("limen.server").joinpath("static", "workbench", "verdict.css").read_text("utf-8")


@cache
def style_source() -> str:
    """How a policy names that sheet and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()}'"


def page(found: Explanation) -> str:
    """The verdict, its steps, and what is known beside it."""
    rulings = (found.request, found.refresh)
    good = ' class="good"' if any(one is not None and one.ruling.accepted for one in rulings) else ""
    said = "".join(f"<p>{_ticked(sentence)}</p>\n" for sentence in explanation.sentences(found))
    tables = _table("What a request with it gets", found.request)
    if found.refresh is not None:
        tables += _table("What a refresh with it gets", found.refresh)
    return _document(
        "Verdict",
        f'<h1{good}>{escape(explanation.headline(found))}</h1>\n<p class="soft">'
        f"{escape(found.kind.capitalize())}, asked about at {escape(explanation.moment(found.at))}.</p>\n"
        f'{said}{tables}{_session(found)}<p class="soft">{_KEPT}</p>\n'
        '<p><a href="verdict">Ask about another</a></p>\n',
    )


def form(address: str) -> str:
    """Where no script runs: a field, and what becomes of what is put there."""
    return _document(
        "Why is it refused?",
        f"""<h1 class="good">Why is it refused?</h1>
<p id="sent">The credential itself, whole, goes to <code>{escape(address)}</code> when you send it, and
nowhere else. The server neither keeps nor logs it.</p>
<form method="post" action="verdict" autocomplete="off">
<label for="token">Access token, session credential or refresh credential</label>
<textarea id="token" name="token" rows="6" required aria-describedby="sent" autocomplete="off"
spellcheck="false"></textarea>
<button>Send the credential</button>
</form>
""",
    )


def _ticked(sentence: str) -> str:
    """A sentence in which `code` stands between backquotes; one without a fellow is a stranger's."""
    parts = escape(sentence).split("`")
    if len(parts) % 2 == 0:
        return escape(sentence)
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def _document(title: str, main: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Limen</title>
<style>{style()}</style>
</head>
<body>
<header class="name"><b>Limen</b> Verdict</header>
<main>
{main}</main>
</body>
</html>
"""


def _table(caption: str, verdict: Verdict) -> str:
    rows = "".join(
        f'<tr class="{_class(check.outcome)}"><th scope="row">{escape(check.step)}'
        f"<span>{escape(check.asks)}</span></th>"
        f'<td class="state">{escape(check.outcome.value)}</td>{_cell("wanted", check.wants)}'
        f"{_cell('found', check.has)}</tr>\n"
        for check in verdict.checks
    )
    heads = _heads(("Step", ""), ("Outcome", "state"), ("Wanted", ""), ("Found", ""))
    return (
        f"<h2>{caption}</h2>\n<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    )


def _heads(*names: tuple[str, str]) -> str:
    return "".join(f'<th scope="col"{_of_class(kind)}>{name}</th>' for name, kind in names)


def _of_class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _cell(name: str, text: str) -> str:
    return f'<td data-is="{name}">{escape(text)}</td>' if text else "<td></td>"


def _class(outcome: Outcome) -> str:
    return outcome.value.replace(" ", "-")


def _session(found: Explanation) -> str:
    row = found.session
    if row is None:
        return ""
    pairs: Iterable[tuple[str, str]] = (
        ("id", row.id),
        ("strategy", row.strategy),
        ("created", explanation.moment(row.created)),
        ("last activity", explanation.moment(row.touched)),
        ("idle end", explanation.moment(row.ends)),
        ("absolute end", explanation.moment(row.expires)),
    )
    rows = "".join(f'<tr><th scope="row">{name}</th><td>{escape(said)}</td></tr>\n' for name, said in pairs)
    return f"<h2>Its session</h2>\n<table>\n<tbody>\n{rows}</tbody>\n</table>\n"
