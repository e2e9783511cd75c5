"""Which account is whose, and what keeps the two hashes of one password the same.

Whichever side changed is told from what was last seen to be the same. Django's side is the user's `password`;
where only Limen's changed, that is rewritten in a form that Django itself verifies, so that nobody who leaves
Limen has lost a password.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, router, transaction

from limen import Identity, Rejected
from limen.accounts import Account, email_key
from limen.adoption import Proven
from limen.audit import Actor
from limen.django import config
from limen.django.balance import forget
from limen.django.models import Link

DJANGO = "django"
"""The actor of what the project's own code did."""
_log = logging.getLogger("limen.django")


def seen_as(text: str | None) -> str:
    """What is compared later, so that no hash stands in two tables."""
    return hashlib.sha256((text or "").encode()).hexdigest()


def link_of(user: Any) -> Link | None:
    """The link of a user; None if there is none yet."""
    return Link.objects.filter(user_id=user.pk).first()


def user_of(account: str) -> Any | None:
    """The user whose account this is, `limen_link` set beside it; None if there is none or it was changed by
    Django and Limen was not told: whoever signed in with the old password is nobody then."""
    found = Link.objects.filter(account=account).select_related("user").first()
    if found is None or seen_as(found.user.password) != found.user_hash:
        return None
    found.user.limen_link = found
    return found.user


def is_shut_out(account: str) -> bool:
    """Whether this is the account of a user whom Django lets in no more, though Limen was not told."""
    found = Link.objects.filter(account=account).select_related("user").first()
    if found is None:
        return False  # an account without a user, which Limen alone judges
    return seen_as(found.user.password) != found.user_hash or not getattr(found.user, "is_active", True)


def account_of(link: Link) -> Account | None:
    """The account of a link; None, and a line in the log, where Limen's database has none of that id."""
    try:
        return config.run(config.auth().find_account(link.account))
    except Rejected:
        _log.warning(
            "user %s: account %s is not in Limen's database, so nobody signs in there: is LIMEN['database'] "
            "the one of before? If it is lost, `manage.py limen leave` and then `adopt`",
            link.user_id,
            link.account,
        )
        return None


def reconcile(user: Any, identity: Identity) -> None:
    """Once for each sign-in: what Limen's own routes and commands changed is told to Django.

    They end every session with the password, so whoever comes with an older sign-in comes with the same one.
    """
    link: Link = user.limen_link
    if identity.authenticated > link.reconciled:
        account = account_of(link)
        if account is None:  # a token may outlive its account
            return
        tell_django(user, link, account)
        link.reconciled = identity.authenticated
        link.save(update_fields=["reconciled"])


def linked(user: Any) -> Link:
    """The link of a user, made if there is none: with an account of the user's address and hash."""
    found = link_of(user)
    return adopt(user)[0] if found is None else found


def adopt(user: Any) -> tuple[Link, str]:
    """A new account for a user; and why it has an address made up by us, empty where it has the user's own.

    An account that is there already is never taken for the user's, whatever address it has: nobody has proven
    that the two are one person.
    """
    why, wanted = "", _address(user)
    by = Actor(DJANGO)
    if wanted:
        try:
            account = config.run(config.auth().adoption.adopt_account(wanted, user.password, by=by))
            return _linked(user, account), ""
        except Rejected as error:
            why = error.code
            if (found := link_of(user)) is not None:  # another request adopted this user a moment ago
                return found, ""
    account = config.run(config.auth().adoption.adopt_account(_made_up(), user.password, by=by))
    return _linked(user, account), why or "no_address"


def would_rename(user: Any) -> str:
    """Why `adopt` would make an address up, empty where the user's own would do; nothing is written."""
    key = email_key(wanted) if (wanted := _address(user)) else ""
    if not key:
        return "no_address"
    found = config.run(config.auth().store.account_by_key(key))
    return "" if found is None else "account_exists"


def tell_limen(user: Any, link: Link) -> bool:
    """If Django's hash is a new one, make it the account's and end the account's sessions; whether it was.

    The row says so, and not the object: that may be from before another request changed the password, and
    would bring the old one back.
    """
    if seen_as(user.password) == link.user_hash:
        return False
    users = get_user_model()._default_manager.using(router.db_for_write(type(user), instance=user))
    hashed = users.filter(pk=user.pk).values_list("password", flat=True).first()
    link.refresh_from_db(using=router.db_for_write(Link, instance=link))
    seen = seen_as(hashed)
    if hashed is None or seen == link.user_hash:
        return False
    auth, account = config.auth(), account_of(link)
    if account is None:
        return False
    config.run(auth.adoption.set_hash(account, hashed, by=Actor(DJANGO)))
    kept = config.run(auth.find_account(link.account))
    link.user_hash, link.account_hash = seen, seen_as(kept.password)
    link.save()
    return True


