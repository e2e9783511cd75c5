"""Tickets: their text, and the rule by which a store knows a good one."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen import ids
from limen.clock import Instant
from limen.errors import Rejected
from limen.ids import AccountID
from limen.secret import Secret
from limen.tickets import CHANGE, Purpose, TicketSealer, is_good, issued, may_be_opened, replaced_by
from support.stores import NOW, chance, digest, make_account, make_ticket

SEALER = TicketSealer(Secret(bytes(range(32))))
ADA = AccountID("0190a3c5-7e00-7000-8000-000000000001")
EVERY = tuple(Purpose)


def sealed(purpose: Purpose = Purpose.RESET) -> str:
    return SEALER.seal(SEALER.mint(ADA, purpose, chance))


@pytest.mark.parametrize("purpose", EVERY)
def test_what_is_sealed_is_opened(purpose: Purpose) -> None:
    shown = SEALER.mint(ADA, purpose, chance)
    text = SEALER.seal(shown)
    assert len(text) == 60
    assert SEALER.open(text, purpose) == shown
    assert SEALER.open(text, *EVERY) == shown
    assert repr(shown).count(text) == 0
    assert shown.secret.hex() not in repr(shown)


@pytest.mark.parametrize("purpose", EVERY)
def test_a_ticket_opens_for_its_own_purpose_alone(purpose: Purpose) -> None:
    for other in set(EVERY) - {purpose}:
        with pytest.raises(Rejected) as caught:
            SEALER.open(sealed(purpose), other)
        assert (caught.value.code, caught.value.reason) == ("ticket_void", "ticket_purpose")


def test_A14_no_letter_of_a_ticket_can_be_another() -> None:
    text = sealed()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for at in range(60):
        for letter in alphabet.replace(text[at], ""):
            with pytest.raises(Rejected):
                SEALER.open(text[:at] + letter + text[at + 1 :], *EVERY)


@given(st.text(max_size=80))
def test_A17_whatever_is_no_ticket_is_void(text: str) -> None:
    with pytest.raises(Rejected) as caught:
        SEALER.open(text, *EVERY)
    assert caught.value.code == "ticket_void"


@pytest.mark.parametrize(
    "text", ["z" * 1_048_576, "9" * 1_048_576, "", sealed() + "A", sealed() + "=", sealed() + "\n"]
)
def test_A17_a_megabyte_is_refused_at_once(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(Rejected):
        SEALER.open(text, *EVERY)
    assert time.perf_counter() - began < 0.05


def test_a_ticket_of_another_deployment_is_void() -> None:
    other = TicketSealer(Secret(bytes(range(1, 33))))
    with pytest.raises(Rejected):
        other.open(sealed(), *EVERY)


def test_a_ticket_is_good_once_for_its_account_and_until_its_end() -> None:
    shown = SEALER.mint(ADA, Purpose.RESET, chance)
    ticket = issued(shown, holder="a@b.example", email="A@b.example", now=NOW, lifetime=60)
    last = Instant(NOW + 59.9)
    assert is_good(ticket, shown.digest, "a@b.example", now=last)
    assert not is_good(None, shown.digest, "a@b.example", now=last)
    assert not is_good(ticket, digest(1), "a@b.example", now=last)
    assert not is_good(ticket, shown.digest, "c@b.example", now=last)
    assert not is_good(ticket, shown.digest, "a@b.example", now=Instant(NOW + 60))
    assert not is_good(replace(ticket, confirmed=NOW), shown.digest, "a@b.example", now=last)


def test_tickets_are_made_for_the_account_as_it_is() -> None:
    account = make_account()
    verify, reset = make_ticket(account, Purpose.VERIFY), make_ticket(account, Purpose.RESET)
    assert may_be_opened([verify, reset], account)
    assert not may_be_opened([reset], replace(account, disabled=NOW))
    assert not may_be_opened([reset], replace(account, key="c@b.example"))
    assert not may_be_opened([reset], replace(account, id=AccountID(ids.uuid7(NOW, chance))))
    assert not may_be_opened([reset, verify], replace(account, verified=NOW))
    assert may_be_opened([reset], replace(account, verified=NOW))


def test_both_sides_of_a_change_are_replaced_together() -> None:
    assert replaced_by([Purpose.RESET]) == {Purpose.RESET}
    assert replaced_by([Purpose.ENTER]) == CHANGE
    assert replaced_by([Purpose.VERIFY, Purpose.LEAVE]) == {Purpose.VERIFY, *CHANGE}
