"""Whether a run may start: its words, its LLM, the limits of its tiers, and the money that is left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet

from agents import switches
from agents.contracts.base import JsonObject
from agents.contracts.llms import LLMError, priced_name
from agents.llms import registry
from agents.models import Run
from agents.models.agent import AgentVersion
from agents.secrets.vault import vault
from budgets import clock
from budgets.ledger import AccountBalance, balances, open_accounts
from budgets.limits import Coverage, NoTier, coverage_of, hold_tiers_still
from budgets.models import Surface, Tenant, Tier
from budgets.prices import UnknownPrice, price_for
from budgets.tier_settings import Level
from budgets.tiers import Limits, Refusal, binding, left_nanos
from budgets.unpriced import note_unpriced

MOST_TASK_CHARACTERS = 1_000_000
MOST_NAME_CHARACTERS = 128
AT_WORK = ("queued", "running", "kill_requested")
MINUTE = timedelta(minutes=1)


class LaunchRefused(Exception):
    """A launch that cannot be: the field it is about, one sentence for people, and the LLM that has no price.

    ``again_seconds`` is not None where so many runs are enough for now, and the time is known where it is not 0;
    ``faults`` are what is wrong within an input, by their places.
    """

    def __init__(
        self,
        field: str,
        text: str,
        *,
        unpriced: str = "",
        again_seconds: int | None = None,
        faults: Sequence[JsonObject] = (),
    ) -> None:
        super().__init__(text)
        self.field = field
        self.unpriced = unpriced
        self.again_seconds = again_seconds
        self.faults = faults


@dataclass(frozen=True, slots=True)
class _Counted:
    """A tier that limits how many runs there may be, and the runs that count for it."""

    tier: Tier
    whose: str
    runs: QuerySet[Run]
    parallel_runs: int | None
    launches_per_minute: int | None


def check_words(task: str, user: str, session: str) -> None:
    """Raises LaunchRefused for a task or a name that no run could carry."""
    if not task.strip():
        raise LaunchRefused("task", "Say what the agent shall do.")
    if len(task) > MOST_TASK_CHARACTERS:
        raise LaunchRefused("task", f"The task has {len(task):,} characters; {MOST_TASK_CHARACTERS:,} are the most.")
    for field, name in (("user", user), ("session", session)):
        if len(name) > MOST_NAME_CHARACTERS or not name.isprintable():
            raise LaunchRefused(field, f"Use at most {MOST_NAME_CHARACTERS} printable characters.")


def check_llm(llm: str, tenant: Tenant) -> None:
    """Raises LaunchRefused for an LLM that no vendor serves, or that has no price, which is noted.

    To be called outside the transaction that makes the run: the note stays, the run is not made.
    """
    try:
        vendor, _ = registry.split_reference(llm)
        if absent := registry.missing(vendor, vault.environ()):
            said = f"Set the secret or the environment variable {absent[0]} to use {vendor} LLMs."
            raise LaunchRefused("llm", said)
        price_for(priced_name(llm), clock.now())
    except LLMError as error:
        raise LaunchRefused("llm", str(error)) from error
    except UnknownPrice as unknown:
        note_unpriced(unknown.llm, tenant.slug)
        raise LaunchRefused("llm", str(unknown), unpriced=unknown.llm) from unknown


def admitted(*, tenant: Tenant, surface: Surface, user: str, llm: str, version: AgentVersion) -> Limits:
    """The limits that a new run has. Raises LaunchRefused when a switch or its tiers do not let it start now.

    Inside the transaction that makes the run: until it ends nobody edits these tiers, and nobody else launches
    against them, so that as many start as may, however many ask at once.
    """
    if surface.tenant_id != tenant.pk:
        raise LaunchRefused("surface", f"{surface.slug} is not a surface of {tenant.slug}.")
    tenant.timezone = hold_tiers_still(tenant.pk)
    check_switches(tenant, surface, version)
    coverage = covered(surface, user, llm)
    check_counts(coverage, surface, user)
    return coverage.limits


def covered(surface: Surface, user: str, llm: str) -> Coverage:
    """The tiers of this end user here. Raises LaunchRefused where there are none, or none that allows the LLM."""
    try:
        coverage = coverage_of(surface=surface, user=user)
    except NoTier as missing:
        raise LaunchRefused("surface", str(missing)) from missing
    if not coverage.limits.allows_llm(priced_name(llm)):
        allowed = ", ".join(coverage.limits.allowed_llms)
        raise LaunchRefused("llm", f"The tier of {surface.slug} allows only {allowed}.")
    return coverage


def check_counts(coverage: Coverage, surface: Surface, user: str) -> None:
    """Raises LaunchRefused when as many runs as may are at work, or were launched within a minute."""
    counted = list(_counted(coverage, surface, user))
    list(Tier.objects.select_for_update(no_key=True).filter(pk__in={each.tier.pk for each in counted}).order_by("pk"))
    for each in counted:
        _check_count(each)


def check_switches(tenant: Tenant, surface: Surface, version: AgentVersion) -> None:
    """Raises LaunchRefused when somebody has closed this tenant, surface, agent or one of its tools to runs."""
    tools = switches.tool_names(version)
    met = switches.standing(tenant=tenant, surface=surface, agent=version.agent.name, tools=tools)
    if met:
        raise LaunchRefused("switch", switches.refusal(met[0]))


def check_budget(run: Run, limits: Limits) -> None:
    """The precheck: a run whose accounts have nothing left is refused with the one that binds."""
    accounts = open_accounts(
        tenant=run.tenant,
        surface=run.surface,
        limits=limits,
        run_id=run.id,
        user=run.user,
        session=run.session,
        at=clock.now(),
    )
    bound = binding(balances(accounts))
    if bound is not None and (left_nanos(bound) or 0) <= 0:
        raise LaunchRefused("budget", _exhausted(bound).text)


def _exhausted(bound: AccountBalance) -> Refusal:
    return Refusal(
        account_id=bound.account_id,
        scope=bound.scope,
        limit_nanos=bound.limit_nanos or 0,
        spent_nanos=bound.spent_nanos,
        held_nanos=bound.held_nanos,
        asked_nanos=0,
        resets_at=bound.resets_at,
    )


def _counted(coverage: Coverage, surface: Surface, user: str) -> Iterable[_Counted]:
    """Each tier counts its own runs; where neither the tenant's nor the surface's sets a limit, the usual one holds."""
    of_surface = Run.objects.filter(surface=surface)
    runs: dict[Level, tuple[str, QuerySet[Run]]] = {
        "tenant": ("this tenant", Run.objects.filter(tenant_id=surface.tenant_id)),
        "surface": (f"the surface {surface.slug}", of_surface),
        "user": (f"the user {user}", Run.objects.filter(tenant_id=surface.tenant_id, user=user)),
        "surface_user": (f"the user {user} on {surface.slug}", of_surface.filter(user=user)),
    }
    usual = Limits()
    general = [tier for tier in coverage.tiers if not tier.user]
    for tier in coverage.tiers:
        if {"parallel_runs", "launches_per_minute"} & tier.settings.keys():
            parallel, launches = tier.settings.get("parallel_runs"), tier.settings.get("launches_per_minute")
            yield _Counted(tier, *runs[tier.level], parallel, launches)
    parallel = None if any("parallel_runs" in tier.settings for tier in general) else usual.parallel_runs
    launches = None if any("launches_per_minute" in tier.settings for tier in general) else usual.launches_per_minute
    if parallel is not None or launches is not None:
        yield _Counted(general[-1], *runs["surface"], parallel, launches)


def _check_count(counted: _Counted) -> None:
    most = counted.parallel_runs
    if most is not None and (live := counted.runs.filter(state__in=AT_WORK).count()) >= most:
        said = f"{live} runs of {counted.whose} are at work, and {most} may be at once; again when one ends."
        raise LaunchRefused("budget", said, again_seconds=0)
    most = counted.launches_per_minute
    if most is None:
        return
    since = clock.now() - MINUTE
    recent = list(counted.runs.filter(created_at__gt=since).order_by("-created_at").values_list("created_at")[:most])
    if len(recent) >= most:
        seconds = max(1, int((recent[-1][0] - since).total_seconds()) + 1)
        said = f"{most} runs of {counted.whose} were launched within a minute, the most; again in {seconds} s."
        raise LaunchRefused("budget", said, again_seconds=seconds)