def tell_django(user: Any, link: Link, account: Account, password: str | None = None) -> bool:
    """If Limen's hash is a new one, write it into the user's row as Django reads it; whether it was.

    Where the password itself is at hand, by the hasher that Django prefers: it need not be made anew later.
    """
    if seen_as(account.password) == link.account_hash:
        return False
    user.password = as_django(account.password) if password is None else make_password(password)
    get_user_model()._default_manager.filter(pk=user.pk).update(password=user.password)
    link.user_hash, link.account_hash = seen_as(user.password), seen_as(account.password)
    link.save()
    return True


def settle(user: Any, link: Link, proven: Proven, password: str) -> None:
    """After a sign-in. A hash that was only made anew of the same password leaves the user's row alone; one
    that Limen changed before goes there."""
    if seen_as(proven.found) == link.account_hash:
        if proven.kept.password != proven.found:
            link.account_hash = seen_as(proven.kept.password)
            link.save(update_fields=["account_hash"])
    else:
        tell_django(user, link, proven.kept, password)


def as_django(hashed: str | None) -> str:
    """A hash of Limen's in the form that Django reads: argon2 has a prefix there. What Django made is as it
    was; for what it has no form of its own `limen.django.hashers` has one; None is "no password"."""
    if hashed is None:
        unusable: str = make_password(None)
        return unusable
    if hashed.startswith("$argon2"):
        return f"argon2{hashed}"
    return f"limen${hashed}" if hashed.startswith("$") else hashed


def user_for(account: str) -> Any | None:
    """The user of an account that has none, made now. None where there is one that must not be shown, or
    where its name is taken."""
    if Link.objects.filter(account=account).exists():
        return None
    try:
        return create_user(config.run(config.auth().find_account(account)))
    except Rejected:  # a token may outlive its account
        return None


def create_user(account: Account, password: str | None = None) -> Any | None:
    """A user for an account that registered by Limen's own routes, named by its address; None where a user
    has that name or address already, for nobody has proven that the two are one person."""
    users = get_user_model()
    email, name = users.get_email_field_name(), users.USERNAME_FIELD
    taken = users._default_manager.filter(**{f"{name}__iexact": account.email}).exists()
    if email != name and hasattr(users, email):
        taken = taken or users._default_manager.filter(**{f"{email}__iexact": account.email}).exists()
    if taken:
        _log.warning("account %s gets no user: its name or address is taken", account.id)
        return None
    made = users(**{name: account.email, **({email: account.email} if hasattr(users, email) else {})})
    made.password = as_django(account.password) if password is None else make_password(password)
    try:
        with transaction.atomic():
            made.save()
            made.limen_link = _linked(made, account)
    except IntegrityError:  # another request made it first
        return user_of(account.id)
    return made


def _linked(user: Any, account: Account) -> Link:
    now = seen_as(user.password), seen_as(account.password)
    link, made = Link.objects.get_or_create(
        user_id=user.pk, defaults={"account": account.id, "user_hash": now[0], "account_hash": now[1]}
    )
    by = Actor(DJANGO)
    forget()
    if not made:  # another request was first: ours is nobody's
        config.run(config.auth().delete_account(account, by=by))
    elif not getattr(user, "is_active", True):
        config.run(config.auth().disable_account(account, by=by))
    return link


def _address(user: Any) -> str:
    """The user's own address if it is the only one to have it."""
    users = get_user_model()
    field = users.get_email_field_name()
    address = str(getattr(user, field, "") or "") or str(user.get_username())
    if "@" not in address:
        return ""
    same = users._default_manager.filter(**{f"{field}__iexact": address}) if hasattr(users, field) else None
    return "" if same is not None and same.exclude(pk=user.pk).exists() else address


def _made_up() -> str:
    """An address at which nobody is (RFC 2606 §2), for an account that signs in by its user's name."""
    return f"user-{secrets.token_hex(12)}@django.invalid"
