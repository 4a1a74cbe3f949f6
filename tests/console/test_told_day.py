"""`manage.py fill` tells a day that the engine itself has worked on: every row is as a worker leaves it."""

import json
from typing import Any

import pytest

from tests.harness.databases import StackDatabases, manage

RUNS = 4
LOOK = """
import json
from collections import Counter
from datetime import timedelta
from django.db.models import F, Max
from django.utils.timezone import now
from agents.models import Approval, Effect, EventRow, HealthChange, LinkMinute, Run
from budgets.models import Action, BudgetAlert
oldest = now() - timedelta(hours=25)
late = Run.objects.order_by("created_at")[3]
print(json.dumps({
    "states": Counter(Run.objects.values_list("state", flat=True)),
    "tenants": sorted(set(Run.objects.values_list("tenant__slug", flat=True))),
    "open approvals": Approval.objects.filter(decision="", expires_at__gt=now()).count(),
    "unknown effects": Effect.objects.filter(state="unknown").count(),
    "breaker changes": HealthChange.objects.filter(link="stock/stock_live").count(),
    "failures counted": LinkMinute.objects.filter(link="stock/stock_live", failures__gt=0).count(),
    "out of the day": Run.objects.filter(created_at__lt=oldest).count() + EventRow.objects.filter(at__lt=oldest).count()
        + Run.objects.filter(created_at__gt=now()).count() + BudgetAlert.objects.filter(fired_at__gt=now()).count(),
    "ended before launched": Run.objects.filter(ended_at__lt=F("created_at")).count(),
    "act": abs((Action.objects.get(verb="run.launch", run_id=late.id).at - late.created_at).total_seconds()),
}))
"""


@pytest.mark.either_database
def test_a_told_day_has_what_an_operator_meets_and_its_books_add_up(
    stack_databases: StackDatabases, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = stack_databases.copy(var=tmp_path_factory.mktemp("told"))
    manage("fill", "--runs", str(RUNS), "--no-live", environment=environment)
    found: dict[str, Any] = json.loads(manage("shell", "--verbosity", "0", "-c", LOOK, environment=environment).stdout)
    states = {"completed", "degraded", "killed", "dead", "waiting_approval", "paused_budget", "waiting_resolution"}
    assert states <= set(found["states"])
    assert sum(found["states"].values()) > RUNS
    assert {"acme", "globex"} < set(found["tenants"])
    assert found["open approvals"] >= 1
    assert found["unknown effects"] == 1
    assert found["breaker changes"] >= 1
    assert found["failures counted"] >= 1
    assert found["out of the day"] == found["ended before launched"] == 0
    assert found["act"] < 5
    assert "adds up" in manage("verify_ledger", environment=environment).stdout
    with pytest.raises(RuntimeError, match="runs here already"):
        manage("fill", "--runs", "1", environment=environment)
