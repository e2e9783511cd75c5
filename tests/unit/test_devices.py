"""Device credentials: recognised for the address that they were made for, and for nothing else."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.devices import DeviceSealer
from limen.secret import Secret

SEALER = DeviceSealer(Secret(bytes(range(32))))
ADA = "ada@example.org"


def test_A05_a_device_is_recognised_for_its_address_by_the_same_name_each_time() -> None:
    text = SEALER.seal(ADA, secrets.token_bytes)
    name = SEALER.recognise(text, ADA)
    assert name is not None
    assert SEALER.recognise(text, ADA) == name
    assert len(text) == 44


def test_A05_it_is_worth_nothing_for_another_address_or_another_deployment() -> None:
    text = SEALER.seal(ADA, secrets.token_bytes)
    assert SEALER.recognise(text, "eve@example.org") is None
    assert SEALER.recognise(text, "") is None
    assert DeviceSealer(Secret(bytes(range(1, 33)))).recognise(text, ADA) is None


def test_two_devices_have_two_names() -> None:
    names = {SEALER.recognise(SEALER.seal(ADA, secrets.token_bytes), ADA) for _ in range(1_000)}
    assert len(names) == 1_000
    assert None not in names


def test_every_flipped_bit_is_noticed() -> None:
    text = SEALER.seal(ADA, secrets.token_bytes)
    for place in range(len(text)):
        for bit in range(7):
            flipped = text[:place] + chr(ord(text[place]) ^ (1 << bit)) + text[place + 1 :]
            assert SEALER.recognise(flipped, ADA) is None


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{44}", fullmatch=True), st.text(max_size=20))
def test_no_text_is_an_error_and_none_is_known(text: str, key: str) -> None:
    try:
        key.encode()
    except UnicodeEncodeError:
        return  # `email_key` gives no such key
    assert SEALER.recognise(text, key) is None


@pytest.mark.parametrize("text", [None, "", "=" * 44, "A" * 43, "A" * 45, "A" * 44 + "\n", "Ａ" * 44])
def test_what_is_no_device_credential_is_none(text: str | None) -> None:
    assert SEALER.recognise(text, ADA) is None
