"""A dry run meets every refusal that the launch would, and leaves nothing behind."""

from typing import Any

import pytest

from agents.admission import LaunchRefused
from agents.dry_run import Wanted, dry_run
from agents.lifecycle import launch
from agents.models import EventRow, Run
from agents.switches import set_switch
from budgets.models import Account, Action, Surface
from budgets.own_limits import OwnLimits
from tests.agents.conftest import USD, Office
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("no_redis", "sender")


def wanted(office: Office, **changes: Any) -> Wanted:
    """A launch that would start, but for these changes."""
    assert office.agent.current is not None
    given: dict[str, Any] = {
        "tenant": office.tenant,
        "surface": office.surface,
        "version": office.agent.current,
        "task": "Write to Ann.",
        "user": "ann",
        **changes,
    }
    return Wanted(**given)


def refused(office: Office, **changes: Any) -> list[str]:
    """What of a dry run a launch would be refused for."""
    return [each.what for each in dry_run(wanted(office, **changes)) if each.refusal]


def test_what_would_start_passes_every_check_and_leaves_nothing(office: Office) -> None:
    acts = Action.objects.count()
    found = dry_run(wanted(office, own=OwnLimits(run_nanos=USD)))
    assert [each.what for each in found] == ["Task", "LLM", "Stops", "Tier", "Limits", "Room", "Budgets"]
    assert [each.refusal for each in found] == [None] * 7
    assert found[4].said == "Cap $1.00, then it stops."
    assert (Run.objects.count(), EventRow.objects.count(), Account.objects.count()) == (0, 0, 0)
    assert Action.objects.count() == acts


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"task": " "}, "Task"),
        ({"llm": "rehearsal:unheard-of"}, "LLM"),
        ({"own": OwnLimits(run_nanos=3 * USD)}, "Limits"),
        ({"own": OwnLimits(max_turns=100)}, "Limits"),
    ],
)
def test_a_launch_is_refused_for_the_very_reason(office: Office, changes: dict[str, Any], what: str) -> None:
    assert what in refused(office, **changes)
    given = {name: value for name, value in changes.items() if name != "task"}
    with pytest.raises(LaunchRefused) as met:
        launch(
            tenant=office.tenant,
            surface=office.surface,
            agent=office.agent,
            task=changes.get("task", "Write to Ann."),
            actor="ann",
            **given,
        )
    said = [each.said for each in dry_run(wanted(office, **changes)) if each.refusal]
    assert str(met.value) in said


def test_all_that_is_wrong_is_said_at_once(office: Office) -> None:
    set_switch(reach="tenant", tenant=office.tenant, name="", reason="incident", actor="acme_admin")
    limit(office.tenant, tenant_day_nanos=0, launches_per_minute=1, user_day_nanos=0)
    assert refused(office, task="") == ["Task", "Stops", "Budgets"]


def test_too_many_at_once_are_no_room(office: Office) -> None:
    limit(office.surface, parallel_runs=1)
    office.run()
    assert refused(office) == ["Room"]


def test_without_a_tier_it_ends_there(office: Office) -> None:
    bare = Surface.objects.create(tenant=office.tenant, slug="bare", name="Bare")
    limit(office.tenant, max_turns=5)
    assert refused(office, surface=bare) == ["Tier"]
