"""What people do about links: force, let go, probe, set what is slow, leave a note."""

from typing import cast, get_args

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from agents import tool_control
from agents.models import ToolHealth
from agents.tools.breaker import Forced
from console.access.requests import TenantRequest, in_tenant
from console.screens.frame import frame
from console.screens.tools.effect_of import VERBS, forced_otherwise, means
from console.screens.tools.forms import NoteForm, ReasonForm, SlowForm
from console.screens.tools.known import KnownTool, find_tool
from console.screens.tools.one import live_runs_with
from console.screens.tools.selectors import address_of
from console.screens.tools.standing import standing_of

Context = dict[str, object]


@in_tenant("force_tools", "GET", "HEAD", "POST")
def force_link(request: TenantRequest) -> HttpResponse:
    """Say what forcing the link, or letting go of it, would do (GET), then do it (POST)."""
    given = request.POST if request.method == "POST" else request.GET
    link, to = given.get("link", ""), given.get("to", "")
    if to not in get_args(Forced):
        raise Http404
    forced, health = cast(Forced, to), _health()
    tool = _tool_of(link, health)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = _force(link, forced, request.user.get_username(), form.cleaned_data["reason"])
        return _done(request, tool, said, undo=_way_back(tool, link, forced, health))
    form.fields["reason"].widget.attrs["autofocus"] = True
    after = forced_otherwise(tool, health, link, forced, timezone.now())
    context: Context = {
        "tool": tool,
        "link": link,
        "name": link.partition("/")[2],
        "to": forced,
        "verb": VERBS[forced],
        "after": after,
        "means": means(tool, standing_of(tool, health), after, link, forced),
        "live_runs": live_runs_with(tool, request.tenant),
        "form": form,
    }
    return dialog(request, "force", context, status=422 if request.method == "POST" else 200)


@in_tenant("force_tools", "POST")
def probe_link(request: TenantRequest) -> HttpResponse:
    """Have the link tried as soon as may be."""
    link = request.POST.get("link", "")
    tool = _tool_of(link, _health())
    name = link.partition("/")[2]
    if not tool_control.ask_probe(link=link, actor=request.user.get_username()):
        return _done(request, tool, f"Somebody has asked for a probe of {name} already.")
    by = "a worker makes one now" if tool.spec and tool.spec.probe else "the next call to it is the probe"
    return _done(request, tool, f"Probe of {name} asked for: {by}.")


@in_tenant("force_tools", "GET", "HEAD", "POST")
def slow_limit(request: TenantRequest) -> HttpResponse:
    """Ask from when on an answer counts as a failure (GET), then set it (POST)."""
    given = request.POST if request.method == "POST" else request.GET
    link, health = given.get("link", ""), _health()
    tool = _tool_of(link, health)
    form = SlowForm(request.POST if request.method == "POST" else None, initial=_slow_now(link, health))
    if request.method == "POST" and form.is_valid():
        said = _set_slow(link, form, request.user.get_username())
        return _done(request, tool, said)
    form.fields["slow_after_ms"].widget.attrs["autofocus"] = True
    context: Context = {"tool": tool, "link": link, "name": link.partition("/")[2], "form": form}
    return dialog(request, "slow", context, status=422 if request.method == "POST" else 200)


@in_tenant("acknowledge", "POST")
def add_a_note(request: TenantRequest) -> HttpResponse:
    """Leave a word on the tool for this tenant's next operator."""
    tool = find_tool(request.POST.get("tool", ""), _health())
    if tool is None:
        raise Http404
    form = NoteForm(request.POST)
    if not form.is_valid():
        return dialog(request, "note", {"tool": tool, "note_form": form}, status=422)
    tool_control.add_note(
        tenant=request.tenant, tool=tool.name, text=form.cleaned_data["text"], actor=request.user.get_username()
    )
    return redirect(f"{address_of(request.tenant, tool)}#notes")


def _force(link: str, to: Forced, actor: str, reason: str) -> str:
    """What was done, in a sentence."""
    name = link.partition("/")[2]
    if not to:
        done = tool_control.unforce(link=link, actor=actor, reason=reason)
        return f"{name} is let go: its breaker decides." if done else f"{name} was not forced."
    done = tool_control.force(link=link, to=to, actor=actor, reason=reason)
    now = "the only one in use" if to == "only" else f"forced {to}"
    return f"{name} is {now}." if done else f"{name} was {now} already."


def _set_slow(link: str, form: SlowForm, actor: str) -> str:
    limit, reason = form.cleaned_data["slow_after_ms"], form.cleaned_data["reason"]
    tool_control.set_slow_limit(link=link, slow_after_ms=limit, actor=actor, reason=reason)
    name = link.partition("/")[2]
    if limit is None:
        return f"{name} is too slow when its own limit says so."
    return f"An answer of {name} is too slow from {limit:,} ms on." if limit else f"{name} is never too slow."


def _slow_now(link: str, health: dict[str, ToolHealth]) -> dict[str, int | None]:
    row = health.get(link)
    return {"slow_after_ms": row.slow_after_ms if row else None}


def _health() -> dict[str, ToolHealth]:
    return {row.link: row for row in ToolHealth.objects.all()}


def _tool_of(link: str, health: dict[str, ToolHealth]) -> KnownTool:
    """The tool that has this link. Raises Http404 for a link that no chain has."""
    name = link if link.startswith("llm/") else link.partition("/")[0]
    tool = find_tool(name, health)
    if tool is None or link not in tool.links:
        raise Http404
    return tool


def _way_back(tool: KnownTool, link: str, to: Forced, health: dict[str, ToolHealth]) -> dict[str, str]:
    """What to send for the state before; nothing where another link was let go too, or nothing was changed."""
    was = health[link].forced if link in health else ""
    others = any(health[each].forced == "only" for each in tool.links if each in health and each != link)
    if was == to or (others and "only" in (was, to)):
        return {}
    return {"link": link, "to": was, "reason": "Undone right after."}


def _done(request: TenantRequest, tool: KnownTool, said: str, *, undo: dict[str, str] | None = None) -> HttpResponse:
    if request.htmx:
        undo_url = reverse("tools:force", args=[request.tenant.slug]) if undo else ""
        return render(request, "tools/_done.html", {"said": said, "undo_url": undo_url, "undo": undo})
    return redirect(address_of(request.tenant, tool))


def dialog(request: TenantRequest, name: str, context: Context, *, status: int = 200) -> HttpResponse:
    """``tools/_<name>.html``, alone or within a page."""
    around: Context = {
        "tenant": request.tenant,
        "verbs": request.verbs,
        "back": address_of(request.tenant, _of(context)),
    }
    if request.htmx:
        return render(request, f"tools/_{name}.html", {**around, **context}, status=status)
    around |= {**frame(request, active="tools"), "partial": f"tools/_{name}.html"}
    return render(request, "tools/dialog.html", {**around, **context}, status=status)


def _of(context: Context) -> KnownTool:
    return cast(KnownTool, context["tool"])
