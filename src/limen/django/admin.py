"""Sessions in Django's admin: whose they are, where from, last seen; and an action that ends them.

Who may look has the permission `limen.view_livesession`, who may end them `limen.delete_livesession`. What is
done names the user of Django in Limen's audit log, as `django:` and the user's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path

from limen import Rejected, Session
from limen.audit import Actor
from limen.django import config
from limen.django.asking import source_of
from limen.django.linking import DJANGO
from limen.django.models import Link, LiveSession

_USERS = 50
"""Users that are looked up at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """One session as the list shows it."""

    id: str
    user: str
    source: str
    user_agent: str
    seen: datetime
    begun: datetime
    current: bool


@admin.register(LiveSession)
class LiveSessionAdmin(admin.ModelAdmin):
    """The list, and the one thing to do with it."""

    def get_urls(self) -> list[Any]:
        """The list alone: a session has no page, and nobody makes or changes one."""
        listed = self.admin_site.admin_view(self.changelist_view)
        return [path("", listed, name="limen_livesession_changelist")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        """The live sessions of the users that were searched for, else of those who signed in last."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._end(request)
        wanted = request.GET.get("q", "").strip()
        context = {
            **self.admin_site.each_context(request),
            "title": "Sessions",
            "opts": self.opts,
            "q": wanted,
            "rows": _rows(wanted, _current(request)),
            "may_end": self.has_delete_permission(request),
            "strategy": config.auth().settings.strategy,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/limen/sessions.html", context)

    def _end(self, request: Any) -> HttpResponse:
        if not self.has_delete_permission(request):
            raise PermissionDenied
        auth, by = config.auth(), Actor(f"{DJANGO}:{request.user.pk}", source_of(request))
        ended = 0
        for sid in request.POST.getlist("_selected_action"):
            try:
                config.run(auth.revoke_session(sid, by=by))
            except Rejected:  # it has ended meanwhile
                continue
            ended += 1
        bound = auth.guarantees.revocation_lag
        messages.success(request, f"{ended} ended; nobody accepts them after {bound:.0f} s, anywhere.")
        return HttpResponseRedirect(request.get_full_path())


def _current(request: Any) -> str:
    identity = request.limen.known if hasattr(request, "limen") else None
    return "" if identity is None else identity.session


def _rows(wanted: str, current: str) -> list[Row]:
    auth = config.auth()
    now = auth.clock.now()
    found: list[Row] = []
    for link in _links(wanted):
        name = link.user.get_username()
        sessions = config.run(auth.store.sessions_of(link.account, now=now))
        found += [_row(session, name, current) for session in sessions]
    return found


def _links(wanted: str) -> list[Link]:
    users, links = get_user_model(), Link.objects.select_related("user")
    if wanted:
        links = links.filter(**{f"user__{users.USERNAME_FIELD}__istartswith": wanted})
    by = "-user__last_login" if hasattr(users, "last_login") else "-user_id"
    return list(links.order_by(by)[:_USERS])


def _row(session: Session, user: str, current: str) -> Row:
    seen, begun = (datetime.fromtimestamp(at, UTC) for at in (session.touched, session.created))
    return Row(session.id, user, session.source, session.user_agent, seen, begun, session.id == current)
