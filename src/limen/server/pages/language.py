"""In which language a page speaks: as the address asks, as was chosen before, as the browser prefers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?\s*\Z", re.ASCII
)
_RANGES_MAX = 20


def pick(wanted: Collection[str | None], accepted: str, known: Collection[str]) -> str:
    """The first of `wanted` that is known, else the best of `Accept-Language`, else the first known."""
    for one in (*wanted, *_preferred(accepted)):
        found = None if one is None else _known(one, known)
        if found is not None:
            return found
    return next(iter(known))


def _preferred(accepted: str) -> Iterator[str]:
    """Ranges from the most wanted to the least (RFC 9110 §12.5.4); those with q=0 not at all."""
    ranges = [_RANGE.match(one) for one in accepted.split(",")[:_RANGES_MAX]]
    weighed = [(float(one[2] or 1), one[1]) for one in ranges if one is not None]
    yield from (name for weight, name in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0)


def _known(name: str, known: Collection[str]) -> str | None:
    """As it is, or without what narrows it: `de-AT` is answered in `de` (RFC 4647 §3.4)."""
    folded = {one.casefold(): one for one in known}
    narrow = name.casefold()
    while narrow:
        if narrow in folded:
            return folded[narrow]
        narrow = narrow.rpartition("-")[0]
    return None
