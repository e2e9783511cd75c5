"""Every page of the administration, and the files that only they load."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from limen.server.admin import accounts, acts, assets, first, log, running
from limen.server.pages.telling import tell
from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.wire import Answer, Call
from limen.settings import Transport

Run = Callable[[Site, Call], Awaitable[Answer]]

_PAGES: tuple[tuple[str, str, Run, str], ...] = (
    ("GET", "", accounts.list_accounts, "The accounts."),
    ("GET", "/accounts/{account}", accounts.show_account, "One account whole."),
    ("GET", "/set-up", first.show_set_up, "The first administrator."),
    ("POST", "/set-up", first.set_up, "Its form."),
    ("GET", "/audit", log.show_entries, "The audit log."),
    ("POST", "/audit", log.export, "The audit log as a file."),
    ("GET", "/keys", running.show_keys, "The signing keys."),
    ("GET", "/keys/rotate", running.show_rotation, "Before a rotation."),
    ("POST", "/keys/rotate", running.rotate, "Its form."),
    ("GET", "/feed", running.show_feed, "The feed and its followers."),
    ("GET", "/feed/now", running.feed_now, "The same as data."),
    ("GET", "/configuration", running.show_configuration, "The settings, and what is wrong with them."),
)


def endpoints(site: Site) -> list[Endpoint]:
    """The pages of a site; none where no cookie may carry a credential."""
    if Transport.COOKIE not in site.auth.transports:
        return []
    below = f"{site.auth.settings.pages}/admin"
    pages = [_page(method, f"{below}{path}", run, summary) for method, path, run, summary in _PAGES]
    for act in acts.ACTS:
        path = f"{below}/accounts/{{account}}/{act.path}"
        shown, carried_out = acts.runs(act)
        pages += [_page("GET", path, shown, f"{act.title}."), _page("POST", path, carried_out, "Its form.")]
    return [*pages, *assets.endpoints(below)]


def _page(method: str, path: str, run: Run, summary: str) -> Endpoint:
    return Endpoint(
        method=method, path=path, run=run, summary=summary, gives=(), media="text/html", tells=tell
    )
