"""What spans say, and whose trace they are in, with tracing on."""

from collections.abc import Iterator, Sequence

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import SpanKind, StatusCode
from service_kit import tracing

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-11111111111111111111111111111111-2222222222222222-01"
NOT_KEPT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Where spans arrive while the test runs; OpenTelemetry has no way to take a provider back."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=ParentBasedTraceIdRatio(1.0))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    yield exporter
    provider.shutdown()


def spans(exporter: InMemorySpanExporter) -> Sequence[ReadableSpan]:
    """What has ended."""
    return exporter.get_finished_spans()


def trace_id(span: ReadableSpan) -> str:
    """Of whose trace a span is."""
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


def test_an_error_shows_its_type_and_never_its_message(exported: InMemorySpanExporter) -> None:
    with pytest.raises(LookupError), tracing.span("work"):
        raise LookupError("Key (email)=(ada@example.com) already exists")
    (span,) = spans(exported)
    assert span.attributes is not None
    assert span.attributes["error.type"] == "LookupError"
    assert span.status.status_code is StatusCode.ERROR
    assert "ada@example.com" not in span.to_json()


def test_a_step_outside_every_trace_is_no_trace_of_its_own(exported: InMemorySpanExporter) -> None:
    with tracing.step("sql poll", {}):
        pass
    with tracing.span("request"), tracing.step("sql page", {}):
        pass
    assert [span.name for span in spans(exported)] == ["sql page", "request"]


def test_work_for_one_cause_continues_its_trace(exported: InMemorySpanExporter) -> None:
    with tracing.continuing("process", [{"traceparent": PARENT}], kind=SpanKind.CONSUMER):
        pass
    (span,) = spans(exported)
    assert trace_id(span) == PARENT.split("-")[1]
    assert not span.links


def test_work_for_several_causes_is_linked_to_each(exported: InMemorySpanExporter) -> None:
    causes = [{"traceparent": PARENT}, {"traceparent": OTHER}, {}]
    with tracing.continuing("process", causes, kind=SpanKind.CONSUMER):
        pass
    (span,) = spans(exported)
    linked = {f"{link.context.trace_id:032x}" for link in span.links}
    assert linked == {PARENT.split("-")[1], OTHER.split("-")[1]}
    assert trace_id(span) not in linked


def test_the_parent_decides_whether_a_trace_is_kept(exported: InMemorySpanExporter) -> None:
    with tracing.span("request", parent=tracing.extract_context({"traceparent": NOT_KEPT})):
        assert tracing.exemplar() is None
    assert not spans(exported)


def test_an_exemplar_is_the_id_of_a_trace_that_is_kept(exported: InMemorySpanExporter) -> None:
    assert tracing.exemplar() is None
    assert tracing.exemplar(PARENT) == {"trace_id": PARENT.split("-")[1]}
    assert tracing.exemplar(NOT_KEPT) is None
    with tracing.span("request"):
        kept = tracing.exemplar()
    (span,) = spans(exported)
    assert kept == {"trace_id": trace_id(span)}
