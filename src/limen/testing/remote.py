"""A Verifier whose issuer is an application in the same process: for tests of services that only check."""

from __future__ import annotations

from typing import Any

import httpx2

from limen.auth import Limen
from limen.verifier import Verifier


def verifier_of(app: Any, auth: Limen, *, client_id: str, **options: Any) -> Verifier:
    """A Verifier of `auth`, which `app` serves, without a socket and on the same clock.

    `auth = for_tests(clients=("api",))`, `app = create_app(auth)`, both running. There is no stream: after a
    revocation say `await verifier.catch_up()`. `prefix="/auth"` where an application embeds `auth`.
    """
    options.setdefault("audience", auth.settings.audience)
    return Verifier(
        auth.settings.issuer,
        client_id=client_id,
        client_secret=auth.client_secret(client_id),
        stream=False,
        transport=httpx2.ASGITransport(app=app),
        clock=auth.clock,
        **options,
    )
