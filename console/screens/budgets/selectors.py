"""What the budgets page reads: the tenant's day and month, and one page of surfaces, users, sessions or runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.core.paginator import Page, Paginator
from django.db.models import BigIntegerField, Case, CharField, Count, F, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from agents.admission import AT_WORK, MINUTE
from agents.contracts.endings import TERMINAL
from agents.models import Run
from budgets.models import Account, BudgetAlert, Surface, Tenant, Tier
from budgets.periods import Window, day_window, month_window, zone
from budgets.tier_settings import limits_of
from budgets.tiers import Limits, Scope
from console.screens.budgets.lines import Line, Used
from console.screens.budgets.naming import covering, origin_of, subject_of
from console.screens.unindexed import number_of, text_of

By = Literal["surface", "user", "session", "run"]
PAGE_ROWS = 50
USERS_BESIDE = 10
MOST_USERS = 500
"""Of those who passed a threshold, and of the newest: all users of most tenants, and few enough for any."""
SHARE_PARTS = 10_000
Counts = dict[tuple[int, str], int]


@dataclass(frozen=True, slots=True)
class BudgetsPage:
    """The tenant's own budgets, and one page of the chosen kind, nearest to their caps first.

    Surfaces are few and come all, and with them the users that are nearest. ``is_cut``: there are more users than were
    looked at; those who passed a threshold and the newest were.
    """

    tenant_lines: list[Line]
    page: "Page[Account] | None"
    lines: list[Line]
    users: list[Line] = field(default_factory=list)
    is_cut: bool = False


class Reading:
    """One look at a tenant's budgets: every table is read once."""

    def __init__(self, tenant: Tenant, now: datetime) -> None:
        self.tenant = tenant
        self.now = now
        tz = zone(tenant.timezone)
        self.day, self.month = day_window(now, tz), month_window(now, tz)
        self._wide = self._wide_accounts()
        self._live, self._recent = _counts(tenant, launched_after=now - MINUTE)
        self._tiers: list[Tier] = []

    def page(self, by: By, *, search: str = "", number: str | int = 1) -> BudgetsPage:
        """The page of this number (the nearest one when it does not exist)."""
        if by == "surface":
            return self._surfaces()
        users = self._users(search) if by == "user" else []
        wanted = users if by == "user" else _nearest_first(self._accounts(by).select_related("surface"))
        page = Paginator(wanted, PAGE_ROWS).get_page(number)
        found = list(page.object_list)
        self._read_tiers({account.user for account in found})
        runs = self._runs(found) if by == "run" else {}
        lines = [self._line_of(account, runs.get(account.subject)) for account in found]
        return BudgetsPage(self._tenant_lines(), page, lines, is_cut=len(users) >= MOST_USERS)

    def _surfaces(self) -> BudgetsPage:
        users = self._users("")[:USERS_BESIDE]
        self._read_tiers({account.user for account in users})
        lines = [self._surface_line(surface) for surface in Surface.objects.for_tenant(self.tenant)]
        beside = [self._line_of(account, None) for account in users]
        return BudgetsPage(self._tenant_lines(), None, sorted(lines, key=_nearness), beside)

    def _wide_accounts(self) -> dict[tuple[str, str], Account]:
        """The accounts of the tenant's day and month, and of its surfaces today."""
        scopes = {"tenant_day": self.day.key, "surface_day": self.day.key, "tenant_month": self.month.key}
        accounts = Account.objects.for_tenant(self.tenant).filter(scope__in=scopes, window__in=set(scopes.values()))
        return {(account.scope, account.subject): account for account in accounts}

    def _users(self, search: str) -> list[Account]:
        """The users of today that are nearest to their caps, at most twice `MOST_USERS`, in three queries.

        Balances are in no index, and to sort the day of a hundred thousand users takes longer than a page may. Who is
        near a cap has passed a threshold; whoever began to spend last is looked at beside them.
        """
        today = Account.objects.for_tenant(self.tenant).filter(scope="user_day", window=self.day.key)
        told = BudgetAlert.objects.filter(
            account__tenant=self.tenant,
            account__scope="user_day",
            account__window=self.day.key,
            fired_at__gte=self.day.start_at,
        )
        # An account may have passed several.
        near = today.filter(pk__in=told.order_by("-fired_at").values("account")[: 4 * MOST_USERS])
        parts = [near, today.order_by("-pk")]
        if search:
            parts.append(today.filter(subject__startswith=search))
        found = {account.pk: account for part in parts for account in part[:MOST_USERS]}
        wanted = [account for account in found.values() if search.casefold() in account.subject.casefold()]
        return sorted(wanted, key=_nearness_of_account)

    def _accounts(self, by: By) -> QuerySet[Account]:
        accounts = Account.objects.for_tenant(self.tenant)
        live = Run.objects.filter(tenant=self.tenant).exclude(state__in=TERMINAL)
        if by == "run":
            return accounts.filter(scope="run", window="", subject__in=live.values("pk"))
        session = Concat(Cast("surface_id", CharField()), Value("/"), F("session"), output_field=CharField())
        return accounts.filter(
            scope="session", window="", subject__in=live.exclude(session="").values_list(session, flat=True)
        )

    def _read_tiers(self, users: Iterable[str]) -> None:
        self._tiers = list(Tier.objects.for_tenant(self.tenant).filter(user__in={"", *users}))

    def _runs(self, accounts: Iterable[Account]) -> Mapping[str, Run]:
        return Run.objects.defer("task", "answer").in_bulk([account.subject for account in accounts])

    def _tenant_lines(self) -> list[Line]:
        windows: dict[Scope, Window] = {"tenant_day": self.day, "tenant_month": self.month}
        own = covering(self._tiers, None, "")
        limits = limits_of(own)
        return [
            Line(
                name=self.tenant.name,
                scope=scope,
                limit_nanos=_limit(self._wide.get((scope, "")), limits, scope),
                origin=origin_of(scope, own, self.tenant, None, ""),
                limits=limits,
                now=self.now,
                account=self._wide.get((scope, "")),
                window=window,
                parallel=_used(own, "parallel_runs", sum(self._live.values())),
                launches=_used(own, "launches_per_minute", sum(self._recent.values())),
            )
            for scope, window in windows.items()
        ]

    def _surface_line(self, surface: Surface) -> Line:
        tiers = covering(self._tiers, surface.pk, "")
        limits = limits_of(tiers)
        account = self._wide.get(("surface_day", str(surface.pk)))
        live, recent = _sum(self._live, surface_id=surface.pk), _sum(self._recent, surface_id=surface.pk)
        own = [tier for tier in tiers if tier.surface_id is not None]
        # As at a launch: where neither the tenant's tier nor the surface's sets a number, the usual one holds here.
        usual = Limits()
        return Line(
            name=surface.name,
            scope="surface_day",
            limit_nanos=_limit(account, limits, "surface_day"),
            origin=origin_of("surface_day", tiers, self.tenant, surface, ""),
            limits=limits,
            now=self.now,
            account=account,
            window=self.day,
            runs_live=live,
            parallel=_used(own, "parallel_runs", live)
            or _unless_set(tiers, "parallel_runs", live, usual.parallel_runs),
            launches=_used(own, "launches_per_minute", recent)
            or _unless_set(tiers, "launches_per_minute", recent, usual.launches_per_minute),
        )

    def _line_of(self, account: Account, run: Run | None) -> Line:
        tiers = covering(self._tiers, account.surface_id, account.user)
        user = account.user
        own = [tier for tier in tiers if tier.user and tier.surface_id is None]
        of_user = account.scope == "user_day"
        live = _sum(self._live, user=user) if of_user else 0
        return Line(
            name=subject_of(account),
            scope=account.known_scope,
            limit_nanos=account.limit_nanos,
            origin=origin_of(account.known_scope, tiers, self.tenant, account.surface, user),
            limits=Limits(**run.limits) if run else limits_of(tiers),
            now=self.now,
            account=account,
            window=self.day if of_user else None,
            run=run,
            runs_live=live,
            parallel=_used(own, "parallel_runs", live) if of_user else None,
            launches=_used(own, "launches_per_minute", _sum(self._recent, user=user)) if of_user else None,
        )


