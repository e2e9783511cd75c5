"""What mkdocs is told to do besides: folders in the nav, links out of docs/, drawings, llms.txt.

Whatever is amiss is a warning, and the build is strict.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

import llms  # beside this file: mkdocs puts its folder on the path while it loads a hook

_log = logging.getLogger("mkdocs.hooks.limen")
ROOT = Path(__file__).parents[2]
_OUTSIDE = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+)(#[^)\s]*)?\)")
_DRAWING = re.compile(r"^!\[[^\]]*\]\((?:\.\./)*drawings/([a-z]+)\.svg\)$", re.MULTILINE)
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(
    r"(?<![\w/`(\[])(`?)(docs/[\w/-]+\.md)\1(?![\w`\])])|(?<=[^\]]\()(docs/[\w/-]+\.md)(?=\))"
)
_CELL = re.compile(r"<td><code>([^<]+)</code></td>")
_BREAKS = re.compile(r"(?<=[\w:/])([_/,]+)(?=\w)")
_WBR = r"\1<wbr>"
_CORNER = re.compile(r"<th[^>]*></th>")
_BOOSTS = {"start": 4, "how": 2, "decisions": 0.2}
_STYLE = re.compile(r"<style>.*?</style>\n", re.DOTALL)


def on_config(config: Any) -> Any:
    """`decisions/*` in the nav is every page of that folder that has no line of its own."""
    docs = Path(config.docs_dir)
    config.nav = _expanded(config.nav, docs, set(_named(config.nav)))
    return config


def _named(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    inner = nav if isinstance(nav, list) else list(nav.values())
    return [name for one in inner for name in _named(one)]


def _expanded(nav: Any, docs: Path, named: set[str]) -> Any:
    if isinstance(nav, dict):
        return {title: _expanded(inner, docs, named) for title, inner in nav.items()}
    if not isinstance(nav, list):
        return nav
    found: list[Any] = []
    for one in nav:
        if isinstance(one, str) and one.endswith("/*"):
            pages = sorted(page.relative_to(docs).as_posix() for page in docs.glob(f"{one}.md"))
            found += [page for page in pages if page not in named]
        else:
            found.append(_expanded(one, docs, named))
    return found


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Links as a site has them, and drawings in the page itself. A block of code is left alone.

    Whoever searches wants to know how it is done before why it is so: reasons come last in what is found.
    """
    folder = page.file.src_uri.rpartition("/")[0]
    page.meta.setdefault("search", {"boost": _BOOSTS.get(folder, 1)})
    here = f"docs/{page.file.src_uri}"
    parts = _FENCE.split(markdown)
    parts[::2] = [_written(part, here) for part in parts[::2]]
    return "".join(parts)


def _written(text: str, here: str) -> str:
    text = _OUTSIDE.sub(lambda link: _outside(link, here), text)
    text = _NAMED.sub(lambda name: f"[{name[0]}]({_way(here, name[2] or name[3])})", text)
    return _DRAWING.sub(lambda found: drawn(found[1]), text)


def _outside(link: re.Match[str], here: str) -> str:
    """A link to a file of the repository that is no page becomes its name."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(here), link[2]))
    if target.startswith("docs/"):
        return link[0]
    if target.startswith("..") or not (ROOT / target).exists():
        _log.warning("%s leads to %s, which is not in the repository", here, target)
    name = f"`{target}`"
    return name if target in link[1] or link[1].strip("`") in target else f"{link[1]} ({name})"


def _way(here: str, there: str) -> str:
    return posixpath.relpath(there, posixpath.dirname(here))


def on_page_content(html: str, **_: Any) -> str:
    """A long name in a table breaks where its words end."""
    return _CELL.sub(lambda cell: f'<td><code class="name">{_BREAKS.sub(_WBR, cell[1])}</code></td>', html)


def drawn(name: str) -> str:
    """A drawing as a figure that can be scrolled by keyboard where it is wider than the page."""
    text = (ROOT / "docs" / "drawings" / f"{name}.svg").read_text()
    title = re.search(r"<title[^>]*>(.*?)</title>", text)
    label = title[1] if title else name
    inner = _STYLE.sub("", text).replace("\n", "")
    return f'<div class="drawing" tabindex="0" role="group" aria-label="{label}">{inner}</div>'


def on_post_page(output: str, **_: Any) -> str:
    """A corner of a table is no heading, and the search says what it is, to those who do not see the page."""
    named = output.replace(
        'data-md-component="search" role="dialog">',
        'data-md-component="search" role="dialog" aria-label="Search">',
    )
    return _CORNER.sub("<td></td>", named)


def on_nav(nav: Any, **_: Any) -> Any:
    """The order in which `llms.txt` names the pages."""
    llms.remember(nav)
    return nav


def on_post_build(config: Any) -> None:
    """`llms.txt`, `llms-full.txt`, and every page as it was written, beside the site's own."""
    llms.write(config)
