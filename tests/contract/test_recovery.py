"""Tickets: each is spent once, in one step with what it permits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from limen import ids
from limen.accounts import Account
from limen.clock import Instant
from limen.errors import Rejected
from limen.ids import AccountID
from limen.revocations import Kind, Revocation
from limen.stores.base import Store
from limen.stores.base_recovery import AddressTaken, Moved, OneSide
from limen.tickets import Purpose, Ticket
from support.stores import NOW, UNTIL, added, chance, digest, make_account, make_posted, make_ticket, opened

pytestmark = pytest.mark.anyio
LATER = Instant(NOW + 1)
EVERY = tuple(Purpose)


async def with_tickets(store: Store, account: Account, *purposes: Purpose, **other: Any) -> list[Ticket]:
    """Tickets that the store has, those of a change opened together."""
    tickets = [make_ticket(account, purpose, **other) for purpose in purposes]
    assert await store.open_tickets(account.id, tickets)
    return tickets


async def left(store: Store, account: Account) -> set[Purpose]:
    return {purpose for purpose in EVERY if await store.ticket(account.id, purpose) is not None}


async def test_a_ticket_is_kept_as_it_is_with_its_letter(store: Store) -> None:
    account = await added(store)
    ticket, letter = make_ticket(account, Purpose.RESET), make_posted()
    assert await store.open_tickets(account.id, [ticket], [letter])
    assert await store.ticket(account.id, Purpose.RESET) == ticket
    assert await store.ticket(account.id, Purpose.VERIFY) is None
    assert await store.letters_waiting() == 1


async def test_A14_a_newer_ticket_takes_the_place_of_the_older_of_its_purpose(store: Store) -> None:
    account = await added(store)
    (first,) = await with_tickets(store, account, Purpose.RESET)
    await with_tickets(store, account, Purpose.VERIFY)
    (second,) = await with_tickets(store, account, Purpose.RESET)
    spent = await store.reset_password(account.id, spent=first.digest, fresh="new", now=LATER, until=UNTIL)
    assert spent is None
    assert await store.ticket(account.id, Purpose.RESET) == second
    assert await left(store, account) == {Purpose.RESET, Purpose.VERIFY}


async def test_both_sides_of_a_change_go_together(store: Store) -> None:
    account = await added(store)
    await with_tickets(store, account, Purpose.LEAVE, Purpose.ENTER)
    await with_tickets(store, account, Purpose.ENTER)
    assert await left(store, account) == {Purpose.ENTER}


async def test_tickets_are_for_accounts_that_may_use_them(store: Store) -> None:
    account = await added(store)
    gone = make_account("eve")
    for wrong in (gone, replace(account, key="another@example.org")):
        ticket = make_ticket(wrong, Purpose.RESET)
        assert not await store.open_tickets(wrong.id, [ticket], [make_posted()])
    assert not await store.open_tickets(account.id, [make_ticket(gone, Purpose.RESET)], [make_posted()])
    await store.disable_account(account.id, now=NOW, until=UNTIL)
    assert not await store.open_tickets(account.id, [make_ticket(account, Purpose.RESET)], [make_posted()])
    assert await left(store, account) == set()
    assert await store.letters_waiting() == 0


async def test_what_is_proven_is_not_proven_again(store: Store) -> None:
    account = await added(store, verified=NOW)
    assert not await store.open_tickets(account.id, [make_ticket(account, Purpose.VERIFY)])


async def test_a_new_account_comes_with_its_tickets_and_letters_or_not_at_all(store: Store) -> None:
    account = make_account("ada")
    ticket = make_ticket(account, Purpose.VERIFY)
    assert await store.add_account(account, tickets=[ticket], letters=[make_posted()])
    assert await store.ticket(account.id, Purpose.VERIFY) == ticket
    other = make_account("ada")
    taken = make_ticket(other, Purpose.VERIFY)
    assert not await store.add_account(other, tickets=[taken], letters=[make_posted()])
    assert await store.ticket(other.id, Purpose.VERIFY) is None
    assert await store.letters_waiting() == 1


async def test_A20_A21_A22_a_proven_address_ends_all_sessions_and_every_other_ticket(store: Store) -> None:
    account = await added(store)
    session = await opened(store, account)
    verify, *_ = await with_tickets(store, account, *EVERY)
    event = await store.verify_email(account.id, spent=verify.digest, now=LATER, until=UNTIL)
    assert event == Revocation(Kind.ACCOUNT, account.id, LATER, UNTIL, LATER, "email_verified", 1)
    assert await store.session(session.id) is None
    assert await store.account(account.id) == replace(account, verified=LATER, cutoff=LATER)
    assert await left(store, account) == set()
    assert (await store.read_feed(0, now=LATER)).revocations == (event,)
    assert await store.verify_email(account.id, spent=verify.digest, now=LATER, until=UNTIL) is None


async def test_A14_A20_A22_a_reset_ends_all_sessions_and_every_ticket(store: Store) -> None:
    account = await added(store, password=None)
    session = await opened(store, account)
    _, reset, *_ = await with_tickets(store, account, *EVERY)
    letter = make_posted()
    event = await store.reset_password(
        account.id, spent=reset.digest, fresh="new", now=LATER, until=UNTIL, letters=[letter]
    )
    assert event == Revocation(Kind.ACCOUNT, account.id, LATER, UNTIL, LATER, "password_reset", 1)
    assert await store.session(session.id) is None
    found = await store.account(account.id)
    assert found == replace(account, password="new", verified=LATER, cutoff=LATER)
    assert await left(store, account) == set()
    assert await store.letters_waiting() == 1
    again = store.reset_password(account.id, spent=reset.digest, fresh="x", now=LATER, until=UNTIL)
    assert await again is None


async def test_a_reset_leaves_the_moment_at_which_the_address_was_proven(store: Store) -> None:
    account = await added(store, verified=Instant(NOW - 9))
    (reset,) = await with_tickets(store, account, Purpose.RESET)
    await store.reset_password(account.id, spent=reset.digest, fresh="new", now=LATER, until=UNTIL)
    found = await store.account(account.id)
    assert found is not None
    assert found.verified == NOW - 9


Spoil = Callable[[Store, Account, Ticket], Any]
SPOILT: dict[str, Spoil] = {
    "another's": lambda s, a, t: None,
    "expired": lambda s, a, t: None,
    "after a password change": lambda s, a, t: s.change_password(
        a.id, spent=a.password, fresh="f", now=NOW, until=UNTIL
    ),
    "after an operator set a password": lambda s, a, t: s.change_password(
        a.id, spent=None, fresh="f", now=NOW, until=UNTIL
    ),
    "of a disabled account": lambda s, a, t: s.disable_account(a.id, now=NOW, until=UNTIL),
    "of a deleted account": lambda s, a, t: s.delete_account(a.id, now=NOW, until=UNTIL),
}


@pytest.mark.parametrize("how", SPOILT)
async def test_A14_a_ticket_that_is_no_longer_good_changes_nothing(store: Store, how: str) -> None:
    account, other = await added(store), await added(store, "bob")
    (mine,) = await with_tickets(store, account, Purpose.RESET)
    (theirs,) = await with_tickets(store, other, Purpose.RESET)
    spoil = SPOILT[how](store, account, mine)
    if spoil is not None:
        await spoil
    before = await store.account(account.id), await store.read_feed(0, now=NOW)
    shown = theirs if how == "another's" else mine
    now = mine.ends if how == "expired" else LATER
    assert await store.reset_password(account.id, spent=shown.digest, fresh="x", now=now, until=UNTIL) is None
    assert (await store.account(account.id), await store.read_feed(0, now=NOW)) == before


async def test_A18_a_password_change_drops_a_pending_change_of_the_address(store: Store) -> None:
    account = await added(store)
    await with_tickets(store, account, *EVERY)
    letter = make_posted()
    await store.change_password(
        account.id, spent="hash of ada", fresh="f", now=NOW, until=UNTIL, letters=[letter]
    )
    assert await left(store, account) == {Purpose.VERIFY}
    assert await store.letters_waiting() == 1


async def test_a_ticket_of_one_purpose_is_good_for_no_other(store: Store) -> None:
    account = await added(store)
    verify, reset, leave, enter = await with_tickets(store, account, *EVERY)
    assert await store.verify_email(account.id, spent=reset.digest, now=LATER, until=UNTIL) is None
    for wrong in (verify, leave, enter):
        spent = wrong.digest
        assert await store.reset_password(account.id, spent=spent, fresh="x", now=LATER, until=UNTIL) is None
    assert await store.confirm_email(account.id, Purpose.ENTER, spent=leave.digest, now=LATER) is None
    assert await store.account(account.id) == account


@pytest.mark.parametrize("first", [Purpose.LEAVE, Purpose.ENTER])
async def test_A18_an_account_moves_when_both_sides_have_agreed(store: Store, first: Purpose) -> None:
    account = await added(store, verified=NOW)
    session = await opened(store, account)
    leave, enter, reset = await with_tickets(
        store, account, Purpose.LEAVE, Purpose.ENTER, Purpose.RESET, email="Ada@New.example"
    )
    one, two = (leave, enter) if first is Purpose.LEAVE else (enter, leave)
    agreed = await store.confirm_email(account.id, one.purpose, spent=one.digest, now=LATER)
    assert agreed == OneSide()
    assert await store.account(account.id) == account
    again = await store.confirm_email(account.id, one.purpose, spent=one.digest, now=LATER)
    assert again is None
    letter, now = make_posted(), Instant(NOW + 2)
    moved = await store.confirm_email(account.id, two.purpose, spent=two.digest, now=now, letters=[letter])
    as_it_is = replace(account, email="Ada@New.example", key="ada@new.example", verified=now)
    assert moved == Moved(as_it_is)
    assert await store.account(account.id) == as_it_is
    assert await store.account_by_key("ada@new.example") == as_it_is
    assert await store.account_by_key(account.key) is None
    assert await store.session(session.id) == session
    assert await left(store, account) == set()
    assert await store.letters_waiting() == 1
    void = store.reset_password(account.id, spent=reset.digest, fresh="x", now=now, until=UNTIL)
    assert await void is None
    assert await store.add_account(make_account("ada"))


async def test_A18_a_side_whose_other_is_gone_agrees_to_nothing(store: Store) -> None:
    account = await added(store)
    (enter,) = await with_tickets(store, account, Purpose.ENTER)
    assert await store.confirm_email(account.id, Purpose.ENTER, spent=enter.digest, now=LATER) is None


async def test_A18_an_address_that_is_taken_meanwhile_stays_where_it_is(store: Store) -> None:
    account = await added(store, verified=NOW)
    leave, enter = await with_tickets(store, account, Purpose.LEAVE, Purpose.ENTER, email="bob@example.org")
    other = await added(store, "bob")
    await store.confirm_email(account.id, Purpose.LEAVE, spent=leave.digest, now=LATER)
    answer = await store.confirm_email(
        account.id, Purpose.ENTER, spent=enter.digest, now=LATER, letters=[make_posted()]
    )
    assert answer == AddressTaken()
    assert await store.account(account.id) == account
    assert await store.account_by_key(other.key) == other
    assert await left(store, account) == set()
    assert await store.letters_waiting() == 0


async def test_an_account_may_move_to_another_form_of_its_own_address(store: Store) -> None:
    account = await added(store)
    leave = make_ticket(account, Purpose.LEAVE, email="ADA@example.org", confirmed=NOW)
    enter = make_ticket(account, Purpose.ENTER, email="ADA@example.org")
    assert await store.open_tickets(account.id, [leave, enter])
    moved = await store.confirm_email(account.id, Purpose.ENTER, spent=enter.digest, now=LATER)
    assert moved == Moved(replace(account, email="ADA@example.org", verified=LATER))


async def test_A11_a_ticket_that_is_spent_by_many_at_once_is_spent_once(store: Store) -> None:
    account = await added(store)
    (reset,) = await with_tickets(store, account, Purpose.RESET)
    answers = await asyncio.gather(
        *(
            store.reset_password(account.id, spent=reset.digest, fresh=f"new {n}", now=LATER, until=UNTIL)
            for n in range(12)
        )
    )
    winner = next(n for n, answer in enumerate(answers) if answer is not None)
    assert sum(answer is not None for answer in answers) == 1
    found = await store.account(account.id)
    assert found is not None
    assert found.password == f"new {winner}"
    assert len((await store.read_feed(0, now=NOW)).revocations) == 1


async def test_A11_an_address_that_two_accounts_move_to_at_once_gets_one(store: Store) -> None:
    movers = [await added(store, f"p{n}", verified=NOW) for n in range(6)]
    tickets = []
    for account in movers:
        leave = make_ticket(account, Purpose.LEAVE, email="new@example.org", confirmed=NOW)
        tickets.append(make_ticket(account, Purpose.ENTER, email="new@example.org"))
        assert await store.open_tickets(account.id, [leave, tickets[-1]])
    answers = await asyncio.gather(
        *(store.confirm_email(t.account, Purpose.ENTER, spent=t.digest, now=LATER) for t in tickets),
        store.add_account(make_account("new")),
    )
    winners = [a for a in answers if isinstance(a, Moved) or a is True]
    assert len(winners) == 1
    found = await store.account_by_key("new@example.org")
    assert found is not None


async def test_a_deleted_account_takes_its_tickets_along_and_leaves_its_letters(store: Store) -> None:
    account = await added(store)
    await with_tickets(store, account, *EVERY)
    assert await store.delete_account(account.id, now=NOW, until=UNTIL, letters=[make_posted()])
    assert await left(store, account) == set()
    assert await store.letters_waiting() == 1


async def test_tickets_past_their_end_are_swept(store: Store) -> None:
    account, other = await added(store), await added(store, "bob")
    short = make_ticket(account, Purpose.RESET, ends=Instant(NOW + 10))
    assert await store.open_tickets(account.id, [short, make_ticket(account, Purpose.VERIFY)])
    assert await store.open_tickets(other.id, [make_ticket(other, Purpose.RESET, ends=Instant(NOW + 11))])
    await store.sweep_recovery(now=Instant(NOW + 9.5))
    assert await left(store, account) == {Purpose.RESET, Purpose.VERIFY}
    await store.sweep_recovery(now=Instant(NOW + 11), limit=1)
    assert (await left(store, account), await left(store, other)) == ({Purpose.VERIFY}, {Purpose.RESET})
    await store.sweep_recovery(now=Instant(NOW + 11), limit=1)
    assert await left(store, other) == set()


@pytest.mark.parametrize("text", ["a\0b", "\ud800"], ids=ascii)
async def test_D28_a_ticket_with_text_that_not_every_engine_keeps_is_rejected(
    store: Store, text: str
) -> None:
    account = await added(store)
    for wrong in ({"holder": text}, {"email": text}):
        with pytest.raises(Rejected):
            await store.open_tickets(account.id, [make_ticket(account, Purpose.RESET, **wrong)])
    (reset,) = await with_tickets(store, account, Purpose.RESET)
    with pytest.raises(Rejected):
        await store.reset_password(account.id, spent=reset.digest, fresh=text, now=LATER, until=UNTIL)


async def test_nobody_has_no_tickets(store: Store) -> None:
    nobody = AccountID(ids.uuid7(NOW, chance))
    for account in (nobody, AccountID("no id")):
        assert await store.ticket(account, Purpose.RESET) is None
        assert await store.verify_email(account, spent=digest(1), now=NOW, until=UNTIL) is None
        assert await store.reset_password(account, spent=digest(1), fresh="x", now=NOW, until=UNTIL) is None
        assert await store.confirm_email(account, Purpose.ENTER, spent=digest(1), now=NOW) is None
