"""Keys of launches are kept for as long as docs/api.md promises, and no longer."""

from datetime import timedelta

import pytest
from celery import current_app

from agents.models import Run
from budgets import clock
from console.api.launch_keys import KEPT
from console.models import LaunchKey
from console.tasks import prune_keys
from tests.console.api.conftest import MakeProgram, said

pytestmark = pytest.mark.usefixtures("acme", "rung", "agent")
ADDRESS = "/api/t/acme/runs"
BODY = {"agent": "reader", "task": "Read this.", "surface": "free-chat"}
MINUTE = timedelta(minutes=1)


def test_only_keys_that_are_too_old_are_forgotten_and_their_runs_stay(program: MakeProgram) -> None:
    caller = program()
    first = {key: said(caller.post(ADDRESS, BODY, idempotency_key=key))["id"] for key in ("old", "young")}
    LaunchKey.objects.filter(key="old").update(created_at=clock.now() - KEPT - MINUTE)
    LaunchKey.objects.filter(key="young").update(created_at=clock.now() - KEPT + MINUTE)
    prune_keys()
    assert list(LaunchKey.objects.values_list("key", flat=True)) == ["young"]
    assert Run.objects.count() == 2
    assert said(caller.post(ADDRESS, BODY, idempotency_key="young"))["id"] == first["young"]
    anew = caller.post(ADDRESS, BODY, idempotency_key="old")
    assert anew.status_code == 201
    assert said(anew)["id"] != first["old"]


def test_the_clock_prunes_them_every_day() -> None:
    asked = {entry["task"] for entry in current_app.conf.beat_schedule.values()}
    assert prune_keys.name in asked
    # As a worker does when it starts: it finds the tasks of every app.
    current_app.loader.import_default_modules()
    assert asked <= set(current_app.tasks)
