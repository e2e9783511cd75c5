"""One Limen as it is reached over HTTP: where its routes lie, whose word about the client counts."""

from __future__ import annotations

from dataclasses import dataclass

from limen.auth import Limen
from limen.errors import Denied, Rejected
from limen.proxies import Trusted, client_of
from limen.server.cross_origin import CrossOrigin
from limen.server.followers import Followers
from limen.server.pages.advisor import Advisor
from limen.server.pages.look import Look
from limen.server.pages.once import Once
from limen.server.places import Places
from limen.server.readiness import Readiness
from limen.server.standing import HSTS, HSTS_WHOLE
from limen.server.tail import Tail
from limen.server.wire import Call, Header, Receive, Scope
from limen.settings import Transport


@dataclass(slots=True)
class Streams:
    """How many are open."""

    count: int = 0


@dataclass(frozen=True, slots=True)
class Site:
    """`whole`: the server stands alone, so the host and every path on it are ours."""

    auth: Limen
    trusted: Trusted
    whole: bool
    readiness: Readiness
    tail: Tail
    streams: Streams
    followers: Followers
    look: Look
    once: Once
    advisor: Advisor
    places: Places
    cross_origin: CrossOrigin | None
    """What the routes say to pages of other origins; None where a server says it before there is a route."""
    processes: int = 1
    """How many answer on this address."""
    sign_in_page: str = ""
    """Where a browser may be sent that has not signed in: a whole address; empty where there is no page."""
    renewal_page: str = ""
    """The same for one whose token ran out and whose session may be alive."""

    @classmethod
    def of(cls, auth: Limen, *, whole: bool, processes: int = 1) -> Site:
        trusted = Trusted.of(auth.settings.trusted_proxies)
        look = Look.of(auth.settings)
        followers = Followers(auth.clock)
        auth.canary.ended.append(followers.mark)
        return cls(
            auth,
            trusted,
            whole,
            Readiness(auth),
            Tail(auth),
            Streams(),
            followers,
            look,
            Once(auth.clock),
            Advisor(auth.clock),
            Places.of(auth.settings.places),
            None if whole else CrossOrigin(auth.settings.origins, auth.transports),
            processes,
        )

    @property
    def prefix(self) -> str:
        return self.auth.settings.prefix

    @property
    def oauth(self) -> str:
        """Where other services ask. An application that embeds us may have an /oauth of its own."""
        return "/oauth" if self.whole else f"{self.prefix}/oauth"

    @property
    def feed(self) -> str:
        """Where verifiers follow the feed."""
        return "/feed" if self.whole else f"{self.prefix}/feed"

    def hsts(self, call: Call) -> Header | None:
        """Over https alone (RFC 6797 §7.2), and not in development, where others share the name localhost."""
        if call.scheme != "https" or self.auth.settings.development:
            return None
        return HSTS_WHOLE if self.whole else HSTS

    def call(self, scope: Scope, receive: Receive) -> Call:
        """The request, with who it comes from and how."""
        peer = scope.get("client")
        client = client_of(scope["headers"], peer[0] if peer else None, self.trusted)
        return Call(scope, receive, client.address, client.scheme or scope.get("scheme", "http"))

    def require_https(self, call: Call) -> None:
        """Denied(403) for a request that came in clear text where the issuer promises https."""
        if call.scheme != "https" and not self.auth.settings.development:
            raise Denied(
                "this is answered over https alone; where a proxy ends TLS, name it in trusted_proxies",
                code="https_required",
                forbidden=True,
            )

    def transport(self, asked: Transport | None) -> Transport:
        """The transport to use: the one asked for, else the first that the configuration names."""
        transport = asked or Transport(self.auth.settings.transports[0])
        if transport not in self.auth.transports:
            raise Rejected(
                f"the transport {transport} is not allowed here", code="transport_refused", field="transport"
            )
        return transport
