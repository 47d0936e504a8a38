"""OpenTelemetry traces, and W3C context through whatever carries headers."""

import random
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from service_kit.config import TelemetrySettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_TRACER = "pinstack"
_PROPAGATOR = TraceContextTextMapPropagator()
_TRACEPARENT = re.compile("00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_IDS = random.Random(secrets.randbits(256))  # noqa: S311 - identifies, protects nothing


@contextmanager
def exporting(service: str, settings: TelemetrySettings) -> Iterator[None]:
    """Send this process's spans to the collector, if one is set, while the block runs."""
    if not settings.exporter_otlp_endpoint:
        yield
        return
    provider = _provider(service, settings)
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


def _provider(service: str, settings: TelemetrySettings) -> "TracerProvider":
    # The SDK costs a start 0.3 s and 20 MiB: only those who export pay for it.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415

    provider = TracerProvider(
        resource=Resource.create({"service.name": service}),
        sampler=ParentBasedTraceIdRatio(settings.traces_sampler_arg),
    )
    exporter = OTLPSpanExporter(endpoint=settings.exporter_otlp_endpoint)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def inject() -> dict[str, str]:
    """The current context as W3C headers (`traceparent`, `tracestate`); empty outside a trace."""
    parent = traceparent()
    if parent is None:
        return {}
    if state := trace.get_current_span().get_span_context().trace_state:
        return {"traceparent": parent, "tracestate": state.to_header()}
    return {"traceparent": parent}


def traceparent() -> str | None:
    """The current context as a W3C `traceparent`, or None outside a trace."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def fresh_traceparent() -> str:
    """The `traceparent` of a new trace of which nothing is kept."""
    return f"00-{_IDS.getrandbits(128) or 1:032x}-{_IDS.getrandbits(64) or 1:016x}-00"


def extract_context(headers: Mapping[str, str]) -> Context:
    """The context that W3C headers carry; an empty one where they carry none."""
    header = headers.get("traceparent")
    if header is None:
        return Context()
    found = None if "tracestate" in headers else _TRACEPARENT.fullmatch(header)
    if found is None:
        # Other versions, and what is malformed: not worth a second implementation.
        return _PROPAGATOR.extract(headers, context=Context())
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    remote = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return trace.set_span_in_context(NonRecordingSpan(remote), Context())


def span(
    name: str,
    *,
    parent: Context | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, str | int | float | bool] | None = None,
    links: Sequence[Context] = (),
) -> AbstractContextManager[Span]:
    """Run the block in a span; of an exception that leaves the block it shows the type.

    Never its message: PostgreSQL's errors quote the values of a row, e-mail addresses among them.
    Where tracing is off this only hands the context on.
    """
    if is_off() or _is_not_kept(parent):
        return _Attached(parent)
    return _recorded(name, parent, kind, attributes, links)


@contextmanager
def _recorded(
    name: str,
    parent: Context | None,
    kind: SpanKind,
    attributes: Mapping[str, str | int | float | bool] | None,
    links: Sequence[Context],
) -> Iterator[Span]:
    with _tracer(trace.get_tracer_provider()).start_as_current_span(
        name,
        context=parent,
        kind=kind,
        attributes=attributes,
        links=[*_links(links)],
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(StatusCode.ERROR)
            raise


@contextmanager
def step(name: str, attributes: Mapping[str, str | int | float | bool]) -> Iterator[None]:
    """Run the block in a span where it belongs to a trace: polling in the background is none."""
    if is_off() or not trace.get_current_span().get_span_context().is_valid:
        yield
        return
    with span(name, kind=SpanKind.CLIENT, attributes=attributes):
        yield


@contextmanager
def continuing(
    name: str,
    causes: Sequence[Mapping[str, str]],
    *,
    kind: SpanKind,
    attributes: Mapping[str, str | int | float | bool] | None = None,
) -> Iterator[None]:
    """Run the block, which works for what carries these W3C headers, in a span.

    Work for one cause continues its trace; work for several at once is a trace of its own with a
    link to each of theirs (OpenTelemetry's conventions for messaging, batches).
    """
    alone = len(causes) == 1
    if is_off() and not alone:
        yield  # nobody sees the links, and a thousand contexts take tens of milliseconds
        return
    contexts = [extract_context(headers) for headers in causes]
    with span(
        name,
        parent=contexts[0] if alone else None,
        kind=kind,
        attributes=attributes,
        links=() if alone else contexts,
    ):
        yield


def exemplar(traceparent: str = "") -> dict[str, str] | None:
    """What a histogram keeps of a kept trace, the current one or that of `traceparent`.

    None where there is none, or none that is kept, or where tracing is off.
    """
    if is_off():
        return None
    context = extract_context({"traceparent": traceparent}) if traceparent else None
    current = trace.get_current_span(context).get_span_context()
    return {"trace_id": f"{current.trace_id:032x}"} if current.trace_flags.sampled else None


@lru_cache(maxsize=1)
def _tracer(provider: trace.TracerProvider) -> trace.Tracer:
    """The SDK makes a new one each time, which costs as much as a span."""
    return provider.get_tracer(_TRACER)


def _is_not_kept(parent: Context | None) -> bool:
    """Whether the trace is one that the sampler of its first span has decided against.

    The SDK would come to the same (parent-based), twenty microseconds later.
    """
    context = trace.get_current_span(parent).get_span_context()
    return context.is_valid and not context.trace_flags.sampled


def is_off() -> bool:
    """Whether this process makes no spans."""
    # What get_tracer_provider() looks at, without what it looks up in the environment each time.
    return trace._TRACER_PROVIDER is None


def root_context(headers: Mapping[str, str]) -> Context:
    """The caller's context; where tracing is off and the caller has none, a fresh unsampled one.

    So that every request has a trace id to be found by, whether or not its spans are kept.
    """
    context = extract_context(headers)
    if not is_off() or trace.get_current_span(context).get_span_context().is_valid:
        return context
    fresh = SpanContext(_IDS.getrandbits(128) or 1, _IDS.getrandbits(64) or 1, is_remote=False)
    return trace.set_span_in_context(NonRecordingSpan(fresh), context)


class _Attached:
    """Runs a block in a context, if there is one; no generator, as every call enters it."""

    __slots__ = ("_context", "_outer")

    def __init__(self, context: Context | None) -> None:
        self._context = context

    def __enter__(self) -> Span:
        if self._context is not None:
            self._outer = otel_context.get_current()
            otel_context.attach(self._context)
        return trace.get_current_span()

    def __exit__(self, *_: object) -> None:
        if self._context is not None:
            # Not detach(token): a stream may be closed from another context.
            otel_context.attach(self._outer)


def _links(contexts: Sequence[Context]) -> Iterator[Link]:
    for context in contexts:
        linked = trace.get_current_span(context).get_span_context()
        if linked.is_valid:
            yield Link(linked)
