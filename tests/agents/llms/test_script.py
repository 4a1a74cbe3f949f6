"""The grammar of rehearsal names."""

import pytest

from agents.contracts.llms import LLMError
from agents.llms.script import parse_script


def test_a_policy_alone_has_no_faults() -> None:
    script = parse_script("support-triage")
    assert (script.policy, dict(script.faults), script.failing_status) == ("support-triage", {}, None)


def test_faults_are_read_with_their_values_and_defaults() -> None:
    script = parse_script("search+slow=3+rejected-drafts=2+wrong-types")
    assert script.faults == {"slow": 3, "rejected-drafts": 2, "wrong-types": 0}
    assert parse_script("search+slow").faults == {"slow": 20}
    assert script.name == "search+slow=3+rejected-drafts=2+wrong-types"


def test_failing_statuses() -> None:
    assert parse_script("search+unavailable").failing_status == 503
    assert parse_script("search+status=429").failing_status == 429


@pytest.mark.parametrize(
    "name", ["", "+loop", "search+", "search+nothing", "search+loop=2", "search+slow=x", "search+slow=-1"]
)
def test_what_cannot_be_read_is_not_found_with_a_sentence(name: str) -> None:
    with pytest.raises(LLMError) as caught:
        parse_script(name)
    assert caught.value.kind == "not_found"
    assert caught.value.detail.endswith(".")
