"""One account: its balance, its ledger, its alerts, and the dialog that tops it up."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from agents.funding import top_up
from agents.models import Run
from budgets.ledger import LedgerError
from budgets.models import Account
from budgets.money import MoneyError, format_usd, parse_usd
from console.access.requests import TenantRequest, in_tenant
from console.live.feeds import position
from console.screens.budgets.asked import asked_id
from console.screens.budgets.capped import missing_nanos
from console.screens.budgets.forms import TopUpForm
from console.screens.budgets.naming import SCOPE_WORDS, title_of
from console.screens.budgets.selectors import line_of
from console.screens.budgets.selectors_account import (
    alerts_of,
    find_account,
    movements,
    waiting_for,
    with_waiting,
)
from console.screens.budgets.tables import MovementsTable
from console.screens.frame import frame

Context = dict[str, object]


@in_tenant("view")
def show_account(request: TenantRequest, account_id: int) -> HttpResponse:
    """The page; older movements by `before`."""
    live = position(request.tenant.pk)
    standing = with_waiting(request.tenant, account_id)
    if standing is None:
        raise Http404
    account, waiting = standing
    before = asked_id(request.GET.get("before", ""))
    found = movements(account, before=before or None)
    context = {
        **frame(request, active="budgets"),
        "live": live,
        "account": account,
        "title": title_of(account),
        "scope_words": SCOPE_WORDS[account.known_scope],
        "line": line_of(account, timezone.now()),
        "closed": _closed(account),
        "waiting": waiting,
        "account_alerts": alerts_of(account),
        "before": before,
        "older_than": found.older_than,
        "table": MovementsTable(found.rows),
    }
    return render(request, "budgets/account.html", context)


@in_tenant("top_up", "GET", "HEAD", "POST")
def top_up_account(request: TenantRequest, account_id: int) -> HttpResponse:
    """Ask how much, why and for how long (GET; with an amount, what it would do), then raise the cap (POST)."""
    account = _account(request, account_id)
    if request.htmx and (request.htmx.target or "").endswith("#top-up-effect"):
        return render(request, "budgets/_effect.html", _effect(request, account, request.GET.get("amount", "")))
    form = TopUpForm(request.POST if request.method == "POST" else None, account=account)
    status = 200
    if request.method == "POST":
        if form.is_valid() and (said := _topped_up(request, account, form)):
            return render(request, "budgets/_done.html", {"said": said}) if request.htmx else _back(request, account)
        status = 422
    typed = request.POST.get("amount", "") if request.method == "POST" else ""
    context = {
        **frame(request, active="budgets"),
        **_effect(request, account, typed),
        "form": form,
        "title": title_of(account),
        "closed": _closed(account),
    }
    return render(request, "budgets/_top_up.html" if request.htmx else "budgets/top_up.html", context, status=status)


def _topped_up(request: TenantRequest, account: Account, form: TopUpForm) -> str:
    """What was done, in a sentence; nothing when the ledger refused, and the form says why."""
    amount_nanos: int = form.cleaned_data["amount"]
    waiting = waiting_for(account, amount_nanos=amount_nanos).count()
    try:
        top_up(
            account=account,
            amount_nanos=amount_nanos,
            reason=form.cleaned_data["reason"],
            actor=request.user.get_username(),
            expires_at=form.expires_at(timezone.now()),
        )
    except LedgerError as refused:
        form.add_error(None, str(refused))
        return ""
    goes_on = f" {waiting} {'run goes' if waiting == 1 else 'runs go'} on." if waiting else ""
    return f"Topped up by {format_usd(amount_nanos)}.{goes_on}"


def _effect(request: TenantRequest, account: Account, typed: str) -> Context:
    """The context of budgets/_effect.html: what a top-up by the typed amount would do."""
    amount_nanos = _amount(typed)
    run = _waits_for(_asked_run(request), account)
    missing = missing_nanos(run, account) if run else 0
    cap_nanos = (account.limit_nanos or 0) + account.topped_up_nanos
    return {
        "account": account,
        "cap_nanos": cap_nanos,
        "amount_nanos": amount_nanos,
        "new_cap_nanos": cap_nanos + amount_nanos,
        "waiting": waiting_for(account, amount_nanos=max(1, amount_nanos)).count(),
        "waiting_run": run,
        "missing_nanos": missing,
        "too_little": bool(amount_nanos and amount_nanos < missing),
    }


def _amount(typed: str) -> int:
    """0 while what is typed is no amount; the field says so when it is sent."""
    try:
        return parse_usd(typed)
    except MoneyError:
        return 0


def _asked_run(request: TenantRequest) -> Run | None:
    """The run from whose page one came."""
    run_id = request.GET.get("run", "").replace("\x00", "")
    return Run.objects.filter(tenant=request.tenant, pk=run_id).first() if run_id else None


def _waits_for(run: Run | None, account: Account) -> Run | None:
    return run if run is not None and run.capped_account_id == account.pk else None


def _account(request: TenantRequest, account_id: int) -> Account:
    account = find_account(request.tenant, account_id)
    if account is None:
        raise Http404
    return account


def _closed(account: Account) -> str:
    """Why it cannot be topped up; empty when it can."""
    if account.limit_nanos is None:
        return "This budget has no limit that could be raised."
    if account.window_end_at is not None and account.window_end_at <= timezone.now():
        return "Its window is over; a top-up would reach nobody."
    return ""


def _back(request: TenantRequest, account: Account) -> HttpResponse:
    if run := _asked_run(request):
        return redirect("runs:detail", tenant=request.tenant.slug, run_id=run.pk)
    return redirect("budgets:account", tenant=request.tenant.slug, account_id=account.pk)
