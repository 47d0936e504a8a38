"""W3C context, with tracing off and on."""

import contextvars
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from service_kit import tracing

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_callers_context_is_handed_on_where_tracing_is_off() -> None:
    assert tracing.is_off()
    context = tracing.extract_context({"traceparent": PARENT})
    with tracing.span("work", parent=context):
        assert tracing.traceparent() == PARENT
    assert tracing.traceparent() is None


def test_a_request_without_a_context_gets_a_fresh_unsampled_one() -> None:
    with tracing.span("request", parent=tracing.root_context({})):
        made = tracing.traceparent()
    assert made is not None
    assert made.endswith("-00")
    with tracing.span("request", parent=tracing.root_context({})):
        assert tracing.traceparent() != made


def test_a_request_with_a_context_keeps_it() -> None:
    with tracing.span("request", parent=tracing.root_context({"traceparent": PARENT})):
        assert tracing.inject()["traceparent"] == PARENT


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"traceparent": PARENT},
        {"traceparent": PARENT[:-2] + "00"},
        {"traceparent": PARENT[:-2] + "ff"},
        {"traceparent": PARENT, "tracestate": "a=1,b=2"},
        {"traceparent": "", "tracestate": "a=1"},
        {"traceparent": f" {PARENT} "},
        {"traceparent": f"{PARENT}\n"},
        {"traceparent": f"{PARENT}-more"},
        {"traceparent": f"01{PARENT[2:]}-more"},
        {"traceparent": f"ff{PARENT[2:]}"},
        {"traceparent": PARENT.upper()},
        {"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"},
        {"traceparent": f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01"},
    ],
)
def test_headers_are_read_and_written_as_opentelemetry_does(headers: dict[str, str]) -> None:
    propagator = TraceContextTextMapPropagator()
    expected = propagator.extract(headers, context=Context())
    context = tracing.extract_context(headers)
    found = trace.get_current_span(context).get_span_context()
    assert found == trace.get_current_span(expected).get_span_context()
    written: dict[str, str] = {}
    propagator.inject(written, context=expected)
    with tracing.span("work", parent=context):
        assert tracing.inject() == written


def test_a_malformed_context_is_no_context() -> None:
    context = tracing.extract_context({"traceparent": "00-zz-zz-01"})
    assert not trace.get_current_span(context).get_span_context().is_valid


def test_a_stream_may_be_closed_from_another_context(caplog: pytest.LogCaptureFixture) -> None:
    def stream() -> Iterator[str | None]:
        with tracing.span("stream", parent=tracing.extract_context({"traceparent": PARENT})):
            yield tracing.traceparent()

    opened = stream()
    assert contextvars.copy_context().run(next, opened) == PARENT
    opened.close()  # type: ignore[attr-defined] # it is a generator
    assert caplog.records == []
    assert tracing.traceparent() is None
