"""Paths that are served to strangers, named one by one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

_ODD = ("/.", "//", "\\", ";")


@dataclass(frozen=True, slots=True)
class PublicPaths:
    """Exact paths; one that ends in `/` names everything below it, `/` itself excepted: a public front page
    does not open the house."""

    exact: frozenset[str]
    below: tuple[str, ...]

    @classmethod
    def of(cls, paths: Collection[str]) -> PublicPaths:
        return cls(frozenset(paths), tuple(path for path in paths if path.endswith("/") and path != "/"))

    def __contains__(self, path: str) -> bool:
        # `/static/../admin` lies below `/static/` for us and perhaps not for what comes next.
        return path in self.exact or (path.startswith(self.below) and not any(odd in path for odd in _ODD))
