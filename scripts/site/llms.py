"""`llms.txt` (llmstxt.org): what there is, for programs that read, each with its Markdown; the whole besides.

A page lies at the address of its source, so that its links lead on as they do in the repository.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_nav: list[Any] = []


def remember(nav: Any) -> None:
    _nav[:] = list(nav)


def write(config: Any) -> None:
    """Everything below the folder of the site."""
    site, docs = Path(config.site_dir), Path(config.docs_dir)
    lines, whole = [f"# {config.site_name}", "", f"> {config.site_description}", ""], []
    for title, pages in _sections(_nav):
        lines += [f"## {title}", ""]
        for page in pages:
            text = _COMMENT.sub("", (docs / page.file.src_uri).read_text()).strip() + "\n"
            (site / page.file.src_uri).parent.mkdir(parents=True, exist_ok=True)
            (site / page.file.src_uri).write_text(text)
            lines.append(f"- [{page.title}]({page.file.src_uri}): {summary(text)}")
            whole.append(f"<!-- {page.file.src_uri} -->\n\n{text}")
        lines.append("")
    (site / "llms.txt").write_text("\n".join(lines))
    (site / "llms-full.txt").write_text("\n".join(whole))


def _sections(nav: list[Any]) -> list[tuple[str, list[Any]]]:
    return [(one.title, list(_pages(one))) for one in nav]


def _pages(item: Any) -> list[Any]:
    return [item] if item.is_page else [page for child in item.children for page in _pages(child)]


def summary(text: str) -> str:
    """The first sentence of a page's first paragraph, code apart; with the next, if it is a heading."""
    paragraphs = [" ".join(part.split()) for part in _FENCE.sub("", text).split("\n\n")]
    first = next((part for part in paragraphs if re.match(r"\w|`(?!``)|\*\*", part)), "")
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)|\*\*", r"\1", first)
    said, *more = re.split(r"(?<=[.?])\s", words)
    return (f"{said} {more[0]}" if more and len(said.split()) < 4 else said).rstrip(":")
