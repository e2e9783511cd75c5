"""The shell of every page of the lab: one file, nothing from elsewhere, no script."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files


def document(title: str, body: str) -> str:
    """A whole document around a body that is HTML already."""
    style = files("limen.lab.page").joinpath("style.css").read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src '
        "'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{style}</style></head><body>{body}</body></html>\n"
    )


def header(kicker: str, title: str, words: str) -> str:
    """What it is, in three lines of growing length."""
    return (
        f'<header><p class="kicker">{escape(kicker)}</p><h1>{escape(title)}</h1>'
        f"<p>{escape(words)}</p></header>"
    )


def cards(several: Iterable[tuple[str, str]]) -> str:
    """What decides most choices, before anything else: something large, and what it is."""
    items = "".join(
        f"<li><strong>{escape(big)}</strong><span>{escape(small)}</span></li>" for big, small in several
    )
    return f'<ul class="answers">{items}</ul>'


def plain_table(caption: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Text in rows; the first of each names it."""
    names = "".join(f"<th scope=col>{escape(name)}</th>" for name in head)
    lines = "".join(
        f"<tr><th scope=row>{escape(first)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def term_list(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values that are HTML already."""
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in pairs)}</dl>"


def captioned(svg: str, words: str, above: str = "") -> str:
    """A chart with what must be known to read it, its run among that."""
    return f"{above}<figure>{svg}<figcaption>{escape(words)}</figcaption></figure>"
