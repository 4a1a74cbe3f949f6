"""Rows in which everything that an LLM, a tool, a server or a person writes tries to act in the page that shows it."""

from datetime import timedelta
from typing import get_args

from django.utils import timezone

from agents import bell
from agents.contracts.base import JsonObject
from agents.contracts.events import EventKind
from agents.contracts.specs import AgentSpec, Implementation, ToolSpec
from agents.library.sync import keep_version
from agents.models import (
    AgentVersion,
    Approval,
    ApprovalVote,
    Attachment,
    Blob,
    Effect,
    EventRow,
    HealthChange,
    KillOrder,
    LinkTrouble,
    McpServer,
    McpTool,
    Run,
    StepRow,
    Switch,
    ToolHealth,
    ToolNote,
)
from budgets.models import Account, Action, Tenant, UnpricedLLM
from budgets.periods import day_window, zone
from console.access.tokens import make_token
from console.access.wall_links import make_wall_link
from console.models import SavedView, SignedIn, User

FOREIGN = "evil.example"
IMAGE = f'"><img src=//{FOREIGN}/x onerror=hacked=1>'
"""Fits every column in which anybody can write."""
MARKUP = "\n".join(
    (
        "</textarea></title></style></script><script>window.hacked = 1</script>",
        IMAGE,
        f'\'"><svg onload="window.hacked=1"><script href="//{FOREIGN}/x.js"/></svg>',
        f'<iframe src="//{FOREIGN}/" srcdoc="<script>top.hacked=1</script>"></iframe>',
        '<a href="javascript:window.hacked=1">javascript:window.hacked=1</a>',
        "data:text/html,<script>top.hacked=1</script>",
        f'<div hx-get="//{FOREIGN}/hx" hx-trigger="load" hx-on:click="hacked=1" hx-on::load="hacked=1">x</div>',
        f'<wf-live socket="//{FOREIGN}/"></wf-live><template><script src="//{FOREIGN}/t.js"></script></template>',
        f"<hx-partial hx-target='body'><b id=taken>taken</b></hx-partial><base href='//{FOREIGN}/'>",
        f'<p style="background:url(//{FOREIGN}/css)">x</p><link rel=stylesheet href=//{FOREIGN}/s.css>',
        f'<meta http-equiv="refresh" content="0;url=//{FOREIGN}/">',
        f"<form action=//{FOREIGN}/><input autofocus onfocus=hacked=1></form>",
        "{{ 7*7 }} {% debug %} ${hacked=1} &lt;script&gt; \uff1cscript\uff1e \u202etpircs\u202c <\u200bscript>",
        "<!-- --> ]]> `${window.hacked=1}` \u2028window.hacked=1\u2029 [1] [99]",
    )
)
SCHEMA: JsonObject = {
    "type": "object",
    "title": MARKUP,
    "description": MARKUP,
    "properties": {IMAGE: {"type": "string", "description": MARKUP}},
}
SLUG, TOOL, AGENT = "acme", "lookup", "hostile"
STEP = "b" * 16
VALUES: dict[str, object] = {
    **dict.fromkeys(
        ("text", "error", "detail", "reason", "note", "by", "llm", "from", "to", "where", "title", "purpose"), MARKUP
    ),
    **dict.fromkeys(("reasoning", "preview", "error_type", "worker", "scope", "message", "implementation"), MARKUP),
    "arguments": {MARKUP: MARKUP, "list": [MARKUP, {IMAGE: [MARKUP]}]},
    "output": {MARKUP: MARKUP, "source": f"javascript:hacked=1 {IMAGE}", "cite": 1, "title": MARKUP, "url": IMAGE},
    "calls": [{"call_id": IMAGE, "name": IMAGE, "arguments": {MARKUP: MARKUP}}],
    "fields": [{"path": MARKUP, "problem": MARKUP}],
    "issues": [{"text": MARKUP, "severity": IMAGE}],
    "circle": [MARKUP],
    "tool": IMAGE,
    MARKUP: MARKUP,
}
ENDS = {"model.ended": "failed", "attempt.ended": "failed", "tool.ended": "degraded"}


