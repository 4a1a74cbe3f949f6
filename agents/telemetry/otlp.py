"""The one module that loads OpenTelemetry's SDK: our spans through it, over OTLP/HTTP."""

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, Tracer
from opentelemetry.trace.propagation import set_span_in_context

from agents.telemetry.span import Span

KINDS = {"client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}


class Collector:
    """Where spans go; where that is, headers and time limits come from the OTEL variables of the environment."""

    def __init__(self, service: str) -> None:
        self._ids = GivenIds()
        self._made = Made()
        self._exporter = OTLPSpanExporter()
        resource = Resource.create({"service.name": service}).merge(OTELResourceDetector().detect())
        provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        provider.add_span_processor(self._made)
        self._tracer: Tracer = provider.get_tracer("watchfloor")

    def send(self, spans: Sequence[Span]) -> bool:
        """Hand spans to the collector, with the exporter's own repeats. False when it did not take them."""
        for span in spans:
            self._make(span)
        return self._exporter.export(self._made.handed_over()) is SpanExportResult.SUCCESS

    def close(self) -> None:
        """End what is under way; nothing can be sent any more."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the SDK gives it no types

    def _make(self, span: Span) -> None:
        trace_id = int(span.run_id, 16)
        self._ids.trace_id, self._ids.span_id = trace_id, int(span.span_id, 16)
        context = None
        if span.parent_id:
            flags = TraceFlags(TraceFlags.SAMPLED)
            parent = SpanContext(trace_id, int(span.parent_id, 16), is_remote=False, trace_flags=flags)
            context = set_span_in_context(NonRecordingSpan(parent))
        made = self._tracer.start_span(
            span.name,
            context=context,
            kind=KINDS[span.kind],
            attributes=span.attributes,
            start_time=_nanos(span.started_at.timestamp()),
        )
        for remark in span.remarks:
            made.add_event(remark.name, remark.attributes, _nanos(remark.at.timestamp()))
        if span.error:
            made.set_status(Status(StatusCode.ERROR, span.described or None))
        made.end(_nanos(span.ended_at.timestamp()))


class GivenIds(IdGenerator):
    """Ids that the spans bring along instead of random ones."""

    trace_id = span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class Made(SpanProcessor):
    """Collects what the SDK has made of our spans."""

    def __init__(self) -> None:
        self._spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self._spans.append(span)

    def handed_over(self) -> list[ReadableSpan]:
        """All since the last time."""
        spans, self._spans = self._spans, []
        return spans


def _nanos(seconds: float) -> int:
    return round(seconds * 1_000_000) * 1_000
