"""The limits: what holds and who said so, edits refused at their field, what they would have done, history and undo."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from agents import funding
from budgets.models import Surface, Tenant, Tier, TierEdit
from budgets.tier_edits import Change
from console.screens.tiers.settings import SETTINGS
from console.screens.tiers.until import ends_at
from tests.console.conftest import MakeRun, SignedIn
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("acme", "rung")

USD = 10**9
BASE = "/t/acme/budgets/tiers/"
CHAT = f"{BASE}edit/?surface=free-chat"
ROUTES = {
    "": ("get", "view"),
    "history/": ("get", "view"),
    "new/": ("get", "edit"),
    "edit/": ("get", "edit"),
    "edit/what-if/": ("post", "edit"),
    "time-zone/": ("get", "edit"),
}


@pytest.fixture
def acme_admin(signed_in: SignedIn) -> Client:
    return signed_in("acme_admin")


@pytest.fixture
def chat(acme: Tenant) -> Surface:
    return Surface.objects.get(tenant=acme, slug="free-chat")


def as_shown(client: Client, address: str = CHAT, **typed: str) -> dict[str, str]:
    """The form as the page shows it, with what a person types over it; typing makes a setting the tier's own."""
    form = client.get(address).context["form"]
    data = {name: str(form[name].value() or "") for name in form.fields}
    data |= {f"{name}_mode": "own" for name in typed if name in SETTINGS}
    return {**data, "reason": "for a test", **typed}


def save(client: Client, address: str = CHAT, **typed: str) -> Any:
    return client.post(address, {**as_shown(client, address, **typed), "confirmed": "1"})


def settings_of(surface: Surface | None, user: str = "") -> dict[str, Any]:
    found: dict[str, Any] = Tier.objects.get(tenant__slug="acme", surface=surface, user=user).settings
    return found


# Who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("username", ["acme_viewer", "acme_operator", "acme_approver", "acme_admin"])
def test_everybody_sees_the_limits_and_admins_edit_them(signed_in: SignedIn, username: str) -> None:
    client = signed_in(username)
    for path, (method, verb) in ROUTES.items():
        status = getattr(client, method)(BASE + path).status_code
        assert status == (200 if verb == "view" or username == "acme_admin" else 403), path


def test_strangers_find_nothing_and_undo_is_a_post(globex_operator: Client, acme_admin: Client) -> None:
    for path, (method, _) in ROUTES.items():
        assert getattr(globex_operator, method)(BASE + path).status_code == 404
    edit = TierEdit.objects.filter(tier__tenant__slug="acme")[0]
    assert globex_operator.post(f"{BASE}edits/{edit.pk}/undo/").status_code == 404
    assert acme_admin.get(f"{BASE}edits/{edit.pk}/undo/").status_code == 405


def test_an_edit_of_another_tenant_is_not_found(acme_admin: Client, globex: Tenant) -> None:
    theirs = TierEdit.objects.filter(tier__tenant=globex)[0]
    for verb in ("undo", "keep"):
        assert acme_admin.post(f"{BASE}edits/{theirs.pk}/{verb}/").status_code == 404
    assert acme_admin.get(f"{BASE}?saved={theirs.pk}").context["saved"] is None


@pytest.mark.parametrize("query", ["?surface=moon", "?user=a%00b", "?user=" + "x" * 201])
def test_a_place_that_cannot_be_is_not_found(acme_admin: Client, query: str) -> None:
    for path in ("", "edit/", "history/"):
        assert acme_admin.get(BASE + path + query).status_code == 404


# The list ------------------------------------------------------------------------------------------------------


def cells(client: Client, name: str) -> Mapping[str, tuple[str, str]]:
    """The row of this name: value and source of each setting."""
    found = client.get(BASE).context["list"]
    line = next(each for each in (*found.everybody, *found.overrides) if each.place.name == name)
    return {cell.setting.name: (cell.words, cell.source) for cell in line.cells}


def test_each_value_says_where_it_comes_from(acme_viewer: Client, chat: Surface) -> None:
    limit(chat, "mara", run_nanos=USD)
    limit(chat.tenant, "ben", user_day_nanos=2 * USD)
    assert cells(acme_viewer, "Acme")["user_day_nanos"] == ("$5.00", "own")
    assert cells(acme_viewer, "Free chat")["user_day_nanos"] == ("$5.00", "tenant")
    assert cells(acme_viewer, "Free chat")["run_nanos"] == ("$0.10", "own")
    assert cells(acme_viewer, "Free chat")["session_nanos"] == ("no limit", "built in")
    mara = cells(acme_viewer, "mara on Free chat")
    assert (mara["run_nanos"], mara["max_turns"]) == (("$1.00", "own"), ("20", "surface"))
    ben = cells(acme_viewer, "ben, everywhere")
    assert (ben["user_day_nanos"], ben["run_nanos"]) == (("$2.00", "own"), ("by surface", ""))