def hostile_run(state: str = "running", **fields: object) -> Run:
    """A run of the hostile agent; whoever may write a word of its row has written markup."""
    tenant = Tenant.objects.get(slug=SLUG)
    version = agent_version()
    at = timezone.now()
    given: dict[str, object] = dict.fromkeys(("task", "reason", "answer", "kill_reason"), MARKUP)
    given |= dict.fromkeys(("user", "session", "doing", "llm", "launched_by", "kill_requested_by"), IMAGE)
    return Run.objects.create(
        tenant=tenant,
        surface=tenant.surfaces.get(slug="enterprise"),
        version=version,
        agent_name=AGENT,
        state=state,
        severity=3,
        missing=[MARKUP],
        epoch=1,
        lease_owner="elsewhere",
        lease_expires_at=at + timedelta(hours=1),
        attempts=1,
        cap_nanos=100_000_000,
        cost_nanos=90_000_000,
        started_at=at - timedelta(seconds=60),
        ended_at=None if state == "running" or state.startswith("waiting") else at,
        **{**given, **fields},
    )


def agent_version() -> AgentVersion:
    """An agent whose own words, and those of its tool, came from a file that somebody else wrote."""
    tool = ToolSpec(
        name=TOOL,
        description=MARKUP,
        parameters={
            "type": "object",
            "title": MARKUP,
            "properties": {IMAGE: {"type": "string", "description": MARKUP}},
        },
        implementations=(Implementation(name="live", target="agents.library.tools:none"),),
        degraded_advice=MARKUP,
        capability=IMAGE,
    )
    return keep_version(
        spec=AgentSpec(
            name=AGENT,
            title=IMAGE,
            purpose=MARKUP,
            example_task=MARKUP,
            system_prompt=MARKUP,
            llms=("rehearsal:search",),
            tools=(tool,),
        ),
        note=IMAGE,
    )


def tell(run: Run, kind: EventKind, span: str = "", parent: str = "", **data: object) -> None:
    """One more event of a run, and the hint that it is there."""
    said = {**VALUES, **({"status": ENDS[kind]} if kind in ENDS else {}), **data}
    EventRow.objects.create(
        run=run,
        seq=run.next_seq,
        kind=kind,
        at=timezone.now(),
        turn=1,
        span_id=span,
        parent_span_id=parent,
        duration_ms=20 if kind in ENDS else None,
        data=said,
    )
    run.next_seq += 1
    Run.objects.filter(pk=run.pk).update(next_seq=run.next_seq)
    bell.ring_head(run.pk, run.tenant_id, run.next_seq)


def tell_everything(run: Run) -> None:
    """An event of every kind there is: an LLM's step, a tool's with an attempt, and all the others."""
    turn, llm, attempt = "a" * 16, "c" * 16, "d" * 16
    tell(run, "turn.started", turn)
    tell(run, "model.started", llm, turn)
    tell(run, "model.retried", llm, turn)
    tell(run, "model.ended", llm, turn)
    tell(run, "tool.started", STEP, turn, call_id="c1")
    tell(run, "attempt.started", attempt, STEP)
    tell(run, "attempt.ended", attempt, STEP)
    tell(run, "tool.ended", STEP, turn, call_id="c1")
    told = set(run.events.values_list("kind", flat=True))
    for kind in get_args(EventKind):
        if kind not in told and kind != "run.ended":
            tell(run, kind)


def fill() -> dict[str, object]:
    """All rows; the ids of what has a page of its own."""
    tenant, now = Tenant.objects.get(slug=SLUG), timezone.now()
    live, ended = hostile_run(), hostile_run("failed")
    for run in (live, ended):
        tell_everything(run)
    tell(ended, "run.ended", state="failed")
    StepRow.objects.create(
        run=ended,
        number=1,
        turn=1,
        kind="note",
        schema_version=2,
        output={"kind": "note", "text": MARKUP},
        recorded_at=now,
    )
    Attachment.objects.create(run=ended, name=f"a{IMAGE}.txt", media_type="text/plain", blob=Blob.keep(b"read me"))
    waiting = hostile_run("waiting_approval")
    tell_everything(waiting)
    _of_tools(tenant)
    _of_people(tenant, ended)
    return {
        "live": live.pk,
        "ended": ended.pk,
        "waiting": waiting.pk,
        "approval": _asked(waiting),
        "unknown": _unknown_effect(hostile_run("waiting_resolution")),
        "account": _account(tenant).pk,
        "order": KillOrder.objects.create(tenant=tenant, scope=IMAGE, actor=IMAGE, reason=MARKUP).pk,
    }


