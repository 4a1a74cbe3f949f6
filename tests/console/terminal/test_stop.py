"""`manage.py stop`: the same verbs as the pages, counted first."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from agents.models import KillOrder, Run, Switch
from budgets.models import Surface, Tenant
from tests.console.conftest import MakeRun

pytestmark = pytest.mark.usefixtures("acme", "agent", "rung")


def stop(*words: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("stop", *words, stdout=out)
    return out.getvalue().strip()


def test_runs_that_match_are_counted_first_and_killed_by_one_order_then(acme: Tenant, make_run: MakeRun) -> None:
    queued, _ = make_run(acme, state="queued"), make_run(acme, state="completed")
    assert stop("kill", "agent:reader", "--reason", "enough") == (
        "This would kill 1 run. Nothing was done; add --yes to do it."
    )
    assert not KillOrder.objects.exists()
    said = stop("kill", "agent:reader", "--tenant", "acme", "--reason", "enough", "--yes")
    order = KillOrder.objects.get()
    assert said == f"Kill of 1 run requested, order {order.pk}."
    assert (order.scope, order.reason, order.tenant) == ("agent:reader", "enough", acme)
    queued.refresh_from_db()
    assert (queued.state, queued.kill_order) == ("killed", order)


def test_a_filter_that_is_empty_or_cannot_be_read_kills_nothing(acme: Tenant, make_run: MakeRun) -> None:
    run = make_run(acme, state="queued")
    for text in ("", "colour:red", "cost:much agent:reader"):
        with pytest.raises(CommandError):
            stop("kill", text, "--reason", "enough", "--yes")
    run.refresh_from_db()
    assert run.state == "queued"


def test_a_switch_is_set_listed_and_lifted(acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme, state="queued")
    words = ("set", "agent", "reader", "--tenant", "acme", "--reason", "wrong refunds")
    assert "would kill 1 run" in stop(*words)
    assert stop("list") == "No switch is set."
    said = stop(*words, "--yes")
    switch = Switch.objects.on().get()
    assert said == f"Switch {switch.pk} is set: {switch.words} is stopped, kill of 1 run requested."
    assert stop("list").endswith("UTC: wrong refunds")
    with pytest.raises(CommandError, match="was stopped by"):
        stop(*words, "--yes")
    with pytest.raises(CommandError, match=r"switch: Agent reader of .* was stopped by") as refused:
        call_command("launch", "reader", "Read this.", "--tenant", "acme")
    assert refused.value.returncode == 4
    assert "may run again" in stop("lift", str(switch.pk), "--reason", "mended")
    with pytest.raises(CommandError, match="No switch"):
        stop("lift", str(switch.pk), "--reason", "mended")


@pytest.mark.parametrize(
    "words",
    [
        ("set", "agent", "reader"),
        ("set", "agent", "reader", "--tenant", "acme", "--everywhere"),
        ("set", "agent", "--tenant", "acme"),
        ("set", "tenant", "nobody"),
        ("set", "tenant"),
        ("set", "surface", "chat"),
        ("set", "surface", "no-such", "--tenant", "acme"),
        ("set", "everything", "--tenant", "acme"),
    ],
)
def test_words_that_make_no_reach_stop_nothing(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        stop(*words, "--reason", "enough", "--yes")
    assert not Switch.objects.exists()


def test_every_reach_can_be_typed(acme: Tenant) -> None:
    surface = Surface.objects.for_tenant(acme).order_by("slug")[0]
    for words in (
        ("everything",),
        ("tenant", "acme"),
        ("surface", surface.slug, "--tenant", "acme"),
        ("agent", "reader", "--everywhere"),
        ("tool", "pay", "--tenant", "acme"),
    ):
        assert "is set" in stop("set", *words, "--reason", "enough", "--yes")
    assert set(Switch.objects.on().values_list("reach", flat=True)) == {
        "everything",
        "tenant",
        "surface",
        "agent",
        "tool",
    }


def test_a_reason_of_blanks_is_none(acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme, state="queued")
    with pytest.raises(CommandError, match="Give a reason"):
        stop("kill", "agent:reader", "--reason", " ", "--yes")
    assert not Run.objects.filter(state="killed").exists()
