"""`manage.py tools` and `manage.py drill`: the same verbs as the page, one line each."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from agents.library.models import ServiceSwitch
from agents.library.sync import sync_library
from agents.models import ToolHealth
from agents.tools.health import SharedHealth
from budgets.models import Action

LIVE = "stock/stock_live"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def library() -> None:
    """The bundled agents."""
    sync_library()


def said(*words: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().strip()


def line_of(link: str) -> str:
    """A link's line in the list."""
    return next(line for line in said("tools", "list").splitlines() if line.startswith(f"{link} "))


def test_the_list_shows_every_link_and_what_it_counted() -> None:
    assert "no call in the last hour" in line_of(LIVE)
    assert line_of("llm/rehearsal:support-triage")
    health = SharedHealth()
    for error in ("", "", "", "down"):
        health.record(LIVE, error=error, duration_ms=40)
    health.flush()
    assert "4 calls, 25 % failed or slow, p50 4" in line_of(LIVE)


def test_a_link_is_forced_and_left_to_its_breaker_again() -> None:
    assert said("tools", "force", LIVE, "open", "--reason", "It lies.") == f"{LIVE} is forced open."
    assert "It lies." in line_of(LIVE)
    assert said("tools", "force", LIVE, "open", "--reason", "It lies.").endswith("already.")
    assert not SharedHealth().allows(LIVE)
    assert said("tools", "unforce", LIVE) == f"The breaker of {LIVE} decides again."
    assert [action.verb for action in Action.objects.order_by("pk")][-2:] == ["tool.force", "tool.unforce"]


def test_a_probe_and_a_limit_can_be_asked_for() -> None:
    assert said("tools", "probe", LIVE) == f"A probe of {LIVE} is asked for."
    assert said("tools", "slow", LIVE, "800") == f"{LIVE} is too slow after 800 ms."
    row = ToolHealth.objects.get(link=LIVE)
    assert (row.slow_after_ms, row.probe_asked_at is not None) == (800, True)
    assert said("tools", "slow", LIVE, "default").endswith("its own limit says so.")
    with pytest.raises(CommandError, match="Write milliseconds"):
        said("tools", "slow", LIVE, "soon")


def test_a_link_that_nobody_uses_is_refused() -> None:
    with pytest.raises(CommandError, match="There is no link 'stock/gone'"):
        said("tools", "probe", "stock/gone")


def test_a_service_of_the_shop_is_broken_and_mended_by_a_drill() -> None:
    assert said("drill", "stock-live", "on").startswith("DRILL: stock-live")
    assert ServiceSwitch.objects.get(service="stock-live").failing
    assert "stock-live failing: by" in said("drill")
    assert said("drill", "stock-live", "off") == "stock-live works again."
    assert not ServiceSwitch.objects.get(service="stock-live").failing
    with pytest.raises(CommandError, match="there are: stock-cached, stock-live"):
        said("drill", "moon", "on")
