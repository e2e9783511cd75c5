"""argon2: the reference's known answers, its broken encodings, and hashes that must not be computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from argon2.low_level import core, ffi, lib

from limen.passwords import Limits, UnusableHash
from limen.passwords.argon2 import Argon2Hash
from limen.passwords.hasher import read

FOLDER = Path(__file__).parent / "data/argon2"
DATA: dict[str, Any] = json.loads((FOLDER / "argon2-encoded.json").read_text())
RFC: list[dict[str, Any]] = json.loads((FOLDER / "rfc9106.json").read_text())["vectors"]
LARGEST_KIB = Limits().memory_kib
KNOWN: list[dict[str, Any]] = DATA["known_answers"]
AFFORDABLE = [v for v in KNOWN if v["m_kib"] <= LARGEST_KIB]
TOO_LARGE = [v for v in KNOWN if v["m_kib"] > LARGEST_KIB]
CASES: dict[str, dict[str, Any]] = {case["case"]: case for case in DATA["own_encoding_cases"]}

READABLE = {"valid": True, "type argon2i": False, "version missing": False, "version 16": False}
"""Cases that are well-formed, and whether the password matches. All others are refused."""


def checked(encoded: str) -> Argon2Hash:
    stored = read(encoded)
    stored.check(Limits())
    assert isinstance(stored, Argon2Hash)
    return stored


def test_the_files_hold_what_this_test_thinks() -> None:
    assert (len(AFFORDABLE), len(TOO_LARGE), len(RFC), len(DATA["upstream_negative"])) == (24, 2, 3, 8)


@pytest.mark.parametrize("vector", AFFORDABLE, ids=lambda v: v["encoded"][:40] + v["password"])
def test_A31_a_known_answer_of_the_reference_is_verified(vector: dict[str, Any]) -> None:
    stored = checked(vector["encoded"])
    assert stored.tag.hex() == vector["tag_hex"]
    assert stored.salt == vector["salt"].encode()
    assert (stored.version, f"argon2{stored.variant}") == (vector["version"], vector["type"])
    assert stored.matches(vector["password"].encode())
    if vector["m_kib"] <= 65_536:
        assert not stored.matches(vector["password"].encode() + b"x")


@pytest.mark.parametrize("vector", TOO_LARGE, ids=lambda v: v["encoded"][:30])
def test_A32_a_known_answer_of_a_gibibyte_is_refused_before_hashing(vector: dict[str, Any]) -> None:
    """With other limits it is read as it is; computing it would take a gibibyte of the machine."""
    stored = read(vector["encoded"])
    with pytest.raises(UnusableHash, match="memory"):
        stored.check(Limits())
    stored.check(Limits(memory_kib=vector["m_kib"], work_kib=vector["m_kib"] * vector["t"]))
    assert isinstance(stored, Argon2Hash)
    assert stored.tag.hex() == vector["tag_hex"]


@pytest.mark.parametrize("vector", RFC, ids=lambda v: v["id"])
def test_the_library_gives_the_answers_of_rfc_9106(vector: dict[str, Any]) -> None:
    """They use a key and associated data, which no stored hash has: so the library is asked itself."""
    out, password = ffi.new("uint8_t[]", vector["tag_length"]), bytes.fromhex(vector["password_hex"])
    parts = {name: bytes.fromhex(vector[f"{name}_hex"]) for name in ("salt", "secret", "ad")}
    held = {name: ffi.new("uint8_t[]", part) for name, part in {**parts, "pwd": password}.items()}
    context = ffi.new("argon2_context *")
    context.out, context.outlen = out, vector["tag_length"]
    context.pwd, context.pwdlen = held["pwd"], len(password)
    for name, part in parts.items():
        setattr(context, name, held[name])
        setattr(context, f"{name}len", len(part))
    context.t_cost, context.m_cost = vector["passes"], vector["memory_kib"]
    context.lanes = context.threads = vector["lanes"]
    context.version, context.flags = vector["version"], lib.ARGON2_DEFAULT_FLAGS
    context.allocate_cbk = context.free_cbk = ffi.NULL
    kind = {"argon2d": lib.Argon2_d, "argon2i": lib.Argon2_i, "argon2id": lib.Argon2_id}[vector["type"]]
    assert core(context, kind) == lib.ARGON2_OK
    assert bytes(ffi.buffer(out)).hex() == vector["tag_hex"]


@pytest.mark.parametrize("vector", DATA["upstream_negative"], ids=lambda v: v["encoded"][:50])
def test_what_the_reference_refuses_is_refused(vector: dict[str, Any]) -> None:
    if vector["error"] == "ARGON2_VERIFY_MISMATCH":
        assert not checked(vector["encoded"]).matches(vector["password"].encode())
    else:
        with pytest.raises(UnusableHash):
            read(vector["encoded"])


@pytest.mark.parametrize(
    "case", [c for c in DATA["own_edge_passwords"] if "encoded" in c], ids=lambda c: c["case"]
)
def test_A28_every_byte_of_a_password_counts(case: dict[str, Any]) -> None:
    """Bytes as they are, without NFC and without the rules for passwords: those come before."""
    password, stored = bytes.fromhex(case["password_hex"]), checked(case["encoded"])
    assert stored.matches(password)
    assert not stored.matches(password + b" ")
    assert not stored.matches(password[:-1] if password else b"\0")


@pytest.mark.parametrize("name", READABLE)
def test_an_encoding_that_is_well_formed_is_verified(name: str) -> None:
    assert checked(CASES[name]["encoded"]).matches(b"password") is READABLE[name]


@pytest.mark.parametrize("name", CASES.keys() - READABLE.keys())
def test_A32_any_other_encoding_is_refused_before_hashing(name: str) -> None:
    with pytest.raises(UnusableHash):
        checked(CASES[name]["encoded"])
