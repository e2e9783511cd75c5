"""D28: every text input through every store: nothing is ever read as anything but text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from limen.accounts import email_key
from limen.errors import Rejected
from limen.ids import AccountID, SessionID
from limen.revocations import Kind, Revocation
from limen.stores.base import Opened, Store
from limen.throttle import Limit
from support.stores import NOW, UNTIL, added, make_account, make_session

pytestmark = pytest.mark.anyio

DATA = Path(__file__).parents[1] / "vectors" / "data" / "strings" / "blns.json"
INJECTIONS = (
    "'",
    "';--",
    '"',
    "$1",
    "?1",
    ":x",
    "\r\n",
    "\t",
    "\\",
    "%",
    "_",
    "\u2028",
    "\ufeff",
    "\U0010ffff",
)
NAUGHTY: tuple[str, ...] = tuple(dict.fromkeys((*json.loads(DATA.read_text("utf-8")), *INJECTIONS)))
UNKEPT = ("\0", "a\0b", "\ud800", "x\udfff")
LIMIT = Limit(free=3)


async def test_D28_naughty_strings_are_kept_and_found_as_they_are(store: Store) -> None:
    for number, text in enumerate(t for t in NAUGHTY if "\0" not in t):
        account = make_account(f"n{number}", email=text, key=f"{number} {text}", password=text, name=text)
        assert await store.add_account(account)
        assert await store.account_by_key(account.key) == account
        session = make_session(account, user_agent=text, source=text)
        assert await store.open_session(session, limit=3, until=UNTIL, now=NOW) == Opened(())
        assert await store.session(session.id) == session
        assert await store.upgrade_password(account.id, spent=text, fresh=text + text)
        kept = await store.revoke(Revocation(Kind.KEY, text, NOW, UNTIL, NOW, text))
        assert (await store.read_feed(kept.position - 1, now=NOW)).revocations == (kept,)
        assert await store.charge([(text, LIMIT)], now=NOW) is None
        await store.settle(clear=[text], refund=[(text, LIMIT)])
    assert len(await store.accounts(limit=10_000)) == number + 1


async def test_D28_naughty_strings_name_nothing(store: Store) -> None:
    account = await added(store)
    for text in (*NAUGHTY, *UNKEPT):
        assert await store.account_by_key(text) is None
        assert await store.account_by_key(email_key(text)) is None
        assert await store.account(AccountID(text)) is None
        assert await store.session(SessionID(text)) is None
        assert not await store.upgrade_password(account.id, spent=text, fresh="x")
    assert await store.accounts() == [account]


@pytest.mark.parametrize("text", UNKEPT, ids=ascii)
async def test_D28_text_that_not_every_engine_keeps_is_rejected(store: Store, text: str) -> None:
    account = await added(store)
    refused = [
        store.add_account(make_account("b", email=text)),
        store.add_account(make_account("b", key=text)),
        store.add_account(make_account("b", password=text)),
        store.add_account(make_account("b", name=text)),
        store.set_name(account.id, text),
        store.add_account(make_account("b", scopes=(text,))),
        store.upgrade_password(account.id, spent="hash of ada", fresh=text),
        store.change_password(account.id, spent=None, fresh=text, now=NOW, until=UNTIL),
        store.set_scopes(account.id, (text,), upto=NOW, until=UNTIL, now=NOW),
        store.revoke(Revocation(Kind.KEY, text, NOW, UNTIL, NOW, "w")),
        store.charge([("a", LIMIT), (text, LIMIT)], now=NOW),
    ]
    for field, value in (("user_agent", text), ("source", text), ("scopes", (text,)), ("amr", (text,))):
        session = make_session(account, **{field: value})
        refused.append(store.open_session(session, limit=None, until=UNTIL, now=NOW))
    for attempt in refused:
        with pytest.raises(Rejected) as raised:
            await attempt
        assert raised.value.code == "text_malformed"
    await store.settle(clear=[text], refund=[(text, LIMIT)])
    assert await store.accounts() == [account]
    assert await store.sessions_of(account.id, now=NOW) == []
    assert (await store.read_feed(0, now=NOW)).position == 0


@pytest.mark.parametrize("words", [("a b",), ("",), ("a", " b")])
async def test_words_that_would_not_come_back_are_rejected(store: Store, words: tuple[str, ...]) -> None:
    account = await added(store)
    with pytest.raises(Rejected):
        await store.open_session(make_session(account, amr=words), limit=None, until=UNTIL, now=NOW)
    with pytest.raises(Rejected):
        await store.set_scopes(account.id, words, upto=NOW, until=UNTIL, now=NOW)
