"""The way in and the way out: every user gets an account, and every password goes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, identify_hasher
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.models import Q

from limen import Rejected
from limen.audit import Actor
from limen.django import config, linking
from limen.django.models import Link, StoredSession
from limen.ids import AccountID

_BATCH = 500


@dataclass(slots=True)
class Report:
    """What was done, for people; `whole`: nothing is lost."""

    lines: list[str] = field(default_factory=list)
    whole: bool = True


def is_migrated() -> bool:
    """Whether our tables are there."""
    connection = connections[router.db_for_read(Link) or DEFAULT_DB_ALIAS]
    return Link._meta.db_table in connection.introspection.table_names()


def adopt_all(*, dry_run: bool) -> Report:
    """Give every user who has none an account with the user's own hash. The users' table is only read.

    Once more does nothing, so it may be broken off.
    """
    report, adopted, unusable, renamed = Report(), 0, 0, 0
    adoption = config.auth().adoption
    known = set(Link.objects.values_list("user_id", flat=True))
    store = config.auth().store
    accounts = Link.objects.values_list("account", flat=True).iterator(_BATCH)
    gone = sum(config.run(store.account(AccountID(account))) is None for account in accounts)
    for user in get_user_model()._default_manager.order_by("pk").iterator(_BATCH):
        if user.pk in known:
            continue
        adopted += 1
        has_one = bool(user.password) and not user.password.startswith(UNUSABLE_PASSWORD_PREFIX)
        if has_one and not adoption.is_usable(user.password):
            unusable += 1
            report.lines.append(f"{_whose(user)}: the hash is of a kind that Limen does not verify")
        why = linking.would_rename(user) if dry_run else linking.adopt(user)[1]
        renamed += bool(why)
        if why == "account_exists":
            report.lines.append(f"{_whose(user)}: another account has this address; sign in by user name")
    did = "would be" if dry_run else "were"
    report.lines.append(f"{adopted} users {did} given an account; {len(known)} had one before")
    if gone:
        report.whole = False
        report.lines.append(
            f"{gone} had one that is not in Limen's database: is LIMEN['database'] the one of before? If it "
            "is lost, `manage.py limen leave` and then `adopt`"
        )
    if renamed:
        report.lines.append(f"{renamed} have no address of their own, and sign in by user name")
    if unusable:
        report.whole = False
        report.lines.append(f"{unusable} need a new password: a reset link, or `manage.py changepassword`")
    return report


def leave(*, dry_run: bool) -> Report:
    """Write the passwords that Limen changed into the users' rows, end all sessions, and forget the accounts.

    Rows of users whose password Limen did not change are left as they are. After it `migrate limen zero`
    takes our tables away.
    """
    report, changed, lost = Report(), 0, 0
    auth, by = config.auth(), Actor(linking.DJANGO)
    for link in Link.objects.select_related("user").order_by("user_id").iterator(_BATCH):
        try:
            account = config.run(auth.find_account(link.account))
        except Rejected:
            report.lines.append(f"{_whose(link.user)}: the account is gone; the row is left as it is")
            Link.objects.filter(pk=link.pk).delete() if not dry_run else None
            continue
        newer = linking.seen_as(link.user.password) == link.user_hash
        if newer and linking.seen_as(account.password) != link.account_hash:
            changed += 1
            if not _reads(linking.as_django(account.password)):
                lost += 1
                report.lines.append(
                    f"{_whose(link.user)}: no hasher of PASSWORD_HASHERS reads the new password"
                )
            if not dry_run:
                linking.tell_django(link.user, link, account)
        if not dry_run:
            config.run(auth.delete_account(account, by=by))
            Link.objects.filter(pk=link.pk).delete()
    if not dry_run:
        StoredSession.objects.all().delete()
        ContentType.objects.filter(app_label="limen").delete()
    hashes = get_user_model()._default_manager.values_list("password", flat=True)
    if changed or hashes.filter(Q(("password__startswith", "argon2"))).exists():
        report.lines.append("some hashes are argon2: keep `pip install 'django[argon2]'` when Limen is gone")
    would = "would be " if dry_run else ""
    report.lines.append(f"{changed} passwords that Limen had changed {would}written into the users' rows")
    report.lines.append("everybody is signed out; next: `manage.py migrate limen zero`")
    report.whole = not lost
    return report


def _whose(user: Any) -> str:
    return f"user {user.pk} ({user.get_username()})"


def _reads(encoded: Any) -> bool:
    try:
        identify_hasher(encoded)
    except ValueError:
        return str(encoded).startswith(UNUSABLE_PASSWORD_PREFIX)
    return True
