"""What a person does about a link: one row, one change, one action each, and nothing where it is so already."""

import pytest

from agents.models import HealthChange, ToolHealth, ToolNote
from agents.tool_control import ControlRefused, add_note, ask_probe, force, set_slow_limit, unforce
from budgets.models import Action, Tenant

SHELF, ARCHIVE = "look_up/shelf", "look_up/archive"
ANN = {"actor": "ann"}

pytestmark = pytest.mark.django_db


def changes() -> list[tuple[str, str, str]]:
    """The changes of all links, oldest first."""
    return [(each.link, each.was, each.now) for each in HealthChange.objects.order_by("pk")]


def test_forcing_a_link_is_kept_with_its_reason_and_is_a_change_and_an_action() -> None:
    assert force(link=SHELF, to="open", reason="It lies.", **ANN)
    row = ToolHealth.objects.get()
    assert (row.forced, row.forced_by, row.forced_reason, row.state) == ("open", "ann", "It lies.", "closed")
    assert changes() == [(SHELF, "closed", "forced_open")]
    done = Action.objects.get()
    assert (done.verb, done.target, done.after) == ("tool.force", f"link {SHELF}", {"forced": "open"})


def test_forcing_it_the_same_way_again_does_nothing() -> None:
    force(link=SHELF, to="closed", reason="It is fine.", **ANN)
    assert not force(link=SHELF, to="closed", reason="It is fine.", **ANN)
    assert Action.objects.count() == 1


def test_without_a_reason_nothing_is_forced() -> None:
    with pytest.raises(ControlRefused):
        force(link=SHELF, to="open", reason="  ", **ANN)
    assert not ToolHealth.objects.exists()


@pytest.mark.parametrize("link", ["", "shelf", "/shelf", "look_up/", "a/" + "b" * 200])
def test_what_names_no_link_is_refused(link: str) -> None:
    with pytest.raises(ControlRefused):
        force(link=link, to="open", reason="It lies.", **ANN)


def test_of_one_chain_only_one_link_is_the_only_one() -> None:
    force(link=SHELF, to="only", reason="The archive is stale.", **ANN)
    force(link=ARCHIVE, to="only", reason="The shelf is empty.", **ANN)
    assert dict(ToolHealth.objects.values_list("link", "forced")) == {SHELF: "", ARCHIVE: "only"}
    assert changes()[-2:] == [(SHELF, "only", "closed"), (ARCHIVE, "closed", "only")]


def test_once_it_is_no_longer_forced_what_was_counted_decides() -> None:
    force(link=SHELF, to="closed", reason="It is fine.", **ANN)
    ToolHealth.objects.update(state="open")
    assert unforce(link=SHELF, **ANN)
    assert changes()[-1] == (SHELF, "forced_closed", "open")
    assert not unforce(link=SHELF, **ANN)


def test_a_probe_is_asked_for_once_until_somebody_probes() -> None:
    assert ask_probe(link=SHELF, **ANN)
    assert not ask_probe(link=SHELF, **ANN)
    assert ToolHealth.objects.get().probe_asked_at is not None


def test_a_limit_of_slowness_can_be_set_and_taken_back() -> None:
    assert set_slow_limit(link=SHELF, slow_after_ms=800, **ANN)
    assert not set_slow_limit(link=SHELF, slow_after_ms=800, **ANN)
    assert set_slow_limit(link=SHELF, slow_after_ms=None, **ANN)
    assert ToolHealth.objects.get().slow_after_ms is None
    with pytest.raises(ControlRefused):
        set_slow_limit(link=SHELF, slow_after_ms=-1, **ANN)


def test_a_note_belongs_to_one_tenant() -> None:
    acme = Tenant.objects.create(slug="acme", name="Acme")
    add_note(tenant=acme, tool="look_up", text=" Ring Bob before you force it. ", **ANN)
    assert ToolNote.objects.get().text == "Ring Bob before you force it."
    with pytest.raises(ControlRefused):
        add_note(tenant=acme, tool="look_up", text="  ", **ANN)
