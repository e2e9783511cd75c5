"""The table of public secrets: every one of the list, few others, and the same after packing."""

from __future__ import annotations

import gzip

from limen.lint import known_secrets
from support.source import ROOT

LIST = ROOT / "tests/vectors/data/passwords/jwt.secrets.list.gz"


def test_J35_the_whole_public_list_is_known() -> None:
    lines = gzip.decompress(LIST.read_bytes()).replace(b"\r", b"").split(b"\n")
    assert len(lines) - 1 == 103_979
    assert [secret for secret in lines if secret and not known_secrets.contains(secret)] == []


def test_few_secrets_are_taken_for_public_ones() -> None:
    """One in 1.3 million by the arithmetic: of 200,000, two would be odd."""
    numbers = known_secrets.unpack(known_secrets.packed())
    assert numbers == sorted(set(numbers))
    assert len(numbers) / 2**known_secrets.BITS < 1 / 1_300_000
    assert sum(known_secrets.contains(b"limen %d" % i) for i in range(200_000)) <= 2


def test_the_table_is_read_as_it_was_packed() -> None:
    numbers = [0, 1, 5, 1 << 20, (1 << 20) + 1, (1 << 37) - 1]
    assert known_secrets.unpack(known_secrets.pack(reversed(numbers))) == numbers
    assert known_secrets.unpack(known_secrets.pack([])) == []