def _asked(run: Run) -> int:
    """A call that waits for a yes, one that got its no, and a vote."""
    now = timezone.now()
    given = {
        "run": run,
        "tool": TOOL,
        "arguments": {MARKUP: MARKUP, "to": MARKUP},
        "preview": MARKUP,
        "requested_at": now,
        "expires_at": now + timedelta(hours=1),
    }
    no = {"decision": "denied", "decided_by": IMAGE, "decided_at": now, "note": MARKUP}
    Approval.objects.create(**given, **no, call_id="c0", arguments_hash="g")
    edited = {"edited_arguments": {IMAGE: [MARKUP]}, "edited_hash": "e"}
    approval = Approval.objects.create(**given, **edited, call_id="c1", arguments_hash="h", people=2)
    ApprovalVote.objects.create(approval=approval, by=IMAGE, approve=True, arguments_hash="e", note=MARKUP)
    return approval.pk


def _account(tenant: Tenant) -> Account:
    window = day_window(timezone.now(), zone(tenant.timezone))
    money = {"limit_nanos": 10**9, "first_limit_nanos": 10**9}
    return Account.objects.create(
        tenant=tenant, scope="user_day", subject=IMAGE, user=IMAGE, window=window.key, **money
    )


def _unknown_effect(run: Run) -> str:
    since = timezone.now() - timedelta(minutes=2)
    Effect.objects.create(
        run=run,
        step=1,
        call_id=IMAGE,
        scope=run.pk,
        key="k" * 64,
        tool=IMAGE,
        implementation=IMAGE,
        arguments={MARKUP: MARKUP},
        result={MARKUP: MARKUP},
        state="unknown",
        epoch=1,
        started_at=since,
        unknown_since=since,
    )
    Run.objects.filter(pk=run.pk).update(awaited_key="k" * 64)
    tell_everything(run)
    return run.pk


def _of_tools(tenant: Tenant) -> None:
    now = timezone.now()
    link = f"{TOOL}/live"
    said = {"last_error": MARKUP, "forced_reason": MARKUP, "forced_by": IMAGE, "forced": "open", "forced_at": now}
    ToolHealth.objects.create(link=link, state="open", window_started_at=now, opened_at=now, **said)
    HealthChange.objects.create(link=link, was="closed", now="open", why=IMAGE, by=IMAGE, error=MARKUP, tenant=tenant)
    ToolNote.objects.create(tenant=tenant, tool=TOOL, text=MARKUP, by=IMAGE)
    for run in Run.objects.filter(agent_name=AGENT):
        LinkTrouble.objects.create(tenant=tenant, run_id=run.pk, link=link, what="failed")
    server = McpServer.objects.create(
        name="files", transport="http", url=f"https://{FOREIGN}/{IMAGE}", made_by=IMAGE, error=MARKUP, looked_at=now
    )
    McpTool.objects.create(
        server=server, name=IMAGE, description=MARKUP, input_schema=SCHEMA, digest="b", accepted_digest="a"
    )


def _of_people(tenant: Tenant, run: Run) -> None:
    told = {"before": {MARKUP: MARKUP}, "after": {IMAGE: [MARKUP]}, "reason": MARKUP, "via": IMAGE}
    Action.objects.create(tenant=tenant, run_id=run.pk, actor=IMAGE, verb=IMAGE[:40], target=IMAGE, **told)
    Switch.objects.create(reach="tool", tenant=tenant, name=IMAGE, code=IMAGE, reason=MARKUP, set_by=IMAGE)
    owner = User.objects.get(username="admin")
    until = timezone.now() + timedelta(days=1)
    make_token(user=owner, tenant=tenant, name=IMAGE, verbs=["view"], expires_at=until)
    make_wall_link(tenant=tenant, place=IMAGE, actor=IMAGE)
    SignedIn.objects.create(user=owner, session_key="s" * 32, address="127.0.0.1", browser=IMAGE)
    SavedView.objects.create(tenant=tenant, owner=owner, name=IMAGE[:40], query=f"user:{IMAGE}", shared=True)
    UnpricedLLM.objects.create(llm=IMAGE, first_seen_at=timezone.now(), last_seen_at=timezone.now())
