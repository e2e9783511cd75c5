"""The vectors of the Token Status List draft, and our lists read by the draft's own algorithm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limen.status_list.ledger import Ledger
from limen.status_list.places import ENTRIES, Place
from limen.status_list.token import compressed
from support.status_list import PLACES, ended, statuses

FOLDER = Path(__file__).parent / "data/status-list"
ENCODINGS: list[dict[str, Any]] = json.loads((FOLDER / "status-list-encoding.json").read_text())["vectors"]
EXAMPLES: dict[str, Any] = json.loads((FOLDER / "status-list-examples.json").read_text())


@pytest.mark.parametrize("vector", ENCODINGS, ids=lambda v: f"{v['bits']}-bit")
def test_the_reader_of_these_tests_reads_the_vectors(vector: dict[str, Any]) -> None:
    found = statuses(vector["lst"], vector["bits"])
    assert len(found) == vector["entries"]
    assert [(n, s) for n, s in enumerate(found) if s] == sorted((n, s) for n, s in vector["statuses"] if s)


@pytest.mark.parametrize("example", EXAMPLES["encodings"], ids=lambda e: f"{e['bits']}-bit")
def test_our_member_is_the_drafts_byte_for_byte(example: dict[str, Any]) -> None:
    assert compressed(bytes.fromhex(example["bytes_hex"])) == example["lst"]


def test_our_bits_lie_as_the_drafts() -> None:
    """The one-bit vector, cut to the length of our lists."""
    vector = next(v for v in ENCODINGS if v["bits"] == 1)
    numbers = [n for n, status in vector["statuses"] if status and n < ENTRIES]
    ledger = Ledger(PLACES)
    for number in numbers:
        ledger.hear(ended(Place(1, number)))
    ours = statuses(compressed(ledger.bits(1)), 1)
    assert len(numbers) == 3
    assert ours == statuses(vector["lst"], 1)[:ENTRIES]
