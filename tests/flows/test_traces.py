"""A real worker sends the trace of its run to a collector, the last of it while it ends."""

from agents.models import Run
from agents.telemetry.span import root_id
from tests.agents.telemetry.receiver import collector, told
from tests.harness.fixtures import MakeStack


def test_a_worker_sends_what_is_left_before_it_ends(make_stack: MakeStack) -> None:
    with collector() as received:
        stack = make_stack(OTEL_EXPORTER_OTLP_ENDPOINT=received.url)
        launched = stack.manage("launch", "search", "What is an idempotency key?", "--tenant", "acme")
        assert launched.returncode == 0, launched.stderr
        run = Run.objects.get()
        stack.wait_for(lambda: Run.objects.get(pk=run.pk).ended, what="the run to end")
        stack.stop("worker")
        spans = {span.span_id.hex(): span for span in received.spans if span.trace_id.hex() == run.pk}
    run.refresh_from_db()
    root = spans[root_id(run.pk)]
    assert (root.name, told(root)["watchfloor.state"]) == ("invoke_agent search", run.state)
    assert told(root)["watchfloor.run_cost_nanos"] == run.cost_nanos
    assert all(span.parent_span_id.hex() in spans for span in spans.values() if span.parent_span_id)
    assert "watchfloor-worker" in received.services
