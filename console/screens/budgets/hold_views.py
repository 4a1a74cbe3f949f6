"""The open holds of a tenant, and the two ways in which a person closes one that is stuck."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from agents import holds
from budgets.ledger import LedgerError
from budgets.models import Account, Hold
from budgets.money import format_usd
from console.access.requests import TenantRequest, in_tenant
from console.live.feeds import position
from console.screens.budgets.asked import asked_id
from console.screens.budgets.forms import ReasonForm
from console.screens.budgets.selectors_holds import described, find_hold, holds_page
from console.screens.budgets.tables import HoldsTable
from console.screens.frame import frame


@in_tenant("view")
def list_holds(request: TenantRequest) -> HttpResponse:
    """Every open hold, or those that bind one account."""
    live = position(request.tenant.pk)
    account = _account(request)
    found = holds_page(tenant=request.tenant, account=account, now=timezone.now(), number=request.GET.get("page", 1))
    context = {
        **frame(request, active="budgets"),
        "live": live,
        "account": account,
        "found": found,
        "page": found.page,
        "table": HoldsTable(found.holds),
    }
    return render(request, "budgets/holds.html", context)


@in_tenant("edit_budgets", "GET", "HEAD", "POST")
def release_hold(request: TenantRequest, hold_id: str) -> HttpResponse:
    """Ask why (GET), then give the money back (POST)."""
    return _close(request, hold_id, charge=False)


@in_tenant("edit_budgets", "GET", "HEAD", "POST")
def charge_hold(request: TenantRequest, hold_id: str) -> HttpResponse:
    """Ask why (GET), then book all of it as spent (POST)."""
    return _close(request, hold_id, charge=True)


def _close(request: TenantRequest, hold_id: str, *, charge: bool) -> HttpResponse:
    hold = find_hold(request.tenant, hold_id)
    if hold is None:
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None)
    form.fields["reason"].widget.attrs["autofocus"] = True
    status = 200
    if request.method == "POST" and form.is_valid():
        if said := _done(request, hold, form, charge=charge):
            return render(request, "budgets/_done.html", {"said": said}) if request.htmx else _back(request)
        status = 409
    elif request.method == "POST":
        status = 422
    (open_hold,) = described([hold], now=timezone.now())
    context = {**frame(request, active="budgets"), "each": open_hold, "form": form, "charge": charge}
    return render(request, "budgets/_close.html" if request.htmx else "budgets/close.html", context, status=status)


def _done(request: TenantRequest, hold: Hold, form: ReasonForm, *, charge: bool) -> str:
    """What was done, in a sentence; nothing when it could not be, and the form says why."""
    verb = holds.charge_in_full if charge else holds.release
    try:
        closed = verb(hold=hold, actor=request.user.get_username(), reason=form.cleaned_data["reason"])
    except (holds.HoldRefused, LedgerError) as refused:
        form.add_error(None, str(refused))
        return ""
    if not closed:
        form.add_error(None, "This hold was closed meanwhile; nothing was changed.")
        return ""
    amount = format_usd(hold.amount_nanos)
    return f"{amount} charged in full." if charge else f"{amount} given back."


def _account(request: TenantRequest) -> Account | None:
    wanted = request.GET.get("account", "")
    if not wanted:
        return None
    accounts = Account.objects.for_tenant(request.tenant).select_related("tenant", "surface")
    return get_object_or_404(accounts, pk=asked_id(wanted))


def _back(request: TenantRequest) -> HttpResponse:
    return redirect("budgets:holds", tenant=request.tenant.slug)