def test_only_who_may_edit_is_offered_it(acme_viewer: Client, acme_admin: Client) -> None:
    assert "edit/?surface" not in acme_viewer.get(BASE).content.decode()
    assert "edit/?surface" in acme_admin.get(BASE).content.decode()


# The form ------------------------------------------------------------------------------------------------------


def test_saving_the_form_as_it_is_shown_would_change_nothing(acme_admin: Client, chat: Surface) -> None:
    limit(chat, thresholds=[50, 90], allowed_llms=["rehearsal:*", "openai:*"], session_nanos=None, cheaper_llm="")
    before = TierEdit.objects.count()
    response = save(acme_admin)
    assert response.status_code == 422
    assert "Nothing would change" in response.content.decode()
    assert TierEdit.objects.count() == before


def test_an_edit_is_shown_before_it_is_saved(acme_admin: Client, chat: Surface) -> None:
    data = as_shown(acme_admin, run_nanos="0.05", max_turns="9")
    shown = acme_admin.post(CHAT, data)
    assert [(c.label, c.before, c.after) for c in shown.context["changes"]] == [
        ("A run", "$0.10", "$0.05"),
        ("Turns of a run", "20", "9"),
    ]
    assert settings_of(chat)["run_nanos"] == USD // 10
    response = acme_admin.post(CHAT, {**dict(shown.context["given"]), "confirmed": "1"})
    assert response.status_code == 302
    edit = TierEdit.objects.latest("pk")
    assert (edit.changes, edit.made_by, edit.reason) == (
        {"run_nanos": USD // 20, "max_turns": 9},
        "acme_admin",
        "for a test",
    )
    assert edit.made_from == "the limits page"


def test_going_back_shows_the_form_with_what_was_typed(acme_admin: Client) -> None:
    data = as_shown(acme_admin, run_nanos="0.05")
    back = acme_admin.post(CHAT, {**data, "back": "1"})
    assert back.status_code == 200
    assert back.context["form"]["run_nanos"].value() == "0.05"


def test_no_limit_inherit_and_none_are_three_things(acme_admin: Client, chat: Surface) -> None:
    save(acme_admin, session_nanos_mode="none", max_turns_mode="inherit", thresholds_mode="none")
    settings = settings_of(chat)
    assert (settings["session_nanos"], settings["thresholds"]) == (None, [])
    assert "max_turns" not in settings


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("run_nanos", "", "Enter an amount"),
        ("run_nanos", "-1", "cannot be negative"),
        ("run_nanos", "1,50", "point for decimals"),
        ("run_nanos", "NaN", "not an amount"),
        ("run_nanos", "1e400", "not an amount"),
        ("run_nanos", "9" * 400, "largest amount"),
        ("session_nanos", "٣", "not an amount"),
        ("max_turns", "0", "1 or more"),
        ("max_turns", "", "whole number"),
        ("max_turns", "4.5", "digits only"),
        ("max_turns", "-3", "digits only"),
        ("max_seconds", "1" * 30, "1,000,000 is the most"),
        ("parallel_runs", "many", "digits only"),
        ("allowed_llms", " \n ", "at least one pattern"),
        ("allowed_llms", "gpt", "vendor:name"),
        ("allowed_llms", "openai:*\nopen ai:x", "vendor:name"),
        ("cheaper_llm", "", "vendor:name"),
        ("cheaper_llm", "rehearsal:unheard-of", "price"),
        ("cheaper_llm", "moon:gpt", "names no LLM"),
        ("thresholds", "0, 50", "from 1 to 100"),
        ("thresholds", "101", "from 1 to 100"),
        ("thresholds", "", "one to 10"),
        ("at_cap", "explode", "Choose"),
        ("reason", "", "Say why"),
        ("until_at", "", "Choose a date"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(acme_admin: Client, name: str, text: str, said: str) -> None:
    before = TierEdit.objects.count()
    typed = {"run_nanos": "0.07", name: text, **({"until": "at"} if name == "until_at" else {})}
    response = save(acme_admin, **typed)
    assert response.status_code == 422
    assert said in str(response.context["form"].errors[name])
    assert f'id="id_{name}_error"' in response.content.decode()
    assert TierEdit.objects.count() == before


def test_a_users_limit_above_the_tenants_is_said_at_its_field(acme_admin: Client, acme: Tenant) -> None:
    limit(acme, tenant_day_nanos=10 * USD)
    response = save(acme_admin, f"{BASE}edit/?user=mara", user_day_nanos="11")
    assert "daily limit of $10.00" in str(response.context["form"].errors["user_day_nanos"])
    assert save(acme_admin, f"{BASE}edit/?user=mara", user_day_nanos="10").status_code == 302


def test_a_cheaper_llm_that_is_not_allowed_is_said_at_its_field(acme_admin: Client) -> None:
    response = save(acme_admin, cheaper_llm="rehearsal:search", allowed_llms="openai:*")
    assert "not among the allowed" in str(response.context["form"].errors["cheaper_llm"])


def test_a_user_gets_limits_of_their_own(acme_admin: Client, chat: Surface) -> None:
    response = acme_admin.post(f"{BASE}new/", {"user": "mara & co", "surface": "free-chat"})
    address = response["Location"]
    assert address == f"{BASE}edit/?user=mara+%26+co&surface=free-chat"
    assert save(acme_admin, address, run_nanos="3").status_code == 302
    assert settings_of(chat, "mara & co") == {"run_nanos": 3 * USD}


@pytest.mark.parametrize("user", ["", "a\x07b", "x" * 201])
def test_a_user_that_no_run_could_have_is_refused(acme_admin: Client, user: str) -> None:
    response = acme_admin.post(f"{BASE}new/", {"user": user, "surface": ""})
    assert response.status_code == 422
    assert "user" in response.context["form"].errors


def test_a_users_name_is_never_markup(acme_admin: Client, chat: Surface) -> None:
    limit(chat, "<script>alert(1)</script>", run_nanos=USD)
    for path in ("", "edit/?surface=free-chat&user=%3Cscript%3Ealert(1)%3C/script%3E"):
        assert "<script>alert" not in acme_admin.get(BASE + path).content.decode()


# What it would have done ----------------------------------------------------------------------------------------


def test_what_it_would_have_done_stands_beside_the_form(acme_admin: Client, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme, state="completed", turn=9, steps_count=20)
    make_run(acme, state="completed", llm="rehearsal:search")
    address = CHAT.replace("edit/", "edit/what-if/")
    data = as_shown(acme_admin, allowed_llms="openai:*", reason="")
    text = acme_admin.post(address, data).content.decode()
    assert "This would have stopped <strong>2 runs</strong> in the last 7 days" in text
    assert "its LLM is not allowed" in text
    again = acme_admin.post(CHAT, {**data, "reason": "x"}).content.decode()
    assert "This would have stopped <strong>2 runs</strong>" in again


def test_beside_a_form_that_cannot_be_nothing_is_claimed(acme_admin: Client) -> None:
    address = CHAT.replace("edit/", "edit/what-if/")
    text = acme_admin.post(address, as_shown(acme_admin, run_nanos="1,50")).content.decode()
    assert "First mend" in text
    assert "would have stopped" not in text


# Two people ----------------------------------------------------------------------------------------------------


def test_the_second_of_two_is_told_and_overwrites_nothing(acme_admin: Client, chat: Surface) -> None:
    first = as_shown(acme_admin, max_turns="7")
    limit(chat, run_nanos=USD, parallel_runs=3)
    for confirmed in ({}, {"confirmed": "1"}):
        told = acme_admin.post(CHAT, {**first, **confirmed})
        assert told.status_code == 409
        changes = [(c.label, c.before, c.after) for c in told.context["conflict"].changes]
        assert changes == [("A run", "$0.10", "$1.00"), ("Runs at once", "20", "3")]
    form = told.context["form"]
    shown = {name: str(form[name].value() or "") for name in form.fields}
    assert (shown["run_nanos"], shown["parallel_runs"], shown["max_turns"]) == ("1.00", "3", "7")
    assert acme_admin.post(CHAT, {**shown, "confirmed": "1"}).status_code == 302
    assert TierEdit.objects.latest("pk").changes == {"max_turns": 7}
    assert settings_of(chat)["run_nanos"] == USD


def test_an_edit_that_lapsed_meanwhile_is_told_too(acme_admin: Client, chat: Surface) -> None:
    change = Change(changes={"max_turns": 5}, reason="for now", actor="acme_approver", made_from="test")
    made = funding.edit_tier(tenant=chat.tenant, surface=chat, user="", change=change)
    assert made is not None
    opened = as_shown(acme_admin, run_nanos="0.2")
    funding.undo_edit(edit=made, actor="acme_approver")
    told = acme_admin.post(CHAT, {**opened, "confirmed": "1"})
    assert told.status_code == 409
    assert [each.lapsed for each in told.context["conflict"].happenings] == [True]
    assert told.context["form"]["max_turns"].value() == "20"


# History and undo ----------------------------------------------------------------------------------------------


def test_after_saving_there_is_a_note_with_an_undo(acme_admin: Client, chat: Surface) -> None:
    response = save(acme_admin, run_nanos="0.05")
    page = acme_admin.get(response["Location"]).content.decode()
    edit = TierEdit.objects.latest("pk")
    assert f'hx-post="{BASE}edits/{edit.pk}/undo/"' in page
    undone = acme_admin.post(f"{BASE}edits/{edit.pk}/undo/", headers={"HX-Request": "true"})
    assert undone["HX-Redirect"] == f"{BASE}history/?surface=free-chat"
    assert settings_of(chat)["run_nanos"] == USD // 10
    assert acme_admin.get(response["Location"]).context["saved"] is None


def test_the_history_tells_what_was_changed_and_what_counted_again(acme_admin: Client) -> None:
    save(acme_admin, run_nanos="0.05")
    save(acme_admin, run_nanos="0.02", max_turns_mode="inherit")
    acme_admin.post(f"{BASE}edits/{TierEdit.objects.latest('pk').pk}/undo/")
    newest, middle, first = acme_admin.get(f"{BASE}history/?surface=free-chat").context["entries"]
    assert [(f.label, f.before, f.after) for f in newest.fields] == [
        ("A run", "$0.05", "$0.02"),
        ("Turns of a run", "20", "inherited"),
    ]
    assert (newest.state, [(f.label, f.after) for f in newest.again]) == (
        "lapsed",
        [("A run", "$0.05"), ("Turns of a run", "20")],
    )
    assert (middle.state, first.state) == ("counts", "counts")
    save(acme_admin, run_nanos="0.03")
    assert acme_admin.get(f"{BASE}history/?surface=free-chat").context["entries"][2].state == "covered"


def test_an_edit_for_some_hours_counts_down_and_can_be_kept(acme_admin: Client, chat: Surface) -> None:
    save(acme_admin, run_nanos="0.05", until="4h")
    edit = TierEdit.objects.latest("pk")
    assert edit.expires_at is not None
    assert timedelta(hours=3, minutes=59) < edit.expires_at - timezone.now() <= timedelta(hours=4)
    assert 'data-rel="until"' in acme_admin.get(f"{BASE}history/?surface=free-chat").content.decode()
    assert acme_admin.get(BASE).context["list"].everybody[2].ends_at == edit.expires_at
    acme_admin.post(f"{BASE}edits/{edit.pk}/keep/")
    funding.let_time_pass(timezone.now() + timedelta(hours=5))
    assert settings_of(chat)["run_nanos"] == USD // 20


def test_whoever_looks_at_a_tier_that_nobody_edited_learns_what_will_be_there(acme_viewer: Client) -> None:
    assert "Nobody has edited" in acme_viewer.get(f"{BASE}history/?user=mara").content.decode()


# Time ----------------------------------------------------------------------------------------------------------

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 28, 22, 30, tzinfo=ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("choice", "text", "utc"),
    [
        ("ever", "", None),
        ("1h", "", "2026-03-28T23:30"),
        ("morning", "", "2026-03-29T07:00"),
        ("at", "2026-03-29T01:30", "2026-03-29T00:30"),
        ("at", "2026-03-29T03:30", "2026-03-29T01:30"),
    ],
)
def test_an_edit_ends_by_the_tenants_clock(choice: str, text: str, utc: str | None) -> None:
    found = ends_at(choice, text, tz=BERLIN, now=NOW)
    assert (found and found.isoformat()[:16]) == utc


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Choose a date"),
        ("tomorrow", "Choose a date"),
        ("2026-03-29", "Europe/Berlin"),
        ("2026-03-29T12:00+02:00", "Europe/Berlin"),
        ("2026-03-29T02:30", "no such time"),
        ("2026-03-28T20:00", "in the past"),
    ],
)
def test_an_end_that_cannot_be_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ends_at("at", text, tz=BERLIN, now=NOW)


def test_the_time_zone_is_edited(acme_admin: Client, acme: Tenant) -> None:
    refused = acme_admin.post(f"{BASE}time-zone/", {"timezone": "Mars/Olympus"})
    assert refused.status_code == 422
    assert "not a known time zone" in str(refused.context["form"].errors["timezone"])
    assert acme_admin.post(f"{BASE}time-zone/", {"timezone": "Asia/Kathmandu"}).status_code == 302
    acme.refresh_from_db()
    assert acme.timezone == "Asia/Kathmandu"
