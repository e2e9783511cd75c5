"""bcrypt: known answers of pyca and Openwall, settings to be refused, and the edges at 72 bytes and NUL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limen.passwords import Limits, UnusableHash
from limen.passwords.hasher import read

DATA: dict[str, Any] = json.loads((Path(__file__).parent / "data/bcrypt/bcrypt-vectors.json").read_text())
KNOWN: list[dict[str, Any]] = DATA["known_answers"]
MANGLED = [v for v in KNOWN if v["hash"].startswith("$2x$")]
LIBXCRYPT_ONLY = {
    "$2a$05$/OK.fbVrR/bpIqNJ5ianF.nqd1wy.pTMdcvrRWxyiGL2eMz.2a85.",
    "$2a$05$/OK.fbVrR/bpIqNJ5ianF.ZC1JEJ8Z4gPfpe1JOr/oyPXTWl9EFd.",
}
"""Under `$2a$` libxcrypt answers differently where 0xFF meets a byte over 127, to be safe from `$2x$`. No
UTF-8 has an 0xFF, so no password is concerned."""
VERIFIED = [v for v in KNOWN if v not in MANGLED]


def matches(encoded: str, password_hex: str) -> bool:
    stored = read(encoded)
    stored.check(Limits())
    return stored.matches(bytes.fromhex(password_hex))


def test_the_file_holds_what_this_test_thinks() -> None:
    assert (len(KNOWN), len(MANGLED), len(DATA["own_edges"]), len(DATA["own_malformed"])) == (56, 8, 14, 11)
    assert {v["hash"] for v in VERIFIED} > LIBXCRYPT_ONLY


@pytest.mark.parametrize("vector", VERIFIED, ids=lambda v: f"{v['hash'][:12]}-{v['password_hex'][:12]}")
def test_A31_a_known_answer_is_verified(vector: dict[str, Any]) -> None:
    expected = vector["hash"] not in LIBXCRYPT_ONLY
    assert matches(vector["hash"], vector["password_hex"]) is expected
    if not expected:
        assert b"\xff" in bytes.fromhex(vector["password_hex"])


@pytest.mark.parametrize("vector", MANGLED, ids=lambda v: v["password_hex"])
def test_A31_hashes_marked_2x_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(UnusableHash, match="mangled"):
        read(vector["hash"])


@pytest.mark.parametrize("case", DATA["settings_that_must_be_refused"], ids=lambda c: c["setting"])
def test_a_setting_that_must_be_refused_is(case: dict[str, Any]) -> None:
    for digest in ("", "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"):
        with pytest.raises(UnusableHash):
            read(case["setting"] + digest)


@pytest.mark.parametrize("case", DATA["own_malformed"], ids=lambda c: c["case"])
def test_A32_a_malformed_or_hostile_hash_is_refused_before_hashing(case: dict[str, Any]) -> None:
    with pytest.raises(UnusableHash):
        read(case["hash"]).check(Limits())


@pytest.mark.parametrize("case", DATA["own_edges"], ids=lambda c: c["case"])
def test_A29_an_old_hash_is_verified_as_its_maker_cut_it(case: dict[str, Any]) -> None:
    """bcrypt 4.3.0 cut at 72 bytes; 5.0.0 raises. What the former stored is still verified."""
    assert matches(case["bcrypt_4_3_0"], case["password_hex"])
