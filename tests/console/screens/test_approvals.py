"""The queue of approvals, one approval with the word on it, and the rules, by every role."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.contracts.base import JsonObject
from agents.contracts.messages import AssistantMessage, ToolCall
from agents.engine.guard import call_key
from agents.library.support.email import SEND_EMAIL
from agents.library.support.refunds import REFUND
from agents.models import AgentVersion, Approval, ApprovalLook, ApprovalRule, StepRow
from budgets.models import Tenant
from tests.console.conftest import MakeRun, SignedIn

pytestmark = pytest.mark.usefixtures("acme", "cast", "rung")
EVIL = "<img src=x onerror=alert(1)>"
BODY = f"Dear Hugo,\n\n{EVIL}\n\nRegards"
EMAIL: JsonObject = {
    "order_number": 1008,
    "to": "hugo@example.com",
    "subject": "Your order",
    "body": BODY,
}
EVERYBODY = {"acme_viewer", "acme_operator", "acme_approver", "acme_admin", "admin"}
OPERATORS = EVERYBODY - {"acme_viewer"}
ADMINS = {"acme_admin", "admin"}
ALLOWED = {
    ("list", "get"): EVERYBODY,
    ("detail", "get"): EVERYBODY,
    ("looking", "post"): EVERYBODY,
    ("edit", "get"): OPERATORS,
    ("edit", "post"): OPERATORS,
    ("word", "get"): OPERATORS,
    ("word", "post"): OPERATORS,
    ("rules", "get"): EVERYBODY,
    ("new_rule", "get"): ADMINS,
    ("new_rule", "post"): ADMINS,
    ("rule", "get"): ADMINS,
    ("rule", "post"): ADMINS,
    ("move_rule", "post"): ADMINS,
    ("switch_rule", "post"): ADMINS,
}
ROUTES = tuple(dict.fromkeys(route for route, _ in ALLOWED))
MakeApproval = Callable[..., Approval]


@pytest.fixture
def make_approval(acme: Tenant, make_run: MakeRun) -> MakeApproval:
    """An email of an agent that may write some, waiting for a word."""

    def make(**fields: Any) -> Approval:
        run = fields.pop("run", None) or make_run(acme, state="waiting_approval")
        spec = run.version.to_spec().model_copy(update={"tools": (SEND_EMAIL, REFUND)})
        AgentVersion.objects.filter(pk=run.version_id).update(spec=spec.model_dump(mode="json"))
        now = timezone.now()
        given = {"requested_at": now, "expires_at": now + timedelta(hours=1), **fields}
        tool, arguments = str(given.pop("tool", "send_email")), given.pop("arguments", EMAIL)
        key = call_key(tool, "1", arguments)
        return Approval.objects.create(
            run=run, call_id="c1", tool=tool, arguments=arguments, arguments_hash=key, **given
        )

    return make


@pytest.fixture
def approval(make_approval: MakeApproval) -> Approval:
    return make_approval()


@pytest.fixture
def rule(acme: Tenant) -> ApprovalRule:
    return ApprovalRule.objects.create(tenant=acme, position=1, tool="refund", people=2, made_by="acme_admin")


def address(route: str, thing: Approval | ApprovalRule | None = None, tenant: str = "acme") -> str:
    """The address of a route for this approval or rule."""
    return reverse(f"approvals:{route}", args=[tenant] if thing is None else [tenant, thing.pk])


def place(route: str, approval: Approval, rule: ApprovalRule, tenant: str = "acme") -> str:
    """The address of each route."""
    if route in ("list", "rules", "new_rule"):
        return address(route, tenant=tenant)
    return address(route, rule if "rule" in route else approval, tenant)


@pytest.mark.parametrize("username", sorted(EVERYBODY))
def test_members_get_what_their_role_allows(
    username: str, signed_in: SignedIn, approval: Approval, rule: ApprovalRule
) -> None:
    client, wrong = signed_in(username), {}
    for route in ROUTES:
        for method in ("get", "post", "put", "delete"):
            status = getattr(client, method)(place(route, approval, rule)).status_code
            allowed = ALLOWED.get((route, method))
            right = {405} if allowed is None else {200, 302, 422} if username in allowed else {403}
            if status not in right:
                wrong[route, method] = status
    assert wrong == {}


@pytest.mark.parametrize("route", ROUTES)
def test_strangers_and_other_tenants_find_nothing(
    route: str, signed_in: SignedIn, approval: Approval, rule: ApprovalRule
) -> None:
    stranger, admin = signed_in("globex_operator"), signed_in("admin")
    method = "post" if (route, "get") not in ALLOWED else "get"
    assert getattr(stranger, method)(place(route, approval, rule)).status_code == 404
    if route not in ("list", "rules", "new_rule"):
        assert getattr(admin, method)(place(route, approval, rule, tenant="globex")).status_code == 404


def test_the_queue_shows_the_most_urgent_first_and_hides_what_needs_no_word(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun, make_approval: MakeApproval
) -> None:
    now = timezone.now()
    later = make_approval()
    sooner = make_approval(expires_at=now + timedelta(minutes=5))
    refund = {"order_number": 1002, "amount_cents": 4_900, "reason": "late"}
    make_approval(tool="refund", arguments=refund, people=2)
    for gone in (
        {"run": make_run(acme, state="killed")},
        {"run": make_run(acme, state="running", kill_requested_at=now)},
        {"expires_at": now - timedelta(seconds=1)},
        {"decision": "denied", "decided_by": "acme_approver", "decided_at": now},
    ):
        make_approval(**gone)
    response = acme_viewer.get(address("list"))
    rows = [row.record for row in response.context["queue"].rows]
    assert [row.approval for row in rows][:2] == [sooner, later]
    assert (len(rows), rows[2].amount) == (3, "$49.00")
    page = response.content.decode()
    assert "0 of 2 yeses" in page
    assert EVIL not in page
    assert "acme_approver" in page, "what was decided says by whom"


@pytest.mark.parametrize("route", ["list", "detail", "rules"])
def test_a_page_takes_at_most_twelve_queries_however_much_waits(
    route: str, acme_admin: Client, make_approval: MakeApproval, rule: ApprovalRule
) -> None:
    approvals = [make_approval(rule=rule) for _ in range(5)]
    for each in approvals:
        ApprovalLook.objects.create(approval=each, by="acme_approver")
        each.votes.create(by="acme_approver", approve=True, arguments_hash=each.arguments_hash)
    where = place(route, approvals[0], rule)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert acme_admin.get(where).status_code == 200
    assert len(queries) <= 12, [query["sql"] for query in queries]


def test_the_page_shows_the_call_the_run_the_like_and_who_looks(
    acme_approver: Client, approval: Approval, make_approval: MakeApproval
) -> None:
    now = timezone.now()
    make_approval(decision="denied", decided_by="acme_admin", decided_at=now, note="not yet")
    ApprovalLook.objects.create(approval=approval, by="acme_admin")
    page = acme_approver.get(address("detail", approval)).content.decode()
    for words in ("hugo@example.com", "0 approved, 1 denied", "4 of 4 the same", "acme_admin has this open too"):
        assert words in page
    assert EVIL not in page


def test_a_heartbeat_says_who_else_has_it_open(signed_in: SignedIn, approval: Approval) -> None:
    signed_in("acme_admin").post(address("looking", approval))
    told = signed_in("acme_approver").post(address("looking", approval)).content.decode()
    assert "acme_admin has this open too" in told
    ApprovalLook.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    assert "acme_admin" not in signed_in("acme_viewer").post(address("looking", approval)).content.decode()


def word(approval: Approval, decision: str, **fields: str) -> dict[str, str]:
    """What the dialog sends."""
    return {"decision": decision, "seen": approval.current_hash, "note": "", **fields}


def test_a_yes_is_counted_and_a_second_one_comes_too_late(
    acme_approver: Client, acme_admin: Client, approval: Approval, rung: list[str]
) -> None:
    assert acme_approver.post(address("word", approval), word(approval, "approve")).status_code == 302
    response = acme_admin.post(address("word", approval), word(approval, "approve"), follow=True)
    assert "Too late: it was approved by acme_approver" in response.content.decode()
    assert rung == [approval.run_id]


def test_a_no_wants_a_reason(acme_approver: Client, approval: Approval) -> None:
    response = acme_approver.post(address("word", approval), word(approval, "deny"))
    assert response.status_code == 422
    assert acme_approver.post(address("word", approval), word(approval, "deny", note="wrong order")).status_code == 302
    approval.refresh_from_db()
    assert (approval.decision, approval.note) == ("denied", "wrong order")


def test_who_is_not_enough_is_told_so_and_counted_where_the_rule_asks_for_less(
    acme_operator: Client, make_approval: MakeApproval
) -> None:
    weighty, routine = make_approval(), make_approval(role="operator")
    response = acme_operator.post(address("word", weighty), word(weighty, "approve"))
    assert response.status_code == 409
    assert "role approver" in response.content.decode()
    assert "role approver or above decides" in acme_operator.get(address("detail", weighty)).content.decode()
    assert acme_operator.post(address("word", routine), word(routine, "approve")).status_code == 302


def fields_of(client: Client, approval: Approval) -> dict[str, str]:
    """The edit form as a browser would send it back."""
    form = client.get(address("edit", approval)).context["form"]
    return {name: str(form[name].value() or "").replace("\n", "\r\n") for name in form.fields}


def test_an_edit_is_shown_before_the_yes_and_only_what_was_changed_is_changed(
    acme_approver: Client, approval: Approval
) -> None:
    fields = fields_of(acme_approver, approval)
    fields["a3"] = fields["a3"].replace("Dear Hugo", "Hello Hugo")
    response = acme_approver.post(address("edit", approval), fields)
    assert response.status_code == 200
    assert [row.name for row in response.context["changed"]] == ["body"]
    made = response.context["word"]["arguments"].value()
    assert json.loads(made) == {**EMAIL, "body": BODY.replace("Dear", "Hello")}
    assert acme_approver.post(address("word", approval), word(approval, "approve", arguments=made)).status_code == 302
    approval.refresh_from_db()
    assert (approval.decision, approval.edited_arguments) == ("approved", json.loads(made))
    assert "Hello Hugo" in acme_approver.get(address("detail", approval)).content.decode()


def test_an_untouched_form_changes_nothing(acme_approver: Client, approval: Approval) -> None:
    response = acme_approver.post(address("edit", approval), fields_of(acme_approver, approval))
    assert response.context["changed"] == []
    assert json.loads(response.context["word"]["arguments"].value()) == EMAIL


@pytest.mark.parametrize(("field", "written"), [("a0", "many"), ("a1", "nobody"), ("a3", "short")])
def test_what_the_tool_would_not_take_is_said_at_its_field(
    field: str, written: str, acme_approver: Client, approval: Approval
) -> None:
    fields = fields_of(acme_approver, approval) | {field: written}
    response = acme_approver.post(address("edit", approval), fields)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


def test_arguments_that_changed_while_one_looked_are_looked_at_again(acme_approver: Client, approval: Approval) -> None:
    sent = word(approval, "approve")
    Approval.objects.update(edited_arguments={**EMAIL, "subject": "Other"}, edited_hash="e" * 64)
    response = acme_approver.post(address("word", approval), sent)
    assert (response.status_code, Approval.objects.get().decision) == (409, "")


@pytest.mark.parametrize("sent", ["[1]", "{", "null", '{"to": 5}'])
def test_arguments_that_are_none_change_nothing(sent: str, acme_approver: Client, approval: Approval) -> None:
    response = acme_approver.post(address("word", approval), word(approval, "approve", arguments=sent))
    assert (response.status_code, Approval.objects.get().decision) == (422, "")


def rule_text(**fields: str) -> dict[str, str]:
    """The form of a rule."""
    return {
        "tool": "refund",
        "conditions": '/amount_cents > 5000\n/reason in ["lost", "late"]',
        "people": "2",
        "role": "admin",
        "expires_seconds": "3600",
        "note": "large",
        **fields,
    }


@pytest.mark.usefixtures("rule")
def test_a_rule_is_added_edited_moved_and_switched_off(acme_admin: Client) -> None:
    assert acme_admin.post(address("new_rule"), rule_text()).status_code == 302
    added = ApprovalRule.objects.get(position=2)
    assert added.conditions == [
        {"argument": "/amount_cents", "is": ">", "value": 5000},
        {"argument": "/reason", "is": "in", "value": ["lost", "late"]},
    ]
    assert 'value="refund"' in acme_admin.get(address("rule", added)).content.decode()
    acme_admin.post(address("rule", added), rule_text(conditions="/amount_cents > 50.00", people="1"))
    acme_admin.post(address("move_rule", added), {"to": "up"})
    acme_admin.post(address("switch_rule", added), {"active": "0"})
    added.refresh_from_db()
    assert (added.conditions[0]["value"], added.people, added.position, added.active) == ("50.00", 1, 1, False)
    done = acme_admin.get("/t/acme/actions/?verb=approval_rule").content.decode()
    assert all(f"approval_rule.{verb}" in done for verb in ("add", "edit", "move", "switch"))


@pytest.mark.parametrize(
    "conditions", ["amount > 5", "/amount_cents", "/amount_cents > many", "/to matches ((", "/x ~ 1"]
)
def test_a_rule_that_nobody_could_judge_is_refused(conditions: str, acme_admin: Client) -> None:
    assert acme_admin.post(address("new_rule"), rule_text(conditions=conditions)).status_code == 422
    assert not ApprovalRule.objects.exists()


def test_a_rule_of_all_tenants_is_not_a_tenants_to_edit(signed_in: SignedIn) -> None:
    everywhere = ApprovalRule.objects.create(position=1, tool="*", made_by="admin")
    assert signed_in("acme_admin").post(address("rule", everywhere), rule_text()).status_code == 403
    assert signed_in("admin").post(address("rule", everywhere), rule_text()).status_code == 302


def test_a_rule_is_tried_on_the_calls_of_the_past_days(acme_admin: Client, acme: Tenant, make_run: MakeRun) -> None:
    for cents in (4_000, 6_000, 9_000):
        call = ToolCall(call_id="c", name="refund", arguments={"amount_cents": cents, "reason": "late"})
        message = AssistantMessage(calls=(call,)).model_dump(mode="json")
        run = make_run(acme, state="completed")
        output = {"kind": "llm", "message": message}
        StepRow.objects.create(
            run=run, number=1, turn=1, kind="llm", schema_version=3, output=output, recorded_at=timezone.now()
        )
    page = acme_admin.post(address("new_rule"), rule_text(**{"try": "1"})).content.decode()
    assert "Would have asked for <strong>2</strong> of 3 calls" in page
    free = rule_text(conditions="/amount_cents <= 4000", people="0", **{"try": "1"})
    assert "Would have let <strong>1</strong>" in acme_admin.post(address("new_rule"), free).content.decode()
    assert not ApprovalRule.objects.exists()


def test_the_terminal_lists_shows_and_decides(
    make_approval: MakeApproval, rung: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = make_approval(preview="send_email\nto: hugo"), make_approval()
    call_command("approvals", "list", tenant="acme")
    assert f"{one.pk}  acme  send_email" in capsys.readouterr().out
    call_command("approvals", "show", one.pk)
    assert "to: hugo" in capsys.readouterr().out
    call_command("approvals", "approve", one.pk)
    with pytest.raises(CommandError, match="Give a reason"):
        call_command("approvals", "deny", other.pk)
    call_command("approvals", "deny", other.pk, reason="no")
    with pytest.raises(CommandError, match="Too late: it is denied"):
        call_command("approvals", "approve", other.pk)
    with pytest.raises(CommandError, match="no tenant"):
        call_command("approvals", "list", tenant="nobody")
    assert rung == [one.run_id, other.run_id]


def test_a_word_from_the_page_of_the_run_leaves_one_there(acme_approver: Client, approval: Approval) -> None:
    here = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/t/acme/runs/{approval.run_id}/"}
    response = acme_approver.post(address("word", approval), word(approval, "approve"), headers=here)
    assert (response.status_code, response.content) == (200, b"")
    approval.refresh_from_db()
    assert approval.decision == "approved"