def line_of(account: Account, now: datetime) -> Line:
    """One account by itself, as it stands; its window may be over."""
    tiers = covering(
        list(Tier.objects.for_tenant(account.tenant).filter(user__in={"", account.user})),
        account.surface_id,
        account.user,
    )
    window = None
    if account.window_start_at and account.window_end_at:
        window = Window(account.window, account.window_start_at, account.window_end_at)
    return Line(
        name=subject_of(account),
        scope=account.known_scope,
        limit_nanos=account.limit_nanos,
        origin=origin_of(account.known_scope, tiers, account.tenant, account.surface, account.user),
        limits=limits_of(tiers),
        now=now,
        account=account,
        window=window,
    )


def _counts(tenant: Tenant, *, launched_after: datetime) -> tuple[Counts, Counts]:
    """The runs at work, and those launched since then, of each user on each surface; one query.

    Each of the two by its own index: one statement that asks for either would walk all runs.
    """
    whose = {"surface_key": number_of("surface_id"), "whose": text_of("user")}
    runs = Run.objects.filter(tenant=tenant).order_by().alias(its_state=text_of("state")).annotate(**whose)
    live = runs.filter(ended_at=None, its_state__in=AT_WORK).values_list("surface_key", "whose", Value(1))
    recent = runs.filter(created_at__gt=launched_after).values_list("surface_key", "whose", Value(0))
    counts: tuple[Counts, Counts] = {}, {}
    for surface_id, user, is_live, count in live.annotate(n=Count("pk")).union(
        recent.annotate(n=Count("pk")), all=True
    ):
        counts[0 if is_live else 1][surface_id, user] = count
    return counts


