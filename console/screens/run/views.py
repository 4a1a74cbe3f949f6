"""One run: its page and the detail of a step."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from agents.llms.catalogue import label_of
from agents.loop_limits import stricter
from agents.models import Run
from budgets.tiers import Limits
from console.access.requests import TenantRequest, in_tenant
from console.live.numbering import birth_of
from console.live.served import served_words
from console.live.window import TraceRead, window_around
from console.screens.budgets.capped import capped
from console.screens.elapsed import took_ms
from console.screens.frame import frame
from console.screens.launch.terminal import launch_command
from console.screens.replay.selectors import recorded_number
from console.screens.run.causes import Told, read_told
from console.screens.run.effects import awaited_by, unknown_of
from console.screens.run.effects_form import ResolveForm
from console.screens.run.price import price_of
from console.screens.run.receipt import receipt_of
from console.screens.run.selectors import (
    OpenedRun,
    answer_of,
    conversation_before,
    no_ai,
    open_approvals,
    open_run,
    pace_of,
)
from console.screens.run.spending import pace_text
from console.screens.run.steps import step_detail
from console.screens.run.trace import Asked, TracePart, read_part
from console.screens.run.why import Finding, first_cause

AGAIN_TASK_CHARACTERS = 1_500
"""A longer task does not fit an address that every server takes."""
MAY_RESUME = frozenset({"paused", "paused_budget"})
MAY_PAUSE = frozenset({"queued", "running"})
WENT_WRONG = frozenset({"failed", "dead", "refused", "degraded", "flagged", "killed"})
"""Whoever opens such a run wants to know why: its first cause is open."""

PARTS_OF_A_STEP = {"step": "run/_step.html", "step-messages": "run/_messages.html", "step-price": "run/_price.html"}
"""What htmx may ask for by its target."""

Context = dict[str, object]


@in_tenant("view")
def show(request: TenantRequest, run_id: str) -> HttpResponse:
    """The page; asked by htmx for a step, only that step's panel, or a part of it."""
    opened = opened_run(request, run_id)
    target = (request.htmx.target or "") if request.htmx else ""
    part = next((part for part in PARTS_OF_A_STEP if target.endswith(f"#{part}")), "")
    if part:
        birth = birth_of(run_id, request.GET.get("step", ""))
        read = window_around(opened.head, birth)
        context = _step_context(request, opened.run, read, request.GET.get("step", "") if birth else "")
        return render(request, PARTS_OF_A_STEP[part], context)
    return render(request, "run/run.html", page_of(request, opened))


def opened_run(request: TenantRequest, run_id: str) -> OpenedRun:
    """The tenant's run of this id, with what its page has to know. Raises Http404."""
    opened = open_run(request.tenant, run_id)
    if opened is None:
        raise Http404
    return opened


def page_of(request: TenantRequest, opened: OpenedRun, *, sent: dict[int, ResolveForm] | None = None) -> Context:
    """All that the page shows; ``sent`` are forms for the word on an effect that were refused, by its id."""
    run, may_send_again = opened.run, "send_again" in request.verbs
    unknown = unknown_of(run, may_send_again=may_send_again, sent=sent) if opened.has_unknown_effects else []
    own = {each.effect.key for each in unknown}
    return {
        **_trace_context(request, opened),
        **_page_context(request, opened),
        "unknown_effects": unknown,
        "awaited": awaited_by(run) if run.awaited_key not in own else None,
    }


def _step_context(request: TenantRequest, run: Run, read: TraceRead, step: str) -> Context:
    detail = step_detail(read.events, read.spans, step) if step else None
    more = detail if detail and detail.span.kind == "llm" else None
    charge = more.charge if more and "price" in request.GET else None
    return {
        "tenant": request.tenant,
        "run": run,
        "detail": detail,
        "conversation": conversation_before(run, more.turn) if more and "messages" in request.GET else None,
        "price": price_of(run, charge.hold) if charge else None,
        "asked_for_step": bool(request.GET.get("step")),
        "recorded_number": recorded_number(run, detail),
        "verbs": request.verbs,
    }


