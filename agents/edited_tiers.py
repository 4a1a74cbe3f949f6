"""The limits of a tenant's surfaces and users before and after an edit that nobody has made yet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agents.recorded_calls import PastRun
from budgets.models import Account, Surface, Tier
from budgets.tier_settings import limits_of
from budgets.tiers import SCOPES, Limits, Scope


@dataclass(frozen=True, slots=True)
class _Tiers:
    """Asked for many runs: limits differ by surface, and by user where one has a tier."""

    tiers: Sequence[Tier]
    users: frozenset[str]
    known: dict[tuple[int | None, str], Limits] = field(default_factory=dict)

    def limits(self, surface_id: int | None, user: str) -> Limits:
        key = surface_id, user if user in self.users else ""
        if key not in self.known:
            covering = (t for t in self.tiers if t.surface_id in (None, key[0]) and t.user in ("", key[1]))
            self.known[key] = limits_of(covering)
        return self.known[key]

    @property
    def limiting_runs(self) -> set[int | None]:
        """The surfaces whose tier says what a run may cost; None is the tenant's tier."""
        return {each.surface_id for each in self.tiers if not each.user and "run_nanos" in each.settings}


class EditedTiers:
    """Both states of a tenant's tiers: as they are, and with these settings in the place of one tier's."""

    def __init__(self, tier: Tier, settings: Mapping[str, object]) -> None:
        before = list(Tier.objects.for_tenant(tier.tenant))
        edited = Tier(tenant=tier.tenant, surface=tier.surface, user=tier.user, settings=settings)
        after = [*(each for each in before if each.pk != tier.pk), edited]
        users = frozenset(each.user for each in after)
        self.tenant = tier.tenant
        self._before, self._after = _Tiers(before, users), _Tiers(after, users)

    def limits(self, whose: PastRun | Account) -> tuple[Limits, Limits]:
        """Before and after, for a run or for whatever else an account counts."""
        return self._before.limits(whose.surface_id, whose.user), self._after.limits(whose.surface_id, whose.user)

    def scopes(self, runs: Iterable[PastRun]) -> list[Scope]:
        """The scopes whose limit differs for some of these runs, narrow to wide."""
        pairs = {self.limits(run) for run in runs}
        return [scope for scope in SCOPES if any(before.of(scope) != after.of(scope) for before, after in pairs)]

    def left_bare(self) -> list[Surface]:
        """Surfaces on which no run could start any more: nobody would say what one may cost."""
        said, once = self._after.limiting_runs, self._before.limiting_runs
        surfaces = Surface.objects.for_tenant(self.tenant) if None not in said else ()
        return [each for each in surfaces if each.pk not in said and not {each.pk, None}.isdisjoint(once)]
