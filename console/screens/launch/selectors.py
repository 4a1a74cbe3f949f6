"""What the launch page shows beside the form: agents, limits, money left, tools that are degraded."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from django.db.models import Case, F, FilteredRelation, Q, When
from django.utils import timezone
from django.utils.http import urlencode

from agents.contracts.base import JsonObject
from agents.contracts.specs import AgentSpec
from agents.library.documents.agent import AGENT as DOCUMENT_AGENT
from agents.llms.catalogue import Offer, offers
from agents.models import AgentVersion, ToolHealth
from budgets.limits import NoTier, limits_for, resolved
from budgets.models import Account, Surface, Tenant, Tier
from budgets.tiers import SCOPE_NAMES, Limits, Scope

FIRST_CHOICE = "support-triage"
FILE_TOOLS = frozenset(tool.name for tool in DOCUMENT_AGENT.tools)
"""Tools that do nothing without an attached file."""
MISBEHAVIOURS = (
    ("slow=5", "each answer takes 5 s"),
    ("loop", "the same call again and again"),
    ("loop+slow=5", "the same call again and again, slowly: time to kill it"),
    ("wrong-types", "first arguments of the wrong type"),
    ("invented-tool", "first a tool that does not exist"),
    ("obeys", "makes each call that a tool's output asks for"),
    ("rejected-drafts=1", "a first draft that the critic sends back"),
    ("rejected-drafts", "no draft that the critic accepts"),
    ("half-stream", "stops in mid-answer"),
    ("unavailable", "answers HTTP 503"),
)


@dataclass(frozen=True, slots=True)
class AgentChoice:
    """An agent that can be launched, with what a person needs to choose it.

    ``current`` is its current version, ``versions`` are all in words, the newest first, and ``older`` is what the one
    says that was asked for.
    """

    name: str
    number: int
    spec: AgentSpec
    current: int = 0
    versions: tuple[tuple[int, str], ...] = ()
    older: tuple[int, AgentSpec] | None = None

    @property
    def is_older(self) -> bool:
        """Whether this is not what new runs usually get."""
        return bool(self.current) and self.number != self.current

    @property
    def needs_file(self) -> bool:
        """Whether it could do nothing without a file: it takes files, and all of its tools read them."""
        names = {tool.name for tool in self.spec.tools}
        return bool(self.spec.accepts) and bool(names) and names <= FILE_TOOLS

    @property
    def example_query(self) -> str:
        """What fills the launch page in with this agent's example."""
        return urlencode({"agent": self.name, "task": self.spec.example_task})


class _Version(NamedTuple):
    """A version as it is read; ``said`` only of those whose content is wanted."""

    number: int
    note: str
    is_current: bool
    said: JsonObject | None

    @property
    def words(self) -> str:
        """How it stands in the list to choose from."""
        said = f": {self.note[:60]}" if self.note else ""
        return f"{self.number}, the current one" if self.is_current else f"{self.number}, not current{said}"


@dataclass(frozen=True, slots=True)
class SurfaceChoice:
    """A surface with the limits that bind the end user there."""

    slug: str
    name: str
    limits: Limits
    surface: Surface


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """One budget that the run would count against, in nano-USD; without a limit, only what was spent."""

    scope: Scope
    limit_nanos: int | None
    spent_nanos: int
    held_nanos: int
    resets_at: datetime | None

    @property
    def name(self) -> str:
        """The budget in words."""
        return SCOPE_NAMES[self.scope].removeprefix("this ").capitalize()

    @property
    def left_nanos(self) -> int | None:
        """What new calls may still reserve; None without a limit."""
        if self.limit_nanos is None:
            return None
        return max(0, self.limit_nanos - self.spent_nanos - self.held_nanos)


@dataclass(frozen=True, slots=True)
class DegradedLink:
    """One link of a tool's chain that is not served now; why, when a person forced it.

    What the link itself said is not told: it may quote a run of another tenant.
    """

    tool: str
    implementation: str
    forced: bool
    reason: str


def agent_choices(wanted: str = "", number: int | None = None) -> list[AgentChoice]:
    """Every agent with a version, by name; the wanted one with all its versions and, of another than its current
    one, what that one says. One query.
    """
    whole = Q(current_of__isnull=False) | Q(agent__name=wanted, number=number or 0)
    rows = (
        AgentVersion.objects.filter(Q(current_of__isnull=False) | Q(agent__name=wanted))
        .annotate(is_current=Q(current_of__isnull=False), said=Case(When(whole, then="spec")))
        .order_by("agent__name", "-number")
        .values_list("agent__name", "number", "note", "is_current", "said")
    )
    by_name = groupby(rows, key=itemgetter(0))
    found = (_choice(name, [_Version(*row[1:]) for row in versions]) for name, versions in by_name)
    return [choice for choice in found if choice]


def at_version(choice: AgentChoice | None, number: int | None) -> AgentChoice | None:
    """The agent as one of its versions says; None when it has no such version, or none that was asked for."""
    if choice is None or number is None or number == choice.number:
        return choice
    if choice.older is None or choice.older[0] != number:
        return None
    return replace(choice, number=number, spec=choice.older[1])


