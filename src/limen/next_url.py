"""Where a person may be sent after a form: to a path of this origin, and nowhere else (A39).

What browsers make of an address is wider than any grammar: they drop tabs and newlines, read `\\` as `/`, and
take `//host` for another host. So nothing is parsed here. What is let through is a path of plain characters,
in which no reader can see anything but a path.
"""

from __future__ import annotations

import re

LENGTH_MAX = 2_048
# No colon, no @ and no backslash anywhere, a percent sign only before two digits. The first character after
# the slash is none that could make an authority of it.
_SAFE = re.compile(
    r"/(?:[A-Za-z0-9_~!$&'()*+,;=.-](?:[A-Za-z0-9_~!$&'()*+,;=./-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9_~!$&'()*+,;=./?-]|%[0-9A-Fa-f]{2})*)?\Z",
    re.ASCII,
)
_ENCODED = re.compile(r"%(?:2[fF]|5[cC]|0[0-9a-fA-F]|1[0-9a-fA-F]|7[fF])")
"""Slashes, backslashes and control characters: none of our paths needs one, and a proxy may decode it."""
_DOTS = re.compile(r"/\.{1,2}(?:/|\?|\Z)|//")


def safe_next(wanted: str, *, default: str) -> str:
    """`wanted` if it is a path of this origin written plainly, else `default`."""
    if len(wanted) > LENGTH_MAX or not _SAFE.match(wanted):
        return default
    path = wanted.partition("?")[0]
    folded = re.sub(r"%2[eE]", ".", path)
    return default if _ENCODED.search(path) or _DOTS.search(folded) else wanted
