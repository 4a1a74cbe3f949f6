"""Template filters over the names of accounts."""

from collections.abc import Iterable

from django import template

from budgets.models import Account, BudgetAlert
from console.screens.budgets.naming import SCOPE_WORDS, subject_of, title_of

register = template.Library()
register.filter("titled", title_of)


@register.filter
def bound(account: Account) -> str:
    """An account among those that a hold binds: "run", "session", "mara", "Free chat", "day", "month"."""
    if account.scope in ("user_day", "surface_day"):
        return subject_of(account)
    return SCOPE_WORDS[account.known_scope].removeprefix("tenant's ")


@register.filter
def newest_id(alerts: Iterable[BudgetAlert]) -> int:
    """The id up to which a page has shown all alerts."""
    return max((alert.pk for alert in alerts), default=0)


@register.filter
def percentages(thresholds: str) -> str:
    """ "50,80,100" as "50 %, 80 %, 100 %"."""
    return ", ".join(f"{percent} %" for percent in thresholds.split(",") if percent)
