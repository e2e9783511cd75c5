"""Letters and links: forgotten passwords, addresses to be proven and changed, accounts to be deleted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from limen.auth import Limen
from limen.errors import Denied, LimenError, Rejected, Throttled
from limen.factors import Unfinished
from limen.letters import Kind, Letter
from limen.strategies.base import Identity
from limen.testing import TurnableClock
from limen.tickets import CHANGE_LIFETIME, RESET_LIFETIME, VERIFY_LIFETIME
from support import post
from support.factors import Codes
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, STRATEGIES, world

pytestmark = pytest.mark.anyio
NEW = "ada@new.example"


@dataclass
class Town:
    """A Limen that writes letters, and its post box, which this test empties."""

    auth: Limen
    clock: TurnableClock
    read: list[Letter] = field(default_factory=list)

    async def letters(self, to: str | None = None) -> list[Letter]:
        """What has come since the last look."""
        return await post.letters(self.auth, to)

    async def token(self, kind: Kind) -> str:
        """The ticket in the one letter of this kind that has come."""
        (letter,) = [letter for letter in await self.letters() if letter.kind is kind]
        return letter.values["link"].partition("?token=")[2]

    async def registered(self, email: str = EMAIL, password: str = PASSWORD) -> None:
        await self.auth.register(email, password)

    async def signed_in(self, email: str = EMAIL, password: str = PASSWORD) -> Identity:
        grant = (await self.auth.sign_in(email, password)).grant
        return await self.auth.authenticate(grant.credential)

    async def verified(self) -> Identity:
        """An account with a proven address, signed in, and nothing in the post box."""
        await self.registered()
        await self.auth.recovery.verify_email(await self.token(Kind.VERIFY))
        self.clock.turn(1)
        return await self.signed_in()

    async def credential(self) -> str:
        return (await self.auth.sign_in(EMAIL, PASSWORD)).grant.credential

    def events(self, caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
        lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "limen.audit"]
        return [(line["event"], line["result"]) for line in lines]


@asynccontextmanager
async def town(**options: Any) -> AsyncIterator[Town]:
    options.setdefault("mail", "console:")
    async with world(**options) as (auth, clock):
        await post.nobody_sends(auth)
        yield Town(auth, clock)


async def refused(attempt: Any, code: str) -> LimenError:
    with pytest.raises(LimenError) as caught:
        await attempt
    assert caught.value.code == code
    return caught.value


# -- a forgotten password ----------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_A20_a_reset_sets_the_password_ends_all_sessions_and_tells_the_owner(strategy: str) -> None:
    async with town(strategy=strategy) as t:
        await t.registered()
        await t.letters()
        before = await t.credential()
        await t.auth.recovery.forgot_password(EMAIL.upper())
        token = await t.token(Kind.RESET)
        told = await t.auth.recovery.reset_password(token, OTHER_PASSWORD)
        assert told.effective >= t.clock.now()
        t.clock.turn(told.effective - t.clock.now() + 0.001)
        with pytest.raises(Denied):
            await t.auth.authenticate(before)
        await refused(t.auth.sign_in(EMAIL, PASSWORD), "sign_in_failed")
        (notice,) = await t.letters(to=EMAIL)
        assert notice.kind is Kind.PASSWORD_CHANGED
        assert "link" not in notice.values
        await t.signed_in(password=OTHER_PASSWORD)


async def test_A16_a_reset_signs_nobody_in() -> None:
    async with town() as t:
        await t.registered()
        await t.auth.recovery.forgot_password(EMAIL)
        told = await t.auth.recovery.reset_password(await t.token(Kind.RESET), OTHER_PASSWORD)
        assert set(told.__slots__) == {"effective"}
        account = await t.auth.find_account(EMAIL)
        assert await t.auth.store.sessions_of(account.id, now=t.clock.now()) == []


async def test_A16_a_reset_skips_no_factor() -> None:
    codes = Codes()
    async with town(factors=[codes]) as t:
        await t.registered()
        await t.letters()
        codes.seeds[(await t.auth.find_account(EMAIL)).id] = b"seed"
        await t.auth.recovery.forgot_password(EMAIL)
        await t.auth.recovery.reset_password(await t.token(Kind.RESET), OTHER_PASSWORD)
        with pytest.raises(Unfinished):
            await t.auth.sign_in(EMAIL, OTHER_PASSWORD)


async def test_a_reset_proves_the_address_it_was_sent_to() -> None:
    async with town() as t:
        await t.registered()
        await t.auth.recovery.forgot_password(EMAIL)
        await t.auth.recovery.reset_password(await t.token(Kind.RESET), OTHER_PASSWORD)
        assert (await t.auth.find_account(EMAIL)).verified == t.clock.now()


async def test_an_account_without_a_password_gets_one_by_a_link() -> None:
    async with town() as t:
        await t.auth.add_account(EMAIL, None)
        await t.auth.recovery.forgot_password(EMAIL)
        await t.auth.recovery.reset_password(await t.token(Kind.RESET), PASSWORD)
        await t.signed_in()


async def test_A03_nobody_is_written_to_where_there_is_no_account_and_nobody_is_told_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "limen.audit")
    async with town() as t:
        assert await t.auth.recovery.forgot_password("nobody@example.org") is None
        await t.registered()
        await t.letters()
        account = await t.auth.find_account(EMAIL)
        await t.auth.disable_account(account)
        assert await t.auth.recovery.forgot_password(EMAIL) is None
        assert await t.letters() == []
        assert t.events(caplog).count(("forgot_password", "denied")) == 2
    assert EMAIL not in caplog.text
    assert "nobody@" not in caplog.text


async def test_A26_A27_what_is_no_address_is_refused_before_anything_is_looked_at() -> None:
    async with town() as t:
        for text in (
            "",
            "ada",
            "a@b@c.example",
            f"{EMAIL}\r\nBcc: eve@evil.example",
            "x" * 1_048_576,
            f"{EMAIL},eve@evil.example",
        ):
            await refused(t.auth.recovery.forgot_password(text), "email_malformed")
        assert await t.letters() == []


async def test_A25_mail_goes_to_the_address_as_its_owner_wrote_it() -> None:
    async with town() as t:
        await t.registered("Ada.K@Example.org")
        await t.letters()
        for twin in ("ada.k@example.org", "ADA.\u212a@EXAMPLE.ORG", "ada.k@example\uff0eorg"):
            t.clock.turn(7_200)
            await t.auth.recovery.forgot_password(twin)
            assert [letter.to for letter in await t.letters()] == ["Ada.K@Example.org"]


async def test_A12_links_lead_to_the_issuer_and_the_pages() -> None:
    async with town(
        issuer="https://app.example", pages="/people", mail="smtp://127.0.0.1:1", mail_from="a@app.example"
    ) as t:
        await t.registered()
        await t.auth.recovery.forgot_password(EMAIL)
        links = {letter.kind: letter.values["link"] for letter in await t.letters()}
        assert links[Kind.RESET].startswith("https://app.example/people/reset?token=")
        assert links[Kind.VERIFY].startswith("https://app.example/people/verify?token=")


@pytest.mark.parametrize(
    "how", ["used", "expired", "newer", "changed", "set", "moved", "disabled", "deleted"]
)
async def test_A14_a_link_that_is_no_longer_good_changes_nothing(how: str) -> None:
    async with town() as t:
        who = await t.verified()
        await t.auth.recovery.forgot_password(EMAIL)
        token = await t.token(Kind.RESET)
        account = await t.auth.find_account(EMAIL)
        match how:
            case "used":
                await t.auth.recovery.reset_password(token, OTHER_PASSWORD)
            case "expired":
                t.clock.turn(RESET_LIFETIME)
            case "newer":
                await t.auth.recovery.forgot_password(EMAIL)
            case "changed":
                await t.auth.change_password(who, PASSWORD, OTHER_PASSWORD)
            case "set":
                await t.auth.set_password(account, OTHER_PASSWORD)
            case "moved":
                await t.auth.recovery.change_email(who, PASSWORD, NEW)
                links = {
                    x.kind: x.values["link"].partition("?token=")[2]
                    for x in await t.letters()
                    if "link" in x.values
                }
                await t.auth.recovery.confirm_email(links[Kind.LEAVE])
                assert await t.auth.recovery.confirm_email(links[Kind.ENTER])
            case "disabled":
                await t.auth.disable_account(account)
                await t.auth.enable_account(account)
            case "deleted":
                await t.auth.delete_account(account)
        before = await t.auth.store.account(account.id)
        error = await refused(
            t.auth.recovery.reset_password(token, "yet another long password"), "ticket_void"
        )
        assert token not in str(error) + error.reason
        assert await t.auth.store.account(account.id) == before


async def test_A14_a_link_of_one_kind_opens_nothing_else() -> None:
    async with town() as t:
        await t.registered()
        verify = await t.token(Kind.VERIFY)
        await t.auth.recovery.forgot_password(EMAIL)
        reset = await t.token(Kind.RESET)
        await refused(t.auth.recovery.reset_password(verify, OTHER_PASSWORD), "ticket_void")
        await refused(t.auth.recovery.verify_email(reset), "ticket_void")
        await refused(t.auth.recovery.confirm_email(reset), "ticket_void")
        await refused(t.auth.recovery.confirm_email(verify), "ticket_void")
        await t.auth.recovery.verify_email(verify)


async def test_A35_a_password_that_nobody_may_have_spends_no_link() -> None:
    async with town(password_min_length=8) as t:
        await t.registered()
        await t.auth.recovery.forgot_password(EMAIL)
        token = await t.token(Kind.RESET)
        for weak in ("short", "password1", EMAIL):
            with pytest.raises(Rejected) as caught:
                await t.auth.recovery.reset_password(token, weak)
            assert caught.value.code.startswith("password_")
        await t.auth.recovery.reset_password(token, OTHER_PASSWORD)


async def test_A28_a_password_is_set_exactly_as_it_was_written() -> None:
    secret = "  Zo\u0308e \U0001f511 likes\u00a0long, long walks  "
    async with town() as t:
        await t.registered()
        await t.auth.recovery.forgot_password(EMAIL)
        await t.auth.recovery.reset_password(await t.token(Kind.RESET), secret)
        await refused(t.auth.sign_in(EMAIL, secret.strip()), "sign_in_failed")
        await t.signed_in(password=secret.replace("o\u0308", "\u00f6"))


async def test_a_reset_opens_a_sign_in_that_guesses_had_shut() -> None:
    async with town() as t:
        await t.registered()
        await t.letters()
        for _ in range(100):
            with pytest.raises((Denied, Throttled)):
                await t.auth.sign_in(EMAIL, "a wrong long password")
            t.clock.turn(3_700)
        await refused(t.auth.sign_in(EMAIL, PASSWORD), "sign_in_shut")
        await t.auth.recovery.forgot_password(EMAIL)
        await t.auth.recovery.reset_password(await t.token(Kind.RESET), OTHER_PASSWORD)
        await t.signed_in(password=OTHER_PASSWORD)


async def test_a_stranger_cannot_fill_somebodys_post_box_and_is_not_told() -> None:
    async with town() as t:
        await t.registered()
        await t.letters()
        for _ in range(50):
            await t.auth.recovery.forgot_password(EMAIL)
        assert len(await t.letters()) == 3
        t.clock.turn(3_600)
        await t.auth.recovery.forgot_password(EMAIL)
        assert len(await t.letters()) == 1


async def test_many_addresses_from_one_source_are_throttled() -> None:
    async with town() as t:
        with pytest.raises(Throttled):
            for n in range(200):
                await t.auth.recovery.forgot_password(f"p{n}@example.org", source="192.0.2.7")


async def test_A45_an_operator_sends_a_link_and_sees_none() -> None:
    async with town() as t:
        await t.registered()
        await t.letters()
        account = await t.auth.find_account(EMAIL)
        assert await t.auth.recovery.send_reset_link(account) is None
        await t.auth.recovery.reset_password(await t.token(Kind.RESET), OTHER_PASSWORD)
        await t.auth.disable_account(account)
        await refused(t.auth.recovery.send_reset_link(account), "account_unknown")


async def test_without_mail_nothing_is_begun_that_needs_a_letter() -> None:
    async with town(mail="") as t:
        await t.registered()
        who = await t.signed_in()
        await refused(t.auth.recovery.forgot_password(EMAIL), "mail_off")
        await refused(t.auth.recovery.send_verification(who), "mail_off")
        await refused(t.auth.recovery.change_email(who, PASSWORD, NEW), "mail_off")
        await refused(t.auth.recovery.send_reset_link(await t.auth.find_account(EMAIL)), "mail_off")
        await t.auth.change_password(who, PASSWORD, OTHER_PASSWORD)
        who = await t.signed_in(password=OTHER_PASSWORD)
        await t.auth.recovery.delete_account(who, OTHER_PASSWORD)
        assert await t.auth.store.letters_waiting() == 0


# -- proving an address ------------------------------------------------------------------------------------


async def test_a_new_account_is_asked_to_prove_its_address() -> None:
    async with town() as t:
        await t.registered()
        before = await t.credential()
        await t.auth.recovery.verify_email(await t.token(Kind.VERIFY))
        assert (await t.auth.find_account(EMAIL)).verified == t.clock.now()
        with pytest.raises(Denied):
            await t.auth.authenticate(before)
        t.clock.turn(1)
        await t.signed_in()


async def test_whose_address_is_taken_is_told_and_nobody_else() -> None:
    async with town() as t:
        await t.registered("Ada@Example.org")
        await t.letters()
        assert await t.auth.register("ADA@example.org", OTHER_PASSWORD) is None
        (letter,) = await t.letters()
        assert (letter.kind, letter.to) == (Kind.TAKEN, "Ada@Example.org")
        assert "token" not in "".join(letter.values.values())
        await t.signed_in()


async def test_a_verification_is_sent_again_and_the_older_link_is_void() -> None:
    async with town() as t:
        await t.registered()
        first = await t.token(Kind.VERIFY)
        who = await t.signed_in()
        await t.auth.recovery.send_verification(who)
        second = await t.token(Kind.VERIFY)
        await refused(t.auth.recovery.verify_email(first), "ticket_void")
        await t.auth.recovery.verify_email(second)
        t.clock.turn(1)
        await t.auth.recovery.send_verification(await t.signed_in())
        assert await t.letters() == []


async def test_verifications_are_throttled_by_address() -> None:
    async with town() as t:
        await t.registered()
        who = await t.signed_in()
        with pytest.raises(Throttled):
            for _ in range(9):
                await t.auth.recovery.send_verification(who)


async def test_a_verification_ends() -> None:
    async with town() as t:
        await t.registered()
        token = await t.token(Kind.VERIFY)
        t.clock.turn(VERIFY_LIFETIME)
        await refused(t.auth.recovery.verify_email(token), "ticket_void")


async def test_where_it_is_required_nobody_signs_in_before_the_address_is_proven() -> None:
    async with town(email_verification="required") as t:
        await t.registered()
        await t.letters()
        await refused(t.auth.sign_in(EMAIL, OTHER_PASSWORD), "sign_in_failed")
        assert await t.letters() == []
        for _ in range(12):  # a right password is no guess, and slows nobody down
            await refused(t.auth.sign_in(EMAIL, PASSWORD), "email_unproven")
        assert len(await t.letters()) == 3
        t.clock.turn(900)
        await refused(t.auth.sign_in(EMAIL, PASSWORD), "email_unproven")
        await t.auth.recovery.verify_email(await t.token(Kind.VERIFY))
        t.clock.turn(1)
        await t.signed_in()


# -- changing it -------------------------------------------------------------------------------------------


async def links(t: Town) -> dict[Kind, str]:
    return await post.tokens(t.auth)


@pytest.mark.parametrize("first", [Kind.LEAVE, Kind.ENTER])
async def test_A18_an_address_changes_when_both_sides_have_agreed(first: Kind) -> None:
    async with town() as t:
        who = await t.verified()
        await t.auth.recovery.change_email(who, PASSWORD, NEW)
        asked = await links(t)
        (second,) = {Kind.LEAVE, Kind.ENTER} - {first}
        assert not await t.auth.recovery.confirm_email(asked[first])
        await refused(t.auth.recovery.confirm_email(asked[first]), "ticket_void")
        assert (await t.auth.account(who)).email == EMAIL  # type: ignore[union-attr]
        assert await t.auth.recovery.confirm_email(asked[second])
        account = await t.auth.find_account(NEW)
        assert (account.id, account.verified) == (who.account, t.clock.now())
        (told,) = await t.letters()
        assert (told.kind, told.to, told.values["new_email"]) == (Kind.EMAIL_CHANGED, EMAIL, NEW)
        await t.signed_in(NEW)
        await refused(t.auth.sign_in(EMAIL, PASSWORD), "sign_in_failed")


async def test_A18_it_is_asked_for_with_the_password() -> None:
    async with town() as t:
        who = await t.verified()
        await refused(t.auth.recovery.change_email(who, OTHER_PASSWORD, NEW), "password_wrong")
        assert await t.letters() == []


async def test_A18_letters_go_to_each_address_with_a_link_of_its_own() -> None:
    async with town() as t:
        who = await t.verified()
        await t.auth.recovery.change_email(who, PASSWORD, NEW)
        letters = {letter.to: letter for letter in await t.letters()}
        assert {to: letter.kind for to, letter in letters.items()} == {EMAIL: Kind.LEAVE, NEW: Kind.ENTER}
        assert letters[EMAIL].values["link"] != letters[NEW].values["link"]


@pytest.mark.parametrize("how", ["reset", "password", "newer", "expired", "disabled"])
async def test_A18_A22_a_pending_change_dies(how: str) -> None:
    async with town() as t:
        who = await t.verified()
        await t.auth.recovery.change_email(who, PASSWORD, NEW)
        asked = await links(t)
        await t.auth.recovery.confirm_email(asked[Kind.LEAVE])
        match how:
            case "reset":
                await t.auth.recovery.forgot_password(EMAIL)
                await t.auth.recovery.reset_password(await t.token(Kind.RESET), OTHER_PASSWORD)
            case "password":
                await t.auth.change_password(who, PASSWORD, OTHER_PASSWORD)
            case "newer":
                await t.auth.recovery.change_email(who, PASSWORD, "other@new.example")
            case "expired":
                t.clock.turn(CHANGE_LIFETIME)
            case "disabled":
                await t.auth.disable_account(await t.auth.find_account(EMAIL))
        await refused(t.auth.recovery.confirm_email(asked[Kind.ENTER]), "ticket_void")
        assert (await t.auth.find_account(EMAIL)).id == who.account


async def test_A18_who_asks_is_not_told_that_the_new_address_has_an_account() -> None:
    async with town() as t:
        who = await t.verified()
        await t.registered(NEW, OTHER_PASSWORD)
        await t.letters()
        assert await t.auth.recovery.change_email(who, PASSWORD, NEW) is None
        letters = {letter.to: letter for letter in await t.letters()}
        assert {to: letter.kind for to, letter in letters.items()} == {EMAIL: Kind.LEAVE, NEW: Kind.TAKEN}
        leave = letters[EMAIL].values["link"].partition("?token=")[2]
        assert not await t.auth.recovery.confirm_email(leave)
        await t.signed_in(NEW, OTHER_PASSWORD)


async def test_an_address_that_gets_an_account_meanwhile_is_not_taken_from_it() -> None:
    async with town() as t:
        who = await t.verified()
        await t.auth.recovery.change_email(who, PASSWORD, NEW)
        asked = await links(t)
        await t.registered(NEW, OTHER_PASSWORD)
        await t.auth.recovery.confirm_email(asked[Kind.LEAVE])
        await refused(t.auth.recovery.confirm_email(asked[Kind.ENTER]), "email_taken")
        await t.signed_in(NEW, OTHER_PASSWORD)
        assert (await t.auth.find_account(EMAIL)).id == who.account


async def test_an_address_that_was_never_proven_is_not_asked() -> None:
    async with town() as t:
        await t.registered()
        await t.letters()
        who = await t.signed_in()
        await t.auth.recovery.change_email(who, PASSWORD, NEW)
        (letter,) = await t.letters()
        assert (letter.kind, letter.to) == (Kind.ENTER, NEW)
        assert await t.auth.recovery.confirm_email(letter.values["link"].partition("?token=")[2])
        await t.signed_in(NEW)


async def test_the_present_address_is_no_change() -> None:
    async with town() as t:
        who = await t.verified()
        await refused(t.auth.recovery.change_email(who, PASSWORD, EMAIL), "email_unchanged")
        await refused(t.auth.recovery.change_email(who, PASSWORD, "no address"), "email_malformed")
        assert await t.letters() == []


async def test_one_account_cannot_write_to_the_whole_world() -> None:
    async with town() as t:
        who = await t.verified()
        with pytest.raises(Throttled):
            for n in range(20):
                await t.auth.recovery.change_email(who, PASSWORD, f"p{n}@new.example")


# -- somebody who was there first --------------------------------------------------------------------------


async def test_A20_A21_A22_who_registered_with_anothers_address_keeps_nothing_after_its_owners_reset() -> (
    None
):
    """The thief registers, signs in, asks for a change to an address of their own; the owner recovers."""
    async with town() as t:
        await t.registered(EMAIL, "the thief knows this one")
        await t.letters()
        thief = await t.signed_in(password="the thief knows this one")
        credential = (await t.auth.sign_in(EMAIL, "the thief knows this one")).grant.credential
        await t.auth.recovery.change_email(thief, "the thief knows this one", "thief@evil.example")
        trojan = (await links(t))[Kind.ENTER]
        await t.auth.register(EMAIL, PASSWORD)
        assert [x.kind for x in await t.letters(to=EMAIL)] == [Kind.TAKEN]
        await t.auth.recovery.forgot_password(EMAIL)
        await t.auth.recovery.reset_password(await t.token(Kind.RESET), PASSWORD)
        with pytest.raises(Denied):
            await t.auth.authenticate(credential)
        await refused(t.auth.recovery.confirm_email(trojan), "ticket_void")
        await refused(t.auth.sign_in(EMAIL, "the thief knows this one"), "sign_in_failed")
        t.clock.turn(1)
        assert (await t.signed_in()).account == thief.account


async def test_A20_A21_who_was_signed_in_before_the_address_was_proven_is_so_no_longer() -> None:
    async with town() as t:
        await t.registered()
        token = await t.token(Kind.VERIFY)
        thief = await t.signed_in()
        credential = await t.credential()
        await t.auth.recovery.change_email(thief, PASSWORD, "thief@evil.example")
        trojan = (await links(t))[Kind.ENTER]
        await t.auth.recovery.verify_email(token)
        with pytest.raises(Denied):
            await t.auth.authenticate(credential)
        await refused(t.auth.recovery.confirm_email(trojan), "ticket_void")


# -- one's own account -------------------------------------------------------------------------------------


async def test_a_name_is_kept_and_checked() -> None:
    async with town() as t:
        who = await t.verified()
        assert await t.auth.recovery.set_name(who, "  Ada  ") == "Ada"
        assert (await t.auth.find_account(EMAIL)).name == "Ada"
        await refused(t.auth.recovery.set_name(who, "a\r\nBcc: b"), "name_malformed")


async def test_an_account_is_deleted_by_its_owner_with_the_password() -> None:
    async with town() as t:
        who = await t.verified()
        credential = await t.credential()
        await refused(t.auth.recovery.delete_account(who, OTHER_PASSWORD), "password_wrong")
        await t.auth.recovery.delete_account(who, PASSWORD)
        with pytest.raises(Denied):
            await t.auth.authenticate(credential)
        (told,) = await t.letters()
        assert (told.kind, told.to) == (Kind.ACCOUNT_DELETED, EMAIL)
        await refused(t.auth.sign_in(EMAIL, PASSWORD), "sign_in_failed")
        await refused(t.auth.recovery.delete_account(who, PASSWORD), "password_wrong")
        await t.registered()
        await t.signed_in()


async def test_an_export_has_everything_and_no_secret() -> None:
    async with town() as t:
        who = await t.verified()
        await t.auth.recovery.set_name(who, "Ada")
        await t.auth._audit.close()
        found = await t.auth.recovery.export(who)
        assert found["account"]["email"] == EMAIL
        assert found["account"]["name"] == "Ada"
        assert found["account"]["email_verified_at"].endswith("Z")
        assert who.session in [session["id"] for session in found["sessions"]]
        assert {"register", "verify_email", "sign_in", "name_set"} <= {e["event"] for e in found["audit"]}
        account = await t.auth.find_account(EMAIL)
        assert account.password is not None
        text = json.dumps(found)
        assert account.password not in text
        assert "digest" not in text
        await t.auth.delete_account(account)
        with pytest.raises(Denied):
            await t.auth.recovery.export(who)
