"""The files that the pages load: style, modules, icon. Their folder has the digest of all in its name.

So a browser may keep them for ever and never mixes two versions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Self

from limen.server.modules import link, slim, slim_style
from limen.server.pages.brand import Brand

STYLE, SCRIPT, ICON = "pages.css", "main.js", "icon.svg"


@dataclass(frozen=True, slots=True)
class Assets:
    """Name → content, and the folder that they are served in, below that of the pages."""

    files: Mapping[str, bytes] = field(repr=False)
    folder: str

    @classmethod
    def of(cls, brand: Brand) -> Self:
        """Those of the package, as the brand wants them."""
        found = brand.dress(_packaged(), style=STYLE, icon=ICON)
        digest = hashlib.sha256()
        for name in sorted(found):
            digest.update(b"%b\0%d\0%b" % (name.encode(), len(found[name]), found[name]))
        return cls(found, f"/assets/{digest.hexdigest()[:16]}")


@cache
def _packaged() -> dict[str, bytes]:
    """What ships. The modules are one script, so that a browser asks once."""
    folder = files("limen.server").joinpath("static", "pages")
    found = {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}
    modules = {name: slim(found.pop(name).decode()) for name in list(found) if name.endswith(".js")}
    found[STYLE] = slim_style(found[STYLE].decode()).encode()
    return {**found, SCRIPT: link(modules).encode()}