def first_choice(choices: Sequence[AgentChoice]) -> str:
    """The agent that a fresh form has chosen."""
    names = [choice.name for choice in choices]
    return FIRST_CHOICE if FIRST_CHOICE in names else next(iter(names), "")


def llm_offers(agent: AgentChoice | None, environ: Mapping[str, str]) -> list[Offer]:
    """What the LLM field suggests: what has a key, and the chosen agent's rehearsal with what can go wrong in it."""
    rehearsals = [llm for llm in (agent.spec.llms if agent else ()) if llm.startswith("rehearsal:")]
    known = offers(environ)
    own = [offer for offer in known if offer.llm in rehearsals]
    wrong = [Offer(f"{each.llm}+{word}", label, is_rehearsal=True) for each in own[:1] for word, label in MISBEHAVIOURS]
    return [*own, *wrong, *(offer for offer in known if offer not in own)]


def surface_choices(tenant: Tenant, user: str = "") -> list[SurfaceChoice]:
    """The tenant's surfaces that have a tier for this end user; one without could not be launched on. One query."""
    of_surface = Q(tenant__tiers__surface=None) | Q(tenant__tiers__surface=F("pk"))
    covering = FilteredRelation("tenant__tiers", condition=Q(tenant__tiers__user__in={"", user}) & of_surface)
    rows = Surface.objects.for_tenant(tenant).annotate(tier=covering).order_by("slug", "tier__pk")
    columns = ("pk", "slug", "name", "tier__surface_id", "tier__user", "tier__settings")
    choices = []
    for (pk, slug, name), found in groupby(rows.values_list(*columns), key=itemgetter(0, 1, 2)):
        surface = Surface(pk=pk, slug=slug, name=name, tenant=tenant)
        tiers = [Tier(tenant=tenant, surface_id=at, user=whose, settings=said or {}) for *_, at, whose, said in found]
        with contextlib.suppress(NoTier):
            choices.append(SurfaceChoice(slug, name, resolved(tiers, surface), surface))
    return choices


def surface_named(choices: Iterable[SurfaceChoice], slug: str) -> SurfaceChoice | None:
    """The surface of this name, if it is one of them."""
    return next((choice for choice in choices if choice.slug == slug), None)


def limits_or_none(surface: Surface, user: str) -> Limits | None:
    """The limits that bind this end user here; None where nobody has set any."""
    try:
        return limits_for(surface=surface, user=user)
    except NoTier:
        return None


def budgets_left(*, surface: Surface, limits: Limits, user: str, session: str) -> list[BudgetLeft]:
    """The budgets a launch would count against, narrow to wide; accounts that nobody used yet are full."""
    subjects: dict[Scope, str] = {"tenant_month": "", "tenant_day": "", "surface_day": str(surface.pk)}
    if user:
        subjects["user_day"] = user
    if session:
        subjects["session"] = f"{surface.pk}/{session}"
    found = {account.known_scope: account for account in _accounts(surface.tenant, subjects)}
    return [_left(scope, limits, found.get(scope)) for scope in reversed(subjects)]


def degraded_links(spec: AgentSpec) -> list[DegradedLink]:
    """The links of this agent's tools whose breaker is not closed."""
    links = {f"{tool.name}/{link.name}" for tool in spec.tools for link in tool.implementations}
    unhealthy = ToolHealth.objects.filter(link__in=links).filter(
        Q(forced="open") | Q(forced="", state__in=("open", "half_open"))
    )
    return [_degraded(health) for health in unhealthy.order_by("link")]


def named(choices: Iterable[AgentChoice], name: str) -> AgentChoice | None:
    """The agent of this name, if it is one of them."""
    return next((choice for choice in choices if choice.name == name), None)


def _choice(name: str, versions: Sequence[_Version]) -> AgentChoice | None:
    current = next((each for each in versions if each.is_current), None)
    if current is None or current.said is None:
        return None
    spec = AgentSpec.model_validate(current.said)
    older = next((each for each in versions if each.said is not None and not each.is_current), None)
    return AgentChoice(
        name=name,
        number=current.number,
        spec=spec,
        current=current.number,
        versions=tuple((each.number, each.words) for each in versions),
        older=(older.number, AgentSpec.model_validate(older.said)) if older else None,
    )


def _accounts(tenant: Tenant, subjects: dict[Scope, str]) -> Iterable[Account]:
    wanted = Q()
    for scope, subject in subjects.items():
        wanted |= Q(scope=scope, subject=subject)
    return Account.objects.for_tenant(tenant).open_at(timezone.now()).filter(wanted)


def _left(scope: Scope, limits: Limits, account: Account | None) -> BudgetLeft:
    limit_nanos = limits.of(scope)
    if account is None:
        return BudgetLeft(scope, limit_nanos, 0, 0, None)
    if limit_nanos is not None:
        limit_nanos += account.topped_up_nanos
    return BudgetLeft(scope, limit_nanos, account.spent_nanos, account.held_nanos, account.window_end_at)


def _degraded(health: ToolHealth) -> DegradedLink:
    tool, _, implementation = health.link.partition("/")
    return DegradedLink(tool, implementation, health.forced == "open", health.forced_reason)
