"""Status lists over HTTP (IETF Token Status List, §8): for anybody, and kept by caches."""

from __future__ import annotations

from limen.errors import Rejected
from limen.server.site import Site
from limen.server.wire import Answer, Call, is_known


async def status_list(site: Site, call: Call) -> Answer:
    """The signed list of a name that a token says; 404 for any other, and where none are published."""
    lists = site.auth.status_lists
    found = None if lists is None else await lists.published(call.path_parameter("list"))
    if found is None:
        raise Rejected("there is nothing at this address", code="not_found", status=404)
    headers = (
        (b"cache-control", f"public, max-age={found.keep}".encode()),
        (b"vary", b"Accept-Encoding"),
        (b"etag", found.etag.encode()),
        (b"access-control-allow-origin", b"*"),  # to read: there is nothing here to be sent
    )
    if is_known(call, found.etag):
        return Answer(304, b"", headers)
    return Answer(200, found.text.encode(), ((b"content-type", b"application/statuslist+jwt"), *headers))
