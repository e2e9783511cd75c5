"""What Django says of sign-ins and users, and what Limen does then."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver

from limen import Denied, Rejected
from limen.audit import Actor
from limen.django import config, linking
from limen.django.asking import source_of, user_agent_of
from limen.django.sessions import SessionStore

_WATCHED = frozenset({"password", "is_active"})


@receiver(user_logged_in, dispatch_uid="limen.signed_in")
def signed_in(request: Any, user: Any, **_: Any) -> None:
    """Open a session of Limen for whom Django has signed in, by whichever backend, and end the one before."""
    caller, session = getattr(request, "limen", None), getattr(request, "session", None)
    ours = isinstance(session, SessionStore)
    if caller is None and not ours:
        return  # nothing would carry it
    link = linking.linked(user)
    linking.tell_limen(user, link)
    proven = user.__dict__.pop("limen_proven", None)
    auth = config.auth()
    whose = proven if proven is not None else config.run(auth.find_account(link.account))
    opening = auth.adoption.open_session(
        whose,
        amr=() if proven is None else ("pwd",),
        source=source_of(request),
        user_agent=user_agent_of(request),
    )
    grant = config.run(opening)
    if caller is not None:
        _end(request, caller)
    if ours and session is not None:
        if session.sid:
            config.run(auth.adoption.end(session.sid, link.account, source=source_of(request)))
        session.bind(grant)
    if caller is not None:
        caller.keep(grant)
        request._limen_user = user


@receiver(user_logged_out, dispatch_uid="limen.signed_out")
def signed_out(request: Any, **_: Any) -> None:
    """End the session that the request came with; Django empties its own after this, which ends that one."""
    caller = getattr(request, "limen", None)
    if caller is not None:
        _end(request, caller)
        caller.clear()
        request._limen_user = AnonymousUser()


@receiver(pre_save, dispatch_uid="limen.before")
def remember(sender: Any, instance: Any, raw: bool = False, **said: Any) -> None:
    """Whether the user may sign in, before it is written."""
    fields = said.get("update_fields")
    if raw or not _is_user(sender) or (fields is not None and "is_active" not in fields):
        return
    users = get_user_model()
    if all(field.name != "is_active" for field in users._meta.get_fields()):
        return  # a user model without it, where everybody is active
    before = users._default_manager.filter(pk=instance.pk).values_list("is_active", flat=True)
    instance.limen_was_active = before.first()


@receiver(post_save, dispatch_uid="limen.saved")
def saved(sender: Any, instance: Any, raw: bool = False, created: bool = False, **said: Any) -> None:
    """A new password is the account's too and ends its sessions; whoever may not sign in is signed out."""
    fields = said.get("update_fields")
    if raw or created or not _is_user(sender) or (fields is not None and not _WATCHED & set(fields)):
        return
    link = linking.link_of(instance)
    if link is None:
        return
    linking.tell_limen(instance, link)
    was, active = instance.__dict__.pop("limen_was_active", None), getattr(instance, "is_active", True)
    if was is None or was == active:
        return
    auth, account, by = config.auth(), linking.account_of(link), Actor(linking.DJANGO)
    if account is None:
        return
    if active:
        config.run(auth.enable_account(account, by=by))
    else:
        config.run(auth.disable_account(account, by=by))


@receiver(pre_delete, dispatch_uid="limen.going")
def going(sender: Any, instance: Any, **_: Any) -> None:
    """Whose account goes with the user."""
    if _is_user(sender):
        link = linking.link_of(instance)
        instance.limen_account = None if link is None else link.account


@receiver(post_delete, dispatch_uid="limen.gone")
def gone(sender: Any, instance: Any, **_: Any) -> None:
    """The account goes with the user, and its sessions with it."""
    found = instance.__dict__.pop("limen_account", None) if _is_user(sender) else None
    if found is None:
        return
    try:
        account = config.run(config.auth().find_account(found))
    except Rejected:  # it is gone already
        return
    config.run(config.auth().delete_account(account, by=Actor(linking.DJANGO)))


def _end(request: Any, caller: Any) -> None:
    try:
        identity = caller.identity
    except (Denied, Rejected):
        return
    if identity is not None:
        config.run(caller.auth.sign_out(identity, source=source_of(request)))


def _is_user(sender: Any) -> bool:
    return issubclass(sender, get_user_model())
