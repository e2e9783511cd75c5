"""What becomes of one record, and that nothing of it is said where it is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from limen import ids
from limen.accounts import ADMIN_SCOPE
from limen.clock import Instant
from limen.importing import Incoming, Loss, Planned, Refused, Rules, judge
from limen.insecure import WeakHashing
from limen.passwords import Hasher

NOW = Instant(1_800_000_000.0)
HASHER = Hasher(WeakHashing())
STORED = HASHER.hash("correct horse battery staple")
RULES = Rules(
    name="django", scopes=("read",), roles={"superuser": (ADMIN_SCOPE,), "editor": ("write", "read")}
)
ADA = Incoming(
    line=7,
    id="42",
    email="Ada@Example.com",
    password=STORED,
    verified=None,
    created=Instant(1_500_000_000.25),
    disabled=False,
    name=" Ada ",
    roles=(),
    lost=(),
)


def planned(rules: Rules = RULES, **other: Any) -> Planned:
    found = judge(replace(ADA, **other), rules, HASHER, now=NOW)
    assert isinstance(found, Planned), found
    return found


def why(rules: Rules = RULES, **other: Any) -> str:
    found = judge(replace(ADA, **other), rules, HASHER, now=NOW)
    assert isinstance(found, Refused), found
    assert found.line == ADA.line
    return found.why


def test_an_account_keeps_what_it_was() -> None:
    account = planned().account
    assert (account.email, account.key, account.name) == ("Ada@Example.com", "ada@example.com", "Ada")
    assert (account.password, account.created, account.scopes) == (STORED, 1_500_000_000.25, ("read",))
    assert (account.disabled, account.verified) == (None, None)
    assert planned().format == "argon2"


def test_an_id_is_the_same_in_every_run_and_of_its_creation() -> None:
    first, again = planned().account.id, planned(email="new@example.com", name="").account.id
    assert first == again
    assert ids.created_ms(first) == 1_500_000_000_250
    assert ids.inspect(first).version == 7
    others = {planned(id="43").account.id, planned(replace(RULES, name="shop")).account.id, first}
    assert len(others) == 3
    assert ids.created_ms(planned(created=None).account.id) == 0
    assert (
        planned(id="", created=None).account.id
        == planned(id="", created=None, email="ADA@example.com").account.id
    )


def test_ids_may_be_kept() -> None:
    keeping = replace(RULES, keeps_ids=True)
    for text in ("5E9B2B6E-9D0F-4C53-8F9E-0D6F3D1C7A11", "5e9b2b6e9d0f4c538f9e0d6f3d1c7a11"):
        assert planned(keeping, id=text).account.id == "5e9b2b6e-9d0f-4c53-8f9e-0d6f3d1c7a11"
    for text in ("42", "", ids.NIL, ids.MAX, "5e9b2b6e-9d0f-4c53-0f9e-0d6f3d1c7a11", "x" * 36):
        assert why(keeping, id=text) == "its id is no UUID, and ids are to be kept"


def test_roles_become_scopes_only_where_a_rule_says_so() -> None:
    found = planned(roles=("superuser", "staff", "editor"))
    assert found.account.scopes == (ADMIN_SCOPE, "read", "write")
    assert found.is_admin
    assert found.unmapped == ("staff",)
    assert not planned(roles=(ADMIN_SCOPE, "limen:admin")).is_admin
    assert "a scope has" in why(replace(RULES, roles={"x": ("a b",)}), roles=("x",))


@pytest.mark.parametrize(
    ("verified", "vouched", "expected"),
    [
        (True, False, NOW),
        (False, True, None),
        (None, False, None),
        (None, True, NOW),
        (5.0, False, 5.0),
        (NOW + 9, False, NOW),
    ],
)
def test_whether_an_address_was_proven_is_the_source_word(
    verified: bool | Instant | None, vouched: bool, expected: float | None
) -> None:
    assert planned(replace(RULES, verified=vouched), verified=verified).account.verified == expected


@pytest.mark.parametrize("never", [0.0, -1.0, -62_135_596_800.0])
def test_a_moment_that_never_was_proves_no_address(never: float) -> None:
    assert planned(replace(RULES, verified=True), verified=Instant(never)).account.verified is None


def test_who_is_disabled_stays_so_and_a_ban_that_is_over_is_over() -> None:
    assert planned(disabled=True).account.disabled == NOW
    banned = planned(disabled=Instant(NOW + 60))
    assert (banned.account.disabled, banned.lost) == (NOW, (Loss.END_OF_BAN,))
    over = planned(disabled=Instant(NOW - 60))
    assert (over.account.disabled, over.lost) == (None, ())


def test_a_creation_in_the_future_is_lost() -> None:
    found = planned(created=Instant(NOW + 1))
    assert (found.account.created, found.lost) == (NOW, (Loss.CREATED,))


@pytest.mark.parametrize("name", ["x" * 101, "two\nlines", "nul\0", "half \ud800"])
def test_a_name_that_is_none_is_lost_and_the_account_comes(name: str) -> None:
    found = planned(name=name)
    assert (found.account.name, found.lost) == ("", (Loss.NAME,))


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\t=1", "a\nb", "ü", "x" * 256, "a,b", '"']
)
def test_an_id_that_a_spreadsheet_would_run_is_in_no_list(text: str) -> None:
    found = planned(id=text)
    assert (found.theirs, found.lost) == ("", (Loss.ID,))


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "a@b@c.example",
        "a b@c.example",
        "a@b.example\r\nBcc: x@y.example",
        "a\0@b.example",
        "\ud800@b.example",
        "x" * 300 + "@b.example",
        "a@localhost",
        "=1+1@b.example\n",
        "аda@exаmple.com" + "a",
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(email: str) -> None:
    said = why(email=email)
    assert said
    assert len(email) < 4 or email not in said


@pytest.mark.parametrize(
    "stored",
    [
        "hunter2",
        "md5$salt$0123",
        "$2b$31$" + "a" * 53,
        "$2x$10$" + "a" * 53,
        "$argon2id$v=19$m=4194304,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
        "pbkdf2_sha256$999999999$salt$x",
        "$argon2id$v=19$m=8,t=99999999,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$ln=30,r=8,p=1$c2FsdA$" + "A" * 43,
        "x" * 5_000,
        "$2b$12$\0" + "a" * 52,
        "ü",
    ],
)
def test_A32_a_hash_that_cannot_be_verified_is_refused_and_not_repeated(stored: str) -> None:
    said = why(password=stored)
    assert said.startswith("its password hash cannot be verified: ")
    assert stored not in said
    dropping = replace(RULES, drops_hashes=True)
    found = planned(dropping, password=stored)
    assert (found.account.password, found.format, found.lost) == (None, "", (Loss.HASH,))


def test_the_record_shows_no_hash() -> None:
    assert STORED not in repr(ADA)
    assert STORED not in repr(planned())