def _sum(counts: Counts, *, surface_id: int | None = None, user: str | None = None) -> int:
    return sum(
        count
        for (its_surface, its_user), count in counts.items()
        if surface_id in (None, its_surface) and user in (None, its_user)
    )


def _used(tiers: Iterable[Tier], field: str, now: int) -> Used | None:
    """Against the number that one of these tiers sets itself."""
    most = next((tier.settings[field] for tier in tiers if field in tier.settings), None)
    return None if most is None else Used(now, most)


def _unless_set(tiers: Iterable[Tier], field: str, now: int, usual: int) -> Used | None:
    return None if any(field in tier.settings for tier in tiers) else Used(now, usual)


def _limit(account: Account | None, limits: Limits, scope: Scope) -> int | None:
    return account.limit_nanos if account else limits.of(scope)


def _nearest_first(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """By the share of the cap that is spent or held; divided first, so that no product leaves a BIGINT."""
    cap, used = F("limit_nanos") + F("topped_up_nanos"), F("spent_nanos") + F("held_nanos")
    share = Case(
        When(limit_nanos=None, then=Value(-1)),
        When(limit_nanos__lte=-F("topped_up_nanos"), then=Value(SHARE_PARTS)),
        default=used / (cap / Value(SHARE_PARTS) + Value(1)),
        output_field=BigIntegerField(),
    )
    return accounts.order_by(share.desc(), "-spent_nanos", "pk")


def _nearness(line: Line) -> tuple[int, int, str]:
    return _nearest(line.cap_nanos, line.spent_nanos + line.held_nanos, line.name)


def _nearness_of_account(account: Account) -> tuple[int, int, str]:
    return _nearest(account.full_limit_nanos, account.spent_nanos + account.held_nanos, account.subject)


def _nearest(cap_nanos: int | None, used_nanos: int, name: str) -> tuple[int, int, str]:
    """The same order in memory."""
    if cap_nanos is None:
        return 1, -used_nanos, name
    return -(SHARE_PARTS if cap_nanos <= 0 else used_nanos * SHARE_PARTS // cap_nanos), -used_nanos, name
