"""The reference, made of the code: `make reference` writes it, and a test holds it to the code.

A page of docs/reference/ is made whole. In a page that is written by hand stands a region between two
comments, `<!-- made: settings -->` and `<!-- made -->`, and nothing else of it is touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from scripts.site.reference import audit, claims, commands, findings, metrics, names, routes, settings

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
_REGION = re.compile(
    r"(<!-- made: {name} -->\n).*?(\n<!-- made -->)".replace("{name}", r"(?P<name>\w+)"), re.S
)

PAGES: Mapping[str, Callable[[], str | None]] = {
    "reference/claims.md": claims.page,
    "reference/commands.md": commands.page,
    "reference/findings.md": findings.page,
    "reference/metrics.md": metrics.page,
    "reference/python.md": names.page,
    "reference/routes.md": routes.page,
}
"""What is made whole. None: there is nothing of the kind, and no page."""

REGIONS: Mapping[str, Callable[[], str]] = {"audit": audit.table, "settings": settings.table}
WITH_REGIONS = ("admin.md", "configuration.md")


class NoRegion(Exception):
    """A page has lost the comments between which something is made."""


def made() -> Iterator[tuple[Path, str | None]]:
    """Every page with a part that is made, and its text as it should be; None where it should not be."""
    for name, page in PAGES.items():
        yield DOCS / name, page()
    for name in WITH_REGIONS:
        yield DOCS / name, filled((DOCS / name).read_text())


def filled(page: str) -> str:
    """A page written by hand, with its regions as they should be."""
    text, found = _REGION.subn(lambda m: f"{m[1]}\n{REGIONS[m['name']]()}{m[3]}", page)
    if not found:
        raise NoRegion("no region is left in the page: `<!-- made: settings -->` … `<!-- made -->`")
    return text
