"""OpenTelemetry traces: spans of requests, checks, sign-ins, hashing and the store (`limen[otel]`).

    tracing.trace(auth)                    # by the provider of the application
    tracing.trace(auth, tracing.otlp())    # by one of our own, as OTEL_* say

Attributes are fixed words in the names of the semantic conventions: never a credential, an address of
somebody, a session, an account, or a path with one in it. What an exception says stays out too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

import limen
from limen.clock import Clock, Seconds
from limen.counts import Counts, Span
from limen.errors import Denied, LimenError, Misconfigured, Rejected
from limen.proxies import Trusted, is_trusted
from limen.revocations import Filter, Page

try:
    from opentelemetry import context as contexts
    from opentelemetry import trace as api
    from opentelemetry.context import Context
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ModuleNotFoundError as missing:
    raise Misconfigured(
        "traces need more packages: pip install 'limen[otel]'", reason=missing.name
    ) from missing

_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
_SAID = ("traceparent", "tracestate")
_SYSTEMS = {"sqlite": "sqlite", "postgresql": "postgresql", "postgres": "postgresql"}
ROUTE = "limen.route"
"""In the scope of a request, where the server has put the path of its route, with names where it varies."""


class Traced(Protocol):
    """A Limen, or a Verifier."""

    clock: Clock
    counts: Counts
    filter: Filter


class Tracing:
    """Who opens spans. Made by `trace`."""

    def __init__(self, provider: Any, *, system: str = "") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("limen", limen.__version__)
        self._system = {"db.system.name": system} if system else {}
        self._propagator = TraceContextTextMapPropagator()

    def span(self, name: str, attributes: Mapping[str, str]) -> Span:
        """A span of Limen's own doing. What the store does is told where something asked for it: a feed that
        is read fifty times a second is no trace."""
        operation = attributes.get("db.operation.name")
        if operation is None:
            return self._open(name, attributes)
        if not api.get_current_span().get_span_context().is_valid:
            return nullcontext()
        return self._open(operation, {**attributes, **self._system}, kind=SpanKind.CLIENT)

    @contextmanager
    def request(self, scope: MutableMapping[str, Any], trusted: Trusted) -> Iterator[Callable[[int], None]]:
        """A span of a request; what it yields is told the status of the answer."""
        said = scope["method"]
        method = said if said in _METHODS else "_OTHER"
        attributes = {"http.request.method": method, "url.scheme": scope.get("scheme", "http")}
        known = "HTTP" if method == "_OTHER" else method
        parent = self._parent(scope, trusted)
        with self._open(known, attributes, kind=SpanKind.SERVER, parent=parent) as span:

            def answered(status: int) -> None:
                span.set_attribute("http.response.status_code", status)
                route = scope.get(ROUTE)
                if route is not None:
                    span.set_attribute("http.route", route)
                    span.update_name(f"{known} {route}")
                if status >= 500:
                    span.set_attribute("error.type", str(status))
                    span.set_status(StatusCode.ERROR)

            yield answered

    def read(self, auth: Traced) -> Callable[[Page], None]:
        """Tells of each read of the feed that brought something."""

        def told(page: Page) -> None:
            if not page.revocations:
                return
            took = max(auth.clock.monotonic() - auth.filter.fresh_at, 0.0)
            ended = int(auth.clock.now() * 1e9)
            span = self._tracer.start_span(
                "limen.feed.read",
                context=Context(),
                attributes={"limen.feed.revocations": len(page.revocations)},
                start_time=ended - int(took * 1e9),
            )
            span.end(ended)

        return told

    def close(self, *, patience: Seconds = 2.0) -> None:
        """Send what waits, for so long: a collector that is away must not keep a process from ending."""
        sending = threading.Thread(target=self._provider.shutdown, name="limen traces", daemon=True)
        sending.start()
        sending.join(patience)

    @contextmanager
    def _open(
        self,
        name: str,
        attributes: Mapping[str, str],
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: Context | None = None,
    ) -> Iterator[Any]:
        with self._tracer.start_as_current_span(
            name,
            context=parent,
            kind=kind,
            attributes=dict(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_attribute(
                    "error.type", error.code if isinstance(error, LimenError) else type(error).__name__
                )
                if not isinstance(error, Denied | Rejected):
                    span.set_status(StatusCode.ERROR)
                raise

    def _parent(self, scope: MutableMapping[str, Any], trusted: Trusted) -> Context:
        """What a trusted proxy says this request is part of; from anybody else a trace begins here, so that
        no stranger decides what is kept and paid for."""
        peer = scope.get("client")
        if not is_trusted(peer[0] if peer else None, trusted):
            return Context()
        said = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name.decode("latin-1") in _SAID
        }
        return self._propagator.extract(said, context=Context())


def trace(auth: Traced, provider: Any = None, *, database: str = "") -> Tracing:
    """Have `auth` open spans with this provider, or with the one that the application has set."""
    system = _SYSTEMS.get(database.partition(":")[0], "")
    tracing = Tracing(provider or api.get_tracer_provider(), system=system)
    auth.counts.spans = tracing.span
    auth.filter.reading.append(tracing.read(auth))
    return tracing


def otlp() -> TracerProvider:
    """A provider that sends by OTLP over HTTP, as the variables `OTEL_…` say."""
    token = contexts.attach(contexts.set_value("suppress_instrumentation", True))
    try:
        about = Resource.create({"service.version": limen.__version__})
        if str(about.attributes["service.name"]).startswith("unknown_service"):
            about = about.merge(Resource({"service.name": "limen"}))
        provider = TracerProvider(resource=about, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    finally:
        contexts.detach(token)
    return provider
