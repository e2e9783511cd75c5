"""What each source's own export says of an account, and what of it stays behind.

The records have the shape of the real exports; their hashes are tested in tests/integrations.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.errors import Rejected
from limen.importing import (
    Incoming,
    Loss,
    Options,
    Refused,
    Source,
    auth0_hashes,
    hash_config,
    incoming,
    rows_of,
)
from limen.importing.mapped import COLUMNS

MOMENT, STAMP = "2020-01-02 03:04:05+00", 1577934245.0
CONFIG = """hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}"""
DIGEST = "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="


def read(source: Source, text: str, **options: Any) -> list[Incoming | Refused]:
    return list(incoming(source, rows_of(source, text.splitlines(keepends=True)), Options(**options)))


def one(source: Source, record: dict[str, Any] | str, **options: Any) -> Incoming:
    (found,) = read(source, record if isinstance(record, str) else json.dumps(record), **options)
    assert isinstance(found, Incoming), found
    return found


def refused(source: Source, record: dict[str, Any], **options: Any) -> str:
    (found,) = read(source, json.dumps(record), **options)
    assert isinstance(found, Refused), found
    return found.why


# -- fastapi-users ---------------------------------------------------------------------------------------


def test_fastapi_users_by_the_columns_of_its_table() -> None:
    head = "id,email,hashed_password,is_active,is_superuser,is_verified,favourite_colour\n"
    found = one(Source.FASTAPI_USERS, head + "9f0c,ada@example.com,$argon2id$x,t,t,f,green\n")
    assert (found.id, found.email, found.password) == ("9f0c", "ada@example.com", "$argon2id$x")
    assert (found.verified, found.disabled, found.roles) == (False, False, ("superuser",))
    assert (found.created, found.lost) == (None, ("favourite_colour",))


def test_fastapi_users_with_a_name_in_two_columns_as_its_documentation_has_it() -> None:
    record = {"id": 1, "email": "ada@example.com", "hashed_password": "x", "first_name": "Ada"}
    assert one(Source.FASTAPI_USERS, record).name == "Ada"
    found = one(Source.FASTAPI_USERS, record | {"last_name": "Lovelace", "birthdate": "1815-12-10"})
    assert (found.name, found.lost) == ("Ada Lovelace", ("birthdate",))


def test_a_file_of_another_source_does_not_come_without_passwords() -> None:
    text = "id,email,password\n1,ada@example.com,x\n"
    assert read(Source.FASTAPI_USERS, text) == [
        Refused(2, "it has no hashed_password: is this a file of fastapi-users?")
    ]
    for source in (Source.SUPABASE, Source.DJANGO, Source.FIREBASE, Source.BETTER_AUTH, Source.AUTH0):
        assert refused(source, {"email": "ada@example.com"})


# -- Django ----------------------------------------------------------------------------------------------

DJANGO = {
    "password": "pbkdf2_sha256$1000$salt$x",
    "last_login": MOMENT,
    "is_superuser": True,
    "username": "ada",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
    "is_staff": True,
    "is_active": False,
    "date_joined": MOMENT,
}


def test_django_by_the_columns_of_its_table() -> None:
    found = one(Source.DJANGO, {"id": 7, **DJANGO, "email_verified": 1, "groups": "editors\nthe others"})
    assert (found.id, found.name, found.created, found.disabled) == ("7", "Ada Lovelace", STAMP, True)
    assert found.roles == ("superuser", "staff", "editors", "the others")
    assert found.verified is True
    assert found.lost == (Loss.LAST_SIGN_IN, Loss.USERNAME)


def test_django_as_dumpdata_writes_it() -> None:
    dumped = {
        "model": "auth.user",
        "pk": 7,
        "fields": {**DJANGO, "groups": [["editors"]], "user_permissions": []},
    }
    found = one(Source.DJANGO, json.dumps([dumped]))
    assert (found.id, found.email, found.verified) == ("7", "ada@example.com", None)
    assert found.roles == ("superuser", "staff", "editors")


def test_django_without_a_usable_password_and_with_an_address_as_name() -> None:
    unusable = {**DJANGO, "password": "!Zq1", "username": "ada@example.com", "last_login": None}
    found = one(Source.DJANGO, unusable)
    assert (found.password, found.lost) == (None, ())


# -- Better Auth -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("snake", [False, True])
def test_better_auth_in_either_spelling(snake: bool) -> None:
    record = {
        "id": "k7",
        "name": "Ada",
        "email": "ada@example.com",
        "emailVerified": 1,
        "image": "https://x",
        "createdAt": 1577934245000,
        "updatedAt": 1577934245000,
        "role": "admin,user",
        "banned": False,
        "twoFactorEnabled": True,
        "providers": 2,
        "password": "0f:0f",
    }
    names = {
        "emailVerified": "email_verified",
        "createdAt": "created_at",
        "updatedAt": "updated_at",
        "twoFactorEnabled": "two_factor_enabled",
    }
    found = one(Source.BETTER_AUTH, {names.get(k, k) if snake else k: v for k, v in record.items()})
    assert (found.id, found.name, found.verified, found.created) == ("k7", "Ada", True, STAMP)
    assert (found.roles, found.disabled) == (("admin", "user"), False)
    assert found.lost == (Loss.PICTURE, Loss.FACTOR, Loss.PROVIDER)


def test_better_auth_bans_end() -> None:
    record = {"id": "k", "email": "a@b.example", "password": None, "banned": True}
    assert one(Source.BETTER_AUTH, record).disabled is True
    assert one(Source.BETTER_AUTH, record | {"banExpires": MOMENT}).disabled == STAMP
    assert one(Source.BETTER_AUTH, record | {"banExpires": "0001-01-01T00:00:00Z"}).disabled is True


# -- Supabase --------------------------------------------------------------------------------------------

SUPABASE = {
    "instance_id": "00000000-0000-0000-0000-000000000000",
    "id": "5e9b2b6e-9d0f-4c53-8f9e-0d6f3d1c7a11",
    "aud": "authenticated",
    "role": "authenticated",
    "email": "ada@example.com",
    "encrypted_password": "$2a$10$x",
    "email_confirmed_at": MOMENT,
    "last_sign_in_at": MOMENT,
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "phone": None,
    "is_super_admin": None,
    "banned_until": None,
    "deleted_at": None,
    "is_anonymous": False,
    "raw_app_meta_data": {"provider": "email", "providers": ["email"], "role": "editor"},
    "raw_user_meta_data": {"email": "ada@example.com", "email_verified": True, "full_name": "Ada L"},
}


def test_supabase_by_the_columns_of_its_table() -> None:
    found = one(Source.SUPABASE, SUPABASE)
    assert (found.id, found.verified, found.created) == (SUPABASE["id"], STAMP, STAMP)
    assert (found.name, found.roles, found.disabled) == ("Ada L", ("editor",), False)
    assert found.lost == (Loss.LAST_SIGN_IN,)


def test_supabase_loses_what_it_knows_more() -> None:
    more = SUPABASE | {
        "phone": "15550100",
        "banned_until": MOMENT,
        "email_confirmed_at": None,
        "encrypted_password": "",
        "raw_app_meta_data": '{"provider": "github", "providers": ["github"], "plan": "pro"}',
        "raw_user_meta_data": '{"avatar_url": "https://x"}',
        "role": "service_role",
        "is_super_admin": "t",
    }
    found = one(Source.SUPABASE, more)
    assert (found.password, found.verified, found.disabled) == (None, False, STAMP)
    assert found.roles == ("service_role", "superuser")
    assert set(found.lost) == {
        Loss.LAST_SIGN_IN,
        Loss.PHONE,
        Loss.PROVIDER,
        Loss.PICTURE,
        Loss.METADATA,
    }


def test_supabase_does_not_bring_back_who_was_deleted() -> None:
    assert refused(Source.SUPABASE, SUPABASE | {"deleted_at": MOMENT}) == "it was deleted there"


def test_supabase_may_have_hashes_of_firebase() -> None:
    key = CONFIG.split("signer_key: ")[1].split(",")[0]
    text = f"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk={key}$42xEC+ixf3L2lw==${DIGEST}"
    found = one(Source.SUPABASE, SUPABASE | {"encrypted_password": text})
    assert (found.password or "").startswith("$firebase-scrypt$ln=14,r=8$")
    broken = text.replace("42xEC", "!!!!!")
    assert "cannot be verified" in refused(Source.SUPABASE, SUPABASE | {"encrypted_password": broken})


# -- Firebase --------------------------------------------------------------------------------------------

FIREBASE = {
    "localId": "u1",
    "email": "ada@example.com",
    "emailVerified": True,
    "passwordHash": DIGEST,
    "salt": "42xEC+ixf3L2lw==",
    "displayName": "Ada, Countess",
    "lastSignedInAt": "1577934245000",
    "createdAt": "1577934245000",
    "disabled": False,
    "providerUserInfo": [],
    "customAttributes": '{"role": "editor", "staff": true, "plan": "pro"}',
}


def test_firebase_as_json() -> None:
    found = one(Source.FIREBASE, json.dumps({"users": [FIREBASE]}, indent=2), hash_config=hash_config(CONFIG))
    assert (found.id, found.verified, found.created, found.disabled) == ("u1", True, STAMP, False)
    assert (found.name, found.roles) == ("Ada, Countess", ("editor", "staff"))
    assert found.lost == (Loss.LAST_SIGN_IN, Loss.METADATA)
    assert (found.password or "").startswith("$firebase-scrypt$ln=14,r=8$")


@pytest.mark.parametrize(
    "name",
    [
        "Eve",
        '"Eve',
        'x"\nforged,eve@example.com,true,,,Eve,' + "," * 17 + '1,1,,false,"{""admin"":true}",\nz',
    ],
)
def test_firebase_as_csv_is_refused_for_names_in_it_hide_people_and_make_some_up(name: str) -> None:
    quoted = f'"{name}"' if "," in name else name  # as its CLI does, and no more
    text = f"u1,eve@example.org,false,,,{quoted},{',' * 17}1,1,,false,,\nu2,ada@example.com,false,,,Ada,\n"
    with pytest.raises(Rejected, match="export JSON"):
        read(Source.FIREBASE, text)


def test_firebase_needs_the_parameters_of_the_project_for_a_hash() -> None:
    with pytest.raises(Rejected, match="--hash-config"):
        read(Source.FIREBASE, json.dumps(FIREBASE))
    for broken in ("", "hash_config { rounds: 8 }", CONFIG.replace("14", "many")):
        with pytest.raises(Rejected, match="base64_signer_key"):
            hash_config(broken)
    bad = FIREBASE | {"salt": "!"}
    assert "cannot be verified" in refused(Source.FIREBASE, bad, hash_config=hash_config(CONFIG))


# -- Auth0 -----------------------------------------------------------------------------------------------

USER = {
    "user_id": "auth0|5dea",
    "email": "ada@example.com",
    "email_verified": True,
    "name": "ada@example.com",
    "given_name": "Ada",
    "family_name": "L",
    "nickname": "ada",
    "picture": "https://x",
    "created_at": MOMENT,
    "blocked": True,
    "app_metadata": {"roles": ["editor"], "plan": "pro"},
    "identities": [{"provider": "auth0"}, {"provider": "google-oauth2"}],
}
HASHED = {
    "_id": {"$oid": "5dea"},
    "email": "ada@example.com",
    "email_verified": False,
    "passwordHash": "$2b$10$x",
    "tenant": "t",
    "connection": "Username-Password-Authentication",
    "_tmp_is_unique": True,
    "password_set_date": {"$date": "2019-12-06T18:36:12.412Z"},
}


def test_auth0_with_both_of_its_exports() -> None:
    hashes = auth0_hashes([json.dumps(HASHED) + "\n", json.dumps(HASHED | {"alt_id": "euclid"}) + "\n"])
    assert hashes == {"auth0|5dea": "$2b$10$x", "auth0|euclid": "$2b$10$x"}
    found = one(Source.AUTH0, USER, auth0_hashes=hashes)
    assert (found.password, found.verified, found.disabled) == ("$2b$10$x", True, True)
    assert (found.name, found.roles) == ("Ada L", ("editor",))
    assert found.lost == (Loss.PICTURE, Loss.PROVIDER, Loss.METADATA)


def test_auth0_with_its_hashes_alone() -> None:
    found = one(Source.AUTH0, HASHED)
    assert (found.id, found.password, found.verified, found.lost) == ("auth0|5dea", "$2b$10$x", False, ())
    bare = {k: v for k, v in HASHED.items() if not k.startswith("email")}
    found = one(
        Source.AUTH0, bare | {"identifiers": [{"type": "email", "value": "a@b.example", "verified": True}]}
    )
    assert (found.email, found.verified) == ("a@b.example", True)


def test_auth0_hashes_that_are_none_are_refused_at_once() -> None:
    for text in ('{"user_id": "x"}', "oops", '{"passwordHash": "x"}'):
        with pytest.raises(Rejected, match=r"^line 1 of the password hashes: it "):
            auth0_hashes([text])


# -- any file --------------------------------------------------------------------------------------------


def test_any_file_by_the_names_that_are_given() -> None:
    text = "Mail;Hash;Rights;Since\nada@example.com;$2b$12$x;read write;2020-01-02T03:04:05Z\n"
    columns = {"email": "Mail", "password_hash": "Hash", "roles": "Rights", "created": "Since"}
    found = one(Source.FILE, text, columns=columns)
    assert (found.email, found.password, found.roles) == ("ada@example.com", "$2b$12$x", ("read", "write"))
    assert (found.created, found.verified, found.id, found.lost) == (STAMP, None, "", ())


def test_any_file_without_a_column_for_the_address_says_how_to_name_it() -> None:
    assert "--column email=…" in refused(Source.FILE, {"mail": "ada@example.com"})
    with pytest.raises(Rejected, match="e-mail is no column: there are id, email"):
        read(Source.FILE, "x\n1\n", columns={"e-mail": "x"})


def test_a_named_column_that_no_record_has_is_a_slip_and_not_left_aside() -> None:
    """`disabled=bloked` would let in who is locked out; a column that some have is one."""
    text = "email,pw,blocked\nada@example.com,$2b$12$x,1\n"
    for columns in ({"password_hash": "pwd"}, {"password_hash": "pw", "disabled": "bloked"}):
        with pytest.raises(Rejected, match=r"^no record has a column '(pwd|bloked)': see --column$"):
            read(Source.FILE, text, columns=columns)
    some = '{"email": "ada@example.com"}\n{"email": "bob@example.com", "off": true}\n'
    found = read(Source.FILE, some, columns={"disabled": "off"})
    assert [one.disabled for one in found if isinstance(one, Incoming)] == [False, True]
    assert read(Source.FILE, "email\n", columns={"disabled": "off"}) == []


@pytest.mark.parametrize("source", Source)
def test_whatever_a_record_holds_it_is_read_or_refused(source: Source) -> None:
    """Every value of another type: none is an error of ours."""
    base = {
        **dict.fromkeys(COLUMNS, "x"),
        **SUPABASE,
        **DJANGO,
        **FIREBASE,
        **USER,
        "hashed_password": "x",
    }
    for name in base:
        for value in (None, "", [], {}, [[]], {"a": []}, True, 0, -1, 1e300, "\0", "\ud800", "x" * 10_000):
            text = json.dumps(base | {name: value})
            assert len(read(source, text, hash_config=hash_config(CONFIG))) == 1


_WORDS = st.sampled_from(
    [
        "email",
        "password",
        "id",
        ",",
        ";",
        '"',
        "\n",
        "\r",
        "{",
        "}",
        "[",
        "]",
        ":",
        '"users"',
        "\\u0000",
        "\0",
        "\ufeff",
    ]
)


@given(source=st.sampled_from(Source), text=st.text(max_size=60) | st.lists(_WORDS).map("".join))
def test_any_text_is_read_or_refused(source: Source, text: str) -> None:
    with suppress(Rejected):
        read(source, text)
