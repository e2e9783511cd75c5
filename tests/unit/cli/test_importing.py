"""`limen account import`: a look that writes nothing, files of every kind, and every kind of trouble."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from limen.flows.import_accounts import BATCH
from limen.insecure import WeakHashing
from limen.passwords import Hasher
from support.shell import Shell

PASSWORD = "correct horse battery staple"
STORED = Hasher(WeakHashing()).hash(PASSWORD)
QUOTED = f'"{STORED}"'
"""For CSV: there are commas in it."""
HEAD = "id,email,hashed_password,is_active,is_superuser,is_verified\n"
FILE = HEAD + "".join(f"{n},p{n}@example.com,{QUOTED},t,{'t' if n == 1 else 'f'},t\n" for n in range(1, 4))


@pytest.fixture
def home(shell: Shell) -> Shell:
    """A shell with an empty database and a file of three."""
    assert shell("migrate").code == 0
    (shell.folder / "people.csv").write_text(FILE)
    return shell


def emails(shell: Shell) -> list[str]:
    return [one["email"] for one in shell("account", "list", "--json").json["accounts"]]


def state(folder: Path) -> dict[str, bytes]:
    """Every file there is, the ones that SQLite makes for looking apart."""
    return {
        str(f.relative_to(folder)): f.read_bytes()
        for f in sorted(folder.rglob("*"))
        if f.is_file() and not f.name.endswith(("-shm", "-wal"))
    }


def test_without_apply_nothing_is_written(home: Shell) -> None:
    before = state(home.folder)
    ran = home("account", "import", "--from", "fastapi-users", "people.csv")
    assert ran.code == 0
    assert "3 of 3 would come" in ran.out
    assert "nothing was written: say --apply" in ran.out
    assert state(home.folder) == before
    assert emails(home) == []


def test_with_apply_they_come_once(home: Shell) -> None:
    arguments = ("account", "import", "people.csv", "--from", "fastapi-users", "--apply", "--json")
    first = home(*arguments, "--scope", "superuser=limen:admin", "--scope", "superuser=read").json
    assert (first["new"], first["administrators"], first["verified"]) == (3, 1, 3)
    assert first["password_formats"] == {"argon2": 3}
    assert first["scopes"] == {"limen:admin": 1, "read": 1}
    again = home(*arguments).json
    assert (again["new"], again["already_there"]) == (0, 3)
    assert home("account", "show", "p1@example.com", "--json").json["scopes"] == ["limen:admin", "read"]


def test_whose_address_a_stranger_registered_is_told_with_the_line(home: Shell) -> None:
    """Else `--ids` leads from what was hers to whoever was faster, and nobody looks."""
    said = home("account", "add", "P2@example.com", "--password-stdin", stdin=PASSWORD.encode())
    assert said.code == 0
    arguments = ("account", "import", "people.csv", "--from", "fastapi-users", "--apply")
    first, again = home(*arguments).out, home(*arguments)
    for out, there in ((first, 1), (again.out, 3)):
        assert f"{there} have an account already: it stays as it is\n1 of them did not come by this " in out
        assert "import (line 3): see that they are theirs" in out
    assert home(*arguments, "--json").json["not_by_this_import"] == {"count": 1, "lines": [3]}


def test_refused_lines_are_told_and_the_others_come(home: Shell) -> None:
    secret = "hunter2-hunter2"
    (home.folder / "people.csv").write_text(
        FILE + f"4,p4@example.com,{secret},t,f,t\n5,nobody,{QUOTED},t,f,t\n"
    )
    ran = home("account", "import", "--from", "fastapi-users", "people.csv", "--apply")
    assert ran.code == 1
    assert "line 5: its password hash cannot be verified: a hash of no format that is known here" in ran.out
    assert "line 6: an e-mail address has one @" in ran.out
    assert len(emails(home)) == 3
    for word in (secret, "p4@", "nobody", STORED):
        assert word not in ran.out + ran.err
    dropped = home(
        "account", "import", "--from", "fastapi-users", "people.csv", "--apply", "--drop-hashes", "--json"
    )
    assert (dropped.json["new"], dropped.json["without_password"]) == (1, 1)


MANY = (HEAD + "".join(f"{n},p{n}@example.com,,t,f,t\n" for n in range(2 * BATCH))).encode()
"""More than one batch, so that the first could be written before the end is seen."""
LAST = f"line {2 * BATCH + 2:,}: "


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (FILE.encode("utf-16"), "line 1: this is UTF-16"),
        (MANY + b"4,p\xff@example.com,,t,f,t\n", LAST + "there is a byte that is no UTF-8"),
        (MANY + b'4,"open,,t,f,t\n', LAST + "this is no CSV: a quote is left open"),
        (MANY + b"x" * (2 << 20), LAST + "it is longer than"),
        (b'[{"id": 1, "email": "p1@example.com", "hashed_password": null},', "line 1: the file ends in the"),
        (b"", "the file is empty"),
    ],
)  # fmt: skip
def test_a_file_that_breaks_off_leaves_nothing_half_written(home: Shell, raw: bytes, said: str) -> None:
    (home.folder / "people.csv").write_bytes(raw)
    ran = home("account", "import", "--from", "fastapi-users", "people.csv", "--apply", "--ids", "ids.csv")
    assert ran.code == 2
    assert said in ran.err
    assert emails(home) == []
    assert not list(home.folder.glob("ids.csv*"))


def test_a_nul_is_refused_by_its_line(home: Shell) -> None:
    (home.folder / "people.csv").write_bytes(FILE.encode() + b"4,p4@exa\0mple.com,,t,f,t\n")
    ran = home("account", "import", "--from", "fastapi-users", "people.csv", "--apply", "--json")
    assert (ran.code, ran.json["new"], ran.json["refusals"][0]["line"]) == (1, 3, 5)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_stdin_is_as_good_as_a_file(home: Shell, end: str) -> None:
    text = "\ufeff" + FILE.replace("\n", end)
    ran = home("account", "import", "--from", "fastapi-users", "-", "--apply", "--json", stdin=text)
    assert ran.json["new"] == 3


def test_a_pipe_is_read_twice_too(home: Shell) -> None:
    os.mkfifo(home.folder / "pipe")
    writer = threading.Thread(target=(home.folder / "pipe").write_text, args=(FILE,))
    writer.start()
    ran = home("account", "import", "--from", "fastapi-users", "pipe", "--apply", "--json")
    writer.join()
    assert ran.json["new"] == 3


def test_the_list_of_ids_is_the_same_each_time(home: Shell) -> None:
    arguments = ("account", "import", "--from", "fastapi-users", "people.csv", "--apply", "--ids")
    assert home(*arguments, "first.csv").code == 0
    assert home(*arguments, "second.csv").code == 0
    text = (home.folder / "first.csv").read_text()
    assert (home.folder / "second.csv").read_text() == text
    listed = list(csv.DictReader(text.splitlines()))
    shown = home("account", "list", "--json").json["accounts"]
    assert {row["account"] for row in listed} == {one["id"] for one in shown}
    assert [row["theirs"] for row in listed] == ["1", "2", "3"]
    assert home("account", "import", "--from", "fastapi-users", "people.csv", "--ids", "x").code == 2


@pytest.mark.parametrize("place", ["people.csv", "./people.csv", "."])
def test_the_list_of_ids_takes_nobody_s_place(home: Shell, place: str) -> None:
    before = (home.folder / "people.csv").read_bytes()
    ran = home("account", "import", "--from", "fastapi-users", "people.csv", "--apply", "--ids", place)
    assert ran.code == 2
    assert emails(home) == []
    assert (home.folder / "people.csv").read_bytes() == before


def test_uuids_may_go_on_as_they_are(home: Shell) -> None:
    theirs = "5e9b2b6e-9d0f-4c53-8f9e-0d6f3d1c7a11"
    (home.folder / "people.csv").write_text(
        HEAD + f"{theirs},ada@example.com,{QUOTED},t,f,t\n" + FILE[len(HEAD) :]
    )
    ran = home(
        "account", "import", "--from", "fastapi-users", "people.csv", "--apply", "--keep-ids", "--json"
    )
    assert (ran.json["new"], ran.json["refused"]) == (1, 3)
    assert home("account", "show", theirs, "--json").json["email"] == "ada@example.com"
    assert home("account", "list", "--after", theirs).code == 0


def test_options_of_another_source_are_no_options(home: Shell) -> None:
    for option, value in (
        ("--column", "a=b"),
        ("--hash-config", "x"),
        ("--hashes", "x"),
        ("--table", "user"),
    ):
        ran = home("account", "import", "--from", "fastapi-users", "people.csv", option, value)
        assert ran.code == 2, option
    assert home("account", "import", "people.csv").code == 2
    assert home("account", "import", "--from", "fastapi-users", "people.csv", "--scope", "x").code == 2
    assert home("account", "import", "--from", "fastapi-users", "nowhere.csv").code == 3


def test_a_mistyped_database_is_not_made(home: Shell) -> None:
    for more in ((), ("--apply",)):
        ran = home(
            "account",
            "import",
            "--from",
            "fastapi-users",
            "people.csv",
            "--database",
            "sqlite:///x.db",
            *more,
        )
        assert ran.code == 4
    assert not (home.folder / "x.db").exists()


# -- SQLite ----------------------------------------------------------------------------------------------


def database(folder: Path, script: str) -> None:
    with closing(sqlite3.connect(folder / "theirs.db")) as db:
        db.executescript(script)


def test_a_database_of_fastapi_users(home: Shell) -> None:
    database(
        home.folder,
        f"""CREATE TABLE "user" (id CHAR(36), email, hashed_password, is_active, is_superuser, is_verified);
        CREATE TABLE oauth_account (id, user_id);
        INSERT INTO "user" VALUES ('a', 'ada@example.com', '{STORED}', 1, 0, 1), ('b', x'00', '', 1, 0, 1);
        INSERT INTO oauth_account VALUES (1, 'a')""",
    )
    before = (home.folder / "theirs.db").read_bytes()
    ran = home("account", "import", "--from", "fastapi-users", "theirs.db", "--apply", "--json")
    assert (ran.json["new"], ran.json["refusals"][0]["line"]) == (1, 2)
    assert [one["what"].split(":")[0] for one in ran.json["lost"]] == ["links to other providers"]
    assert (home.folder / "theirs.db").read_bytes() == before


def test_a_database_of_django_with_groups_and_proven_addresses(home: Shell) -> None:
    database(
        home.folder,
        f"""CREATE TABLE auth_user (id INTEGER PRIMARY KEY, password, last_login, is_superuser, username,
            last_name, email, is_staff, is_active, date_joined, first_name);
        CREATE TABLE auth_group (id, name); CREATE TABLE auth_user_groups (id, user_id, group_id);
        CREATE TABLE account_emailaddress (id, email, verified, user_id);
        INSERT INTO auth_user VALUES (1, '{STORED}', NULL, 0, 'ada', 'L', 'ada@example.com', 0, 1,
            '2020-01-02 03:04:05', 'Ada');
        INSERT INTO auth_group VALUES (1, 'editors'), (2, 'the others');
        INSERT INTO auth_user_groups VALUES (1, 1, 1), (2, 1, 2);
        INSERT INTO account_emailaddress VALUES (1, 'ADA@example.com', 1, 1)""",
    )
    ran = home(
        "account", "import", "--from", "django", "theirs.db", "--apply", "--json",
        "--scope", "the others=read",
    )  # fmt: skip
    assert (ran.json["new"], ran.json["verified"], ran.json["scopes"]) == (1, 1, {"read": 1})
    assert ran.json["roles_without_scope"] == {"editors": 1}
    shown = home("account", "show", "ada@example.com", "--json").json
    assert (shown["name"], shown["created_at"]) == ("Ada L", "2020-01-02T03:04:05Z")
    assert home("account", "import", "--from", "django", "theirs.db", "--table", "shop_user").code == 2


def test_a_model_of_ones_own_has_its_own_groups_and_not_those_of_others(home: Shell) -> None:
    database(
        home.folder,
        f"""CREATE TABLE shop_member (id INTEGER PRIMARY KEY, password, username, email);
        CREATE TABLE shop_guest (id INTEGER PRIMARY KEY, password, username, email);
        CREATE TABLE auth_group (id, name); CREATE TABLE auth_permission (id, name);
        CREATE TABLE shop_member_groups (id, member_id, group_id);
        CREATE TABLE shop_member_user_permissions (id, member_id, permission_id);
        CREATE TABLE auth_user_groups (id, user_id, group_id);
        INSERT INTO shop_member VALUES (1, '{STORED}', 'ada', 'ada@example.com');
        INSERT INTO shop_guest VALUES (1, '{STORED}', 'eve', 'eve@example.com');
        INSERT INTO auth_group VALUES (1, 'editors'), (2, 'admins');
        INSERT INTO shop_member_groups VALUES (1, 1, 1);
        INSERT INTO shop_member_user_permissions VALUES (1, 1, 9);
        INSERT INTO auth_user_groups VALUES (1, 1, 2)""",
    )
    arguments = ("account", "import", "--from", "django", "theirs.db", "--json", "--table")
    member, guest = home(*arguments, "shop_member").json, home(*arguments, "shop_guest").json
    assert (member["roles_without_scope"], guest["roles_without_scope"]) == ({"editors": 1}, {})
    assert [one["what"] for one in member["lost"] if "user names" not in one["what"]] == ["user_permissions"]


def test_a_model_whose_key_is_called_otherwise_comes_with_its_groups(home: Shell) -> None:
    database(
        home.folder,
        f"""CREATE TABLE shop_user (uuid TEXT PRIMARY KEY, password, username, email);
        CREATE TABLE auth_group (id, name); CREATE TABLE shop_user_groups (id, user_id, group_id);
        CREATE TABLE account_emailaddress (id, email, verified, user_id);
        INSERT INTO shop_user VALUES ('a', '{STORED}', 'ada', 'ada@example.com');
        INSERT INTO auth_group VALUES (1, 'editors');
        INSERT INTO shop_user_groups VALUES (1, 'a', 1);
        INSERT INTO account_emailaddress VALUES (1, 'ada@example.com', 1, 'a')""",
    )
    ran = home("account", "import", "--from", "django", "theirs.db", "--json", "--table", "shop_user").json
    assert (ran["new"], ran["verified"], ran["roles_without_scope"]) == (1, 1, {"editors": 1})


def test_a_group_that_is_called_as_a_flag_makes_no_superuser(home: Shell) -> None:
    fields = f'{{"email": "eve@example.com", "password": "{STORED}", "groups": [["superuser"], ["staff"]]}}'
    (home.folder / "users.json").write_text(f'[{{"pk": 1, "fields": {fields}}}]')
    arguments = ("account", "import", "--from", "django", "users.json", "--json", "--scope")
    ran = home(*arguments, "superuser=limen:admin")
    assert (ran.json["administrators"], ran.json["scopes"]) == (0, {})
    assert ran.json["roles_without_scope"] == {"group superuser": 1, "group staff": 1}


def test_bytes_that_are_no_text_are_refused_by_their_row_and_not_repeated(home: Shell) -> None:
    database(
        home.folder,
        f"""CREATE TABLE auth_user (id, email, password);
        INSERT INTO auth_user VALUES (1, 'a@example.com', CAST(x'70626b6466324d494e45ff1b5b41' AS TEXT)),
            (2, 'ada@example.com', '{STORED}')""",
    )
    ran = home("account", "import", "--from", "django", "theirs.db", "--json")
    assert (ran.json["new"], ran.json["refusals"][0]["line"]) == (1, 1)
    assert "pbkdf2MINE" not in ran.out + ran.err


def test_a_column_whose_name_is_no_text_is_no_bug(home: Shell) -> None:
    database(
        home.folder,
        """CREATE TABLE auth_user (id, email, password, "zz");
        INSERT INTO auth_user VALUES (1, 'ada@example.com', '', 1)""",
    )
    file = home.folder / "theirs.db"
    file.write_bytes(file.read_bytes().replace(b'"zz"', b'"z\xff"'))
    ran = home("account", "import", "--from", "django", "theirs.db")
    assert (ran.code, "theirs.db cannot be read" in ran.err) == (2, True)


def test_a_view_cannot_fill_the_memory(home: Shell) -> None:
    script = "CREATE VIEW auth_user AS SELECT 1 AS id, hex(zeroblob(300000000)) AS email, '' AS password"
    database(home.folder, script)
    ran = home("account", "import", "--from", "django", "theirs.db")
    assert (ran.code, "too big" in ran.err) == (2, True)


def test_half_of_a_letter_in_a_name_is_told_as_json_too(home: Shell) -> None:
    text = '[{"email": "ada@example.com", "x\\ud800": "1", "roles": ["r\\ud800"]}]'
    (home.folder / "odd.json").write_text(text)
    ran = home("account", "import", "--from", "file", "odd.json", "--json")
    assert (ran.code, ran.json["new"]) == (0, 1)
    assert ran.json["lost"][0]["what"] == "x\ud800"


def test_the_list_of_ids_follows_no_link(home: Shell) -> None:
    (home.folder / "mine").write_text("mine")
    (home.folder / "ids.csv.part").symlink_to("mine")
    assert (
        home("account", "import", "--from", "fastapi-users", "people.csv", "--apply", "--ids", "ids.csv").code
        == 0
    )
    assert (home.folder / "mine").read_text() == "mine"
    assert not (home.folder / "ids.csv").is_symlink()


@pytest.mark.parametrize(("user", "provider"), [("userId", "providerId"), ("user_id", "provider_id")])
def test_a_database_of_better_auth(home: Shell, user: str, provider: str) -> None:
    secret = f"{'0f' * 16}:{'0f' * 64}"
    database(
        home.folder,
        f"""CREATE TABLE user (id TEXT, name, email, emailVerified, image, createdAt, updatedAt);
        CREATE TABLE account (id, {user}, {provider}, password);
        INSERT INTO user VALUES ('a', 'Ada', 'ada@example.com', 1, '', '2020-01-02T03:04:05.000Z', ''),
            ('b', 'Bob', 'bob@example.com', 0, '', '2020-01-02T03:04:05.000Z', '');
        INSERT INTO account VALUES (1, 'a', 'credential', '{secret}'), (2, 'b', 'github', NULL)""",
    )
    ran = home("account", "import", "--from", "better-auth", "theirs.db", "--apply", "--json")
    assert (ran.json["new"], ran.json["without_password"]) == (2, 1)
    assert ran.json["password_formats"] == {"scrypt-better-auth": 1}


def test_other_sources_have_no_database(home: Shell) -> None:
    database(home.folder, "CREATE TABLE user (id)")
    for source in ("supabase", "auth0", "better-auth", "django"):
        ran = home("account", "import", "--from", source, "theirs.db")
        assert ran.code == 2, source
    assert home("account", "import", "--from", "django", "-", stdin=b"SQLite format 3\0...").code == 2


def test_firebase_and_auth0_bring_their_second_files(home: Shell) -> None:
    user = {"user_id": "auth0|1", "email": "ada@example.com", "email_verified": True}
    hashed = {"_id": {"$oid": "1"}, "passwordHash": STORED}
    (home.folder / "users.json").write_text(json.dumps(user))
    (home.folder / "hashes.json").write_text(json.dumps(hashed))
    ran = home(
        "account", "import", "--from", "auth0", "users.json", "--hashes", "hashes.json", "--apply", "--json"
    )
    assert (ran.json["new"], ran.json["without_password"]) == (1, 0)
    (home.folder / "users.json").write_text(
        '{"users": [{"localId": "1", "email": "b@b.example", "passwordHash": "x"}]}'
    )
    ran = home("account", "import", "--from", "firebase", "users.json")
    assert (ran.code, "--hash-config" in ran.err) == (2, True)
