"""The UUIDs of RFC 9562, appendices A and B, and spellings that a strict parser refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limen import ids
from limen.clock import Instant

DATA: dict[str, Any] = json.loads((Path(__file__).parent / "data/rfc/rfc9562-uuid.json").read_text())
GREGORIAN = 0x01B21DD213814000


@pytest.mark.parametrize("vector", DATA["vectors"], ids=lambda v: v["uuid"])
def test_a_uuid_of_the_rfc_says_what_the_rfc_says(vector: dict[str, Any]) -> None:
    assert ids.parse(vector["uuid"]) == vector["uuid"]
    assert ids.from_bytes(ids.to_bytes(vector["uuid"])) == vector["uuid"]
    seen = ids.inspect(vector["uuid"])
    assert seen.version == vector["version"]
    if "variant" in vector:
        assert seen.variant == vector["variant"]
    if "timestamp_100ns" in vector:
        ticks = int(vector["timestamp_100ns"], 16)
        assert seen.created == pytest.approx((ticks - GREGORIAN) / 1e7, abs=1e-6)
    if "clock_seq" in vector:
        assert seen.clock_sequence == int(vector["clock_seq"], 16)
    if "node" in vector:
        assert seen.node is not None
        assert int(seen.node.replace(":", ""), 16) == int(vector["node"], 16)
    if "unix_ts_ms" in vector:
        assert seen.created == vector["unix_ts_ms"] / 1000
        assert ids.created_ms(vector["uuid"]) == vector["unix_ts_ms"]


def test_the_uuid7_of_the_rfc_is_what_its_parts_make() -> None:
    (vector,) = [v for v in DATA["vectors"] if v["version"] == 7]
    rand_a, rand_b = int(vector["rand_a"], 16), int(vector["rand_b"], 16)
    entropy = (rand_a << 68 | rand_b).to_bytes(10, "big")
    assert ids.uuid7(Instant(vector["unix_ts_ms"] / 1000), lambda n: entropy[:n]) == vector["uuid"]


def test_the_uuid4_of_the_rfc_is_what_its_bytes_make() -> None:
    (vector,) = [v for v in DATA["vectors"] if v["version"] == 4]
    raw = bytes.fromhex(vector["random_hex"])
    assert ids.uuid4(lambda n: raw[:n]) == vector["uuid"]


@pytest.mark.parametrize("case", DATA["strict_parse_must_reject"], ids=lambda c: repr(c["input"]))
def test_other_spellings_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="RFC 9562"):
        ids.parse(case["input"])
