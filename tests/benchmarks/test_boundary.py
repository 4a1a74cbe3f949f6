"""The boundary benchmark, small."""

import pytest

from agents.tools import boundary
from tests.benchmarks.boundary import measure_boundary, order_tool, wrong_in_every_field


def test_it_measures_a_call_that_fits_and_one_that_does_not() -> None:
    tool, call = order_tool()
    assert len(call.arguments or {}) == 20
    assert tool.implementations[0].kind == "http"
    found = measure_boundary(calls=40)
    assert 0 < found["fits_ms"]["p50"] <= found["fits_ms"]["p95"]
    assert 0 < found["wrong_ms"]["p50"] <= found["wrong_ms"]["p95"]
    boundary.validate(tool, call)
    with pytest.raises(boundary.Rejected):
        boundary.validate(tool, wrong_in_every_field(call))
