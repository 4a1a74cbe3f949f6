"""The boundary benchmark, small."""

from tests.benchmarks.boundary import measure_boundary, order_tool


def test_it_measures_a_call_that_fits_and_one_that_does_not() -> None:
    tool, call = order_tool()
    assert len(call.arguments or {}) == 20
    assert tool.implementations[0].kind == "http"
    found = measure_boundary(calls=40)
    assert 0 < found["fits_ms"]["p50"] <= found["fits_ms"]["p95"]
    assert found["fits_ms"]["p50"] < found["wrong_ms"]["p50"]