def _trace_context(request: TenantRequest, opened: OpenedRun) -> Context:
    run, asked = opened.run, Asked.of(request.GET)
    part = read_part(opened.head, asked, ended=run.ended)
    told = read_told(run, part.read)
    cause = _to_open(request, opened, told)
    step, place = (cause.step_id, cause.seq) if cause else (asked.step if part.birth else "", part.birth)
    return {
        **_step_context(request, run, _with_step(opened, part, place), step),
        "opened_at_cause": cause is not None,
        "live": part.read,
        "part": part,
        "spans": part.read.spans,
        "served": served_words(told.served),
        "findings": told.findings,
        "money_was_short": any(event.kind == "hold.refused" for event in told.events),
        "tools_in_trouble": _tools_in_trouble(told),
        "receipt": receipt_of(run, part.read, told.events, has_effects=opened.has_effects, now=timezone.now()),
    }


def _to_open(request: TenantRequest, opened: OpenedRun, told: Told) -> Finding | None:
    """The cause whose step is open without a click: of a run that went wrong, when nothing else is asked for."""
    elsewhere = {"step", "before", "after", "show", "q"} & set(request.GET)
    return first_cause(told.findings) if opened.run.state in WENT_WRONG and not elsewhere else None


def _with_step(opened: OpenedRun, part: TracePart, place: int) -> TraceRead:
    """Events that have this one among them: those of the page, if they do."""
    return part.read if not place or part.read.has(place) else window_around(opened.head, place)


def _tools_in_trouble(told: Told) -> list[str]:
    """The tools that causes are about, the first one first, two at most."""
    named = (finding.tool for finding in told.findings if finding.tool and finding.severity != "note")
    return list(dict.fromkeys(named))[:2]


def _page_context(request: TenantRequest, opened: OpenedRun) -> Context:
    run = opened.run
    return {
        **frame(request, active="runs"),
        "spec": run.version.spec,
        "tier": opened.tier,
        "took_ms": took_ms(run),
        "pace_text": pace_text(pace_of(run)),
        "max_turns": stricter(run.version.to_spec().limits, Limits(**run.limits)).max_turns,
        "llm_label": label_of(run.llm),
        "no_ai": no_ai(run),
        "approvals": open_approvals(run) if run.state == "waiting_approval" else [],
        "capped": capped(run, now=timezone.now()),
        "answer": answer_of(run),
        "may_pause": "pause" in request.verbs and run.state in MAY_PAUSE and run.pause_requested_at is None,
        "may_resume": "resume" in request.verbs and run.state in MAY_RESUME,
        "raise_cap": opened.account_id if _may_raise(request, run) else None,
        "again": _again(run),
        "command": _command(run),
    }


def _may_raise(request: TenantRequest, run: Run) -> bool:
    """Of a run that may still spend; one that waits for money says on its own which account lacks it."""
    live = not run.ended and run.state not in ("paused_budget", "kill_requested")
    return live and run.cap_nanos is not None and "top_up" in request.verbs


def _again(run: Run) -> str:
    """The launch page filled in with what this run was launched with."""
    given = {"agent": run.agent_name, "surface": run.surface.slug, "user": run.user, "llm": run.llm}
    if len(run.task) <= AGAIN_TASK_CHARACTERS:
        given["task"] = run.task
    address = reverse("runs:launch", args=[run.tenant.slug])
    return f"{address}?{urlencode({name: value for name, value in given.items() if value})}"


def _command(run: Run) -> str:
    options = {
        "tenant": run.tenant.slug,
        "surface": run.surface.slug,
        "user": run.user,
        "session": run.session,
    }
    return launch_command(agent=run.agent_name, task=run.task, options={**options, "llm": run.llm})
