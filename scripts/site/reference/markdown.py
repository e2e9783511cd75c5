"""Pieces of Markdown, and of what is said in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTE = "\n<!-- Made of the code by `make reference`: change the code, not this page. -->\n"
"""At the end of a page: what stands before the title would take its place in the nav."""


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar within a cell is kept from ending it."""
    lines = [names, ["---"] * len(names), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def code(text: str) -> str:
    """Text as code, or a dash for none."""
    return f"`{text}`" if text else "–"


def sentence(text: str) -> str:
    """Words that begin with a capital and end with a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
