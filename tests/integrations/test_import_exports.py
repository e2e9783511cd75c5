"""Exports that the real programs make, and nobody here: Django's dumpdata and database, PostgreSQL's COPY."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from limen.importing import Incoming, Source, incoming, rows_of
from support import servers
from support.guides import DOCS
from support.shell import Shell

SITE = """
import sys
import django
from django.conf import settings
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.db"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"], USE_TZ=True,
    PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"],
)
django.setup()
from django.contrib.auth.models import Group, User
from django.core.management import call_command
call_command("migrate", verbosity=0)
ada = User.objects.create_superuser("ada", "ada@example.com", "correct horse battery", first_name="Ada")
ada.groups.add(Group.objects.create(name="the editors"))
User.objects.create_user("bob", "bob@example.com", None, is_active=False)
User.objects.create_user("nobody", "", "correct horse battery")
call_command("dumpdata", "auth.User", use_natural_foreign_keys=True, stdout=open("users.json", "w"))
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    made = Shell(tmp_path, monkeypatch, capsys)
    assert made("migrate").code == 0
    return made


def test_a_site_of_django_comes_by_dumpdata_and_by_its_database_alike(shell: Shell) -> None:
    subprocess.run([sys.executable, "-c", SITE], cwd=shell.folder, check=True)
    arguments = (
        "--scope",
        "the editors=notes:write",
        "--scope",
        "superuser=limen:admin",
        "--apply",
        "--json",
    )
    said = shell("account", "import", "--from", "django", "users.json", *arguments).json
    assert (said["new"], said["refused"], said["without_password"], said["disabled"]) == (2, 1, 1, 1)
    assert said["password_formats"] == {"pbkdf2-django": 1}
    assert said["scopes"] == {"limen:admin": 1, "notes:write": 1}
    assert said["refusals"][0]["why"].startswith("it has no e-mail address")
    ada = shell("account", "show", "ada@example.com", "--json").json
    assert (ada["name"], ada["scopes"]) == ("Ada", ["limen:admin", "notes:write"])
    again = shell("account", "import", "--from", "django", "site.db", *arguments).json
    assert (again["new"], again["already_there"], again["there_under_another_address"]) == (0, 2, 0)


SUPABASE = """
CREATE TABLE users (
    instance_id uuid, id uuid PRIMARY KEY, aud text, role text, email text, encrypted_password text,
    email_confirmed_at timestamptz, last_sign_in_at timestamptz, raw_app_meta_data jsonb,
    raw_user_meta_data jsonb, is_super_admin boolean, created_at timestamptz, phone text,
    banned_until timestamptz, deleted_at timestamptz, is_sso_user boolean, is_anonymous boolean);
INSERT INTO users VALUES (NULL, '5e9b2b6e-9d0f-4c53-8f9e-0d6f3d1c7a11', 'authenticated', 'authenticated',
    'ada@example.com', '$2a$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',
    '2020-01-02 03:04:05.25+00', now(),
    '{"provider": "email", "providers": ["email"], "roles": ["a, b", "c"]}',
    '{"name": "Ada \\"the\\" first", "plan": "pro"}', false, '2020-01-02 03:04:05+00', NULL, NULL, NULL,
    false, false)
"""
BETTER_AUTH = """
CREATE TABLE "user" (id text, name text, email text, "emailVerified" boolean, image text,
    "createdAt" timestamp, "updatedAt" timestamp);
CREATE TABLE account (id text, "userId" text, "providerId" text, password text);
INSERT INTO "user" VALUES ('a', 'Ada', 'ada@example.com', true, NULL, '2020-01-02 03:04:05', now());
INSERT INTO account VALUES ('1', 'a', 'github', NULL), ('2', 'a', 'credential', 'salt:key')
"""


def copied(script: str, query: str) -> str:
    """What COPY writes as CSV of a query, in a schema that has what the script makes."""

    async def ask() -> str:
        connection = await asyncpg.connect(servers.postgres().url())
        schema, written = servers.new_schema(), io.BytesIO()
        try:
            await connection.execute(f'CREATE SCHEMA "{schema}"; SET search_path TO "{schema}"; {script}')
            await connection.copy_from_query(query, output=written, format="csv", header=True)
        finally:
            await connection.close()
        return written.getvalue().decode()

    return asyncio.run(ask())


def one(source: Source, text: str) -> Incoming:
    (found,) = incoming(source, rows_of(source, text.splitlines(keepends=True)))
    assert isinstance(found, Incoming), found
    return found


def test_a_table_of_supabase_comes_by_copy() -> None:
    found = one(Source.SUPABASE, copied(SUPABASE, "SELECT * FROM users"))
    assert (found.id, found.name) == ("5e9b2b6e-9d0f-4c53-8f9e-0d6f3d1c7a11", 'Ada "the" first')
    assert (found.verified, found.created) == (1577934245.25, 1577934245.0)
    assert (found.roles, found.disabled) == (("a, b", "c"), False)
    assert len(found.lost) == 2


def test_the_query_of_the_page_about_better_auth_gives_what_is_read() -> None:
    page = (DOCS / "migrating/from-better-auth.md").read_text()
    query = re.findall(r"copy \((.*)\) TO 'users.csv'", page)[0].replace('\\"', '"')
    found = one(Source.BETTER_AUTH, copied(BETTER_AUTH, query))
    assert (found.id, found.password, found.verified) == ("a", "salt:key", True)
    assert [loss.split(":")[0] for loss in found.lost] == ["links to other providers"]
