"""Hashes that the real libraries made are brought in, sign people in, and are made anew by that.

Django's, pwdlib's (fastapi-users'), bcrypt's and argon2's own; Better Auth's by Node's scrypt with the
parameters of its documentation; Firebase's by its published vector.
"""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from typing import Any

import argon2
import bcrypt
import pytest
from django.contrib.auth import hashers as django
from fastapi_users.password import PasswordHelper
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from limen.errors import Denied
from limen.importing import Incoming, Options, Rules, Source, hash_config, incoming, rows_of
from limen.insecure import WeakHashing
from limen.passwords import Hasher
from support.world import world

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse bättery staple"
LONG = "a passphrase that goes on and on, well beyond the seventy-two bytes that bcrypt reads, and further"
EMAIL = "ada@example.org"
BETTER_AUTH = """
const { randomBytes, scryptSync } = require("node:crypto");
const salt = randomBytes(16).toString("hex");
const cost = { N: 16384, r: 16, p: 1, maxmem: 64 << 20 };
const key = scryptSync(process.argv[1].normalize("NFKC"), salt, 64, cost);
console.log(salt + ":" + key.toString("hex"));
"""
FIREBASE = """hash_config {
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==, rounds: 8, mem_cost: 14 }"""


def node(password: str) -> str:
    program = shutil.which("node")
    assert program, "node is in requirements/dev.txt: put .venv/bin on PATH"
    ran = subprocess.run([program, "-e", BETTER_AUTH, password], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def by_django(kind: type[Any], **options: Any) -> Callable[[str], str]:
    return lambda password: str(kind().encode(password, "NaClNaClNaCl", **options))


def by_bcrypt(prefix: bytes) -> Callable[[str], str]:
    """bcrypt 5 refuses what its fathers cut."""
    return lambda password: bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4, prefix)).decode()


def as_2y(password: str) -> str:
    """PHP writes it, and means what `$2b$` means."""
    return by_bcrypt(b"2b")(password).replace("$2b$", "$2y$", 1)


MAKERS: dict[str, Callable[[str], str]] = {
    "django pbkdf2": by_django(django.PBKDF2PasswordHasher, iterations=1_000),
    "django pbkdf2-sha1": by_django(django.PBKDF2SHA1PasswordHasher, iterations=1_000),
    "django argon2": lambda password: str(django.Argon2PasswordHasher().encode(password, "NaClNaClNaCl")),
    "django bcrypt-sha256": lambda p: str(django.BCryptSHA256PasswordHasher().encode(p, bcrypt.gensalt(4))),
    "django bcrypt": lambda p: str(django.BCryptPasswordHasher().encode(p[:40], bcrypt.gensalt(4))),
    "django scrypt": by_django(django.ScryptPasswordHasher, n=1_024),
    "fastapi-users": PasswordHelper().hash,
    "fastapi-users, bcrypt": PasswordHelper(PasswordHash((BcryptHasher(rounds=4),))).hash,
    "pwdlib argon2": PasswordHash((Argon2Hasher(time_cost=1, memory_cost=16, parallelism=1),)).hash,
    "argon2i": argon2.PasswordHasher(1, 64, 1, type=argon2.Type.I).hash,
    "argon2d": argon2.PasswordHasher(1, 64, 1, type=argon2.Type.D).hash,
    "bcrypt 2a": by_bcrypt(b"2a"),
    "bcrypt 2b": by_bcrypt(b"2b"),
    "bcrypt 2y": as_2y,
    "better auth": node,
}
CUTS_AT = {"django bcrypt": 40, "fastapi-users, bcrypt": 72}


def person(stored: str) -> Incoming:
    return Incoming(
        line=2, id="1", email=EMAIL, password=stored, verified=None, created=None, disabled=False, name="",
        roles=(), lost=(),
    )  # fmt: skip


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("password", [PASSWORD, LONG], ids=["short", "long"])
async def test_A31_a_hash_of_a_real_library_signs_in_and_is_made_anew(maker: str, password: str) -> None:
    password = password[: CUTS_AT.get(maker, 1_000)]
    stored = MAKERS[maker](password)
    async with world() as (auth, _):
        report = await auth.import_accounts([person(stored)], Rules(name="x", roles={}), apply=True)
        assert (report.new, report.refused) == (1, 0), report.refusals
        with pytest.raises(Denied):
            await auth.sign_in(EMAIL, "x" + password)
        assert (await auth.store.accounts())[0].password == stored
        await auth.sign_in(EMAIL, password)
        (account,) = await auth.store.accounts()
        assert account.password is not None
        assert account.password != stored
        assert not Hasher(WeakHashing()).needs_upgrade(account.password)
        await auth.sign_in(EMAIL, password)


async def test_A28_who_types_another_form_of_unicode_than_nfc_signs_in_and_then_in_any_form() -> None:
    """Django does not normalise, so its hash is of what the keyboard wrote: of Vietnamese ones, not NFC."""
    normal = "mật khẩu đẹp lắm"
    typed = unicodedata.normalize("NFD", normal)
    async with world() as (auth, _):
        await auth.import_accounts(
            [person(MAKERS["django argon2"](typed))], Rules(name="x", roles={}), apply=True
        )
        for wrong in (normal, typed + "x"):
            with pytest.raises(Denied):
                await auth.sign_in(EMAIL, wrong)
        for right in (typed, normal, typed):
            await auth.sign_in(EMAIL, right)


async def test_A31_the_published_vector_of_firebase_signs_in() -> None:
    user = (
        '{"users": [{"localId": "1", "email": "ada@example.org", "salt": "42xEC+ixf3L2lw==", "passwordHash": '
        '"lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="}]}'
    )
    records = incoming(
        Source.FIREBASE, rows_of(Source.FIREBASE, [user]), Options(hash_config=hash_config(FIREBASE))
    )
    async with world() as (auth, _):
        report = await auth.import_accounts(records, Rules(name="x", roles={}), apply=True)
        assert report.formats.counts == {"scrypt-firebase": 1}
        with pytest.raises(Denied):
            await auth.sign_in(EMAIL, "user2password")
        assert (await auth.sign_in(EMAIL, "user1password")).grant


def test_a_password_for_which_django_has_a_marker_is_none() -> None:
    assert django.make_password(None).startswith("!")
