"""The 19,640 passwords that people choose most, as Django ships them (list by Royce Williams, BSD-3-Clause).

The licence stands beside the list, in `common.LICENSE`.
"""

from __future__ import annotations

import gzip
import unicodedata
from functools import cache
from importlib.resources import files


@cache
def common_passwords() -> frozenset[str]:
    """All of them, folded. Read once in a process, in some twenty milliseconds."""
    packed = files("limen.passwords").joinpath("common.txt.gz").read_bytes()
    return frozenset(fold(word) for word in gzip.decompress(packed).decode().split("\n") if word)


def fold(text: str) -> str:
    """How a password is compared with words: as a whole, without case and outer blanks."""
    return unicodedata.normalize("NFC", text).strip().casefold()
