"""What the tiers' pages read: every tier of a tenant, and the story of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.utils import timezone

from agents.models import EventRow
from agents.what_if import StoppedRun
from budgets.models import Surface, Tenant, Tier, TierEdit
from console.screens.tiers.place import Place
from console.screens.tiers.present import Present, present
from console.screens.tiers.settings import SETTINGS, Setting

OVERRIDES_A_PAGE = 50
SHOWN = 8
WHY = {
    "run": "the run's cap",
    "session": "the session's limit",
    "user_day": "the user's day",
    "surface_day": "the surface's day",
    "tenant_day": "the tenant's day",
    "tenant_month": "the tenant's month",
    "turns": "its turns",
    "seconds": "its time",
}
FRESH = timedelta(minutes=1)
ID_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Line:
    """One tier in the list."""

    place: Place
    cells: Sequence[Present]
    edits: int
    ends_at: datetime | None

    @property
    def edit_href(self) -> str:
        """Its form."""
        return self.place.href("edit")

    @property
    def history_href(self) -> str:
        """Its edits."""
        return self.place.href("history")


@dataclass(frozen=True, slots=True)
class StoppedLine:
    """A run that would have been stopped, with the row of its trace that it would have stopped at."""

    stopped: StoppedRun
    surface: str
    span_id: str

    @property
    def why_words(self) -> str:
        """What would have stopped it."""
        return WHY.get(self.stopped.why, "")


@dataclass(frozen=True, slots=True)
class TierList:
    """The tenant's tier, those of its surfaces, and one page of its users'."""

    everybody: Sequence[Line]
    overrides: Sequence[Line]
    page: "Page[Tier]"
    columns: Sequence[str]


def tier_list(tenant: Tenant, number: str) -> TierList:
    """All tiers; a surface without one stands there too, with what it inherits."""
    tiers = list(Tier.objects.for_tenant(tenant).select_related("surface", "tenant"))
    general = {each.surface_id: each for each in tiers if not each.user}
    surfaces: list[Surface | None] = [None, *Surface.objects.for_tenant(tenant)]
    everybody = [
        general.get(surface.pk if surface else None) or Tier(tenant=tenant, surface=surface) for surface in surfaces
    ]
    users = Tier.objects.for_tenant(tenant).exclude(user="").select_related("surface", "tenant")
    page = Paginator(users.order_by("user", "surface__slug"), OVERRIDES_A_PAGE).get_page(number)
    edits = _edits([each.pk for each in (*everybody, *page.object_list) if each.pk])
    cheaper = any(each.settings.get("cheaper_llm") for each in tiers)
    shown = [setting for setting in SETTINGS.values() if cheaper or setting.name != "cheaper_llm"]
    return TierList(
        everybody=[_line(tier, tiers, edits, shown) for tier in everybody],
        overrides=[_line(tier, tiers, edits, shown) for tier in page.object_list],
        page=page,
        columns=[setting.column for setting in shown],
    )


def present_at(place: Place) -> dict[str, Present]:
    """Every setting at a place, as it is now."""
    return dict(present(place, list(Tier.objects.for_tenant(place.tenant))))


def edits_of(place: Place) -> Sequence[TierEdit]:
    """All edits of one tier: they are made by hand, and there are as many as people made."""
    return list(TierEdit.objects.filter(tier_id=place.tier.pk).order_by("pk"))


def just_saved(tenant: Tenant, given: str) -> TierEdit | None:
    """The edit of this id, as long as it is fresh and counts: what the note with its undo is about."""
    if not given.isdecimal() or len(given) > ID_DIGITS:
        return None
    fresh = timezone.now() - FRESH
    edits = TierEdit.objects.for_tenant(tenant).filter(pk=int(given), lapsed_at=None, made_at__gt=fresh)
    return edits.select_related("tier__surface", "tier__tenant").first()


def stopped_lines(tenant: Tenant, stopped: Sequence[StoppedRun]) -> list[StoppedLine]:
    """The newest of them, each with the row of its trace: the call that would have been refused."""
    shown = stopped[:SHOWN]
    surfaces = dict(Surface.objects.for_tenant(tenant).values_list("pk", "slug"))
    placed = EventRow.objects.filter(run_id__in=[each.run.pk for each in shown], kind="hold.placed")
    spans = {event.data.get("hold"): event.span_id for event in placed}
    return [StoppedLine(each, surfaces.get(each.run.surface_id, ""), spans.get(each.hold_id, "")) for each in shown]


def _edits(tier_ids: Sequence[int]) -> dict[int, list[TierEdit]]:
    found: dict[int, list[TierEdit]] = {}
    for edit in TierEdit.objects.filter(tier_id__in=tier_ids).order_by("pk"):
        found.setdefault(edit.tier_id, []).append(edit)
    return found


def _line(tier: Tier, tiers: Sequence[Tier], edits: dict[int, list[TierEdit]], shown: Sequence[Setting]) -> Line:
    place, own = Place(tier), edits.get(tier.pk or 0, [])
    cells = present(place, tiers)
    ends = [each.expires_at for each in own if each.lapsed_at is None and each.expires_at is not None]
    return Line(place, [cells[setting.name] for setting in shown], len(own), min(ends, default=None))
