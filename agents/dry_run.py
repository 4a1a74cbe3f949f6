"""Everything that a launch would check, without a launch: each check with what it says, and nothing is kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db import transaction

from agents.admission import LaunchRefused, check_budget, check_counts, check_llm, check_switches, check_words, covered
from agents.models import Run
from agents.models.agent import AgentVersion
from agents.own_limits import check_own_limits
from agents.secrets.redaction import redacted
from agents.task_input import check_input
from budgets.limits import hold_tiers_still
from budgets.models import Surface, Tenant
from budgets.money import format_usd
from budgets.own_limits import OwnLimits
from budgets.tiers import Limits


@dataclass(frozen=True, slots=True)
class Checked:
    """One check: what was looked at, and the refusal that a launch would meet, or what is well."""

    what: str
    said: str
    refusal: LaunchRefused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A launch that is asked about."""

    tenant: Tenant
    surface: Surface
    version: AgentVersion
    task: str
    user: str = ""
    session: str = ""
    llm: str = ""
    own: OwnLimits = field(default_factory=OwnLimits)

    @property
    def chosen_llm(self) -> str:
        """What would be asked first."""
        return redacted(self.llm.strip()) or self.version.to_spec().llms[0]


def dry_run(wanted: Wanted) -> list[Checked]:
    """All checks, in the order of a launch; those that need a tier are left out where there is none.

    A price that is missing is noted, as a launch would; nothing else is written.
    """
    found = [
        _tried("Task", "It can be given to this agent.", lambda: _check_task(wanted)),
        _tried("LLM", f"{wanted.chosen_llm} is served and has a price.", lambda: _check_llm(wanted)),
    ]
    with transaction.atomic():
        wanted.tenant.timezone = hold_tiers_still(wanted.tenant.pk)
        found.append(_tried("Stops", "None stands in the way.", lambda: _check_stops(wanted)))
        found += _under_its_tier(wanted)
        transaction.set_rollback(True)  # asking accounts that nobody has used opens them
    return found


def _under_its_tier(wanted: Wanted) -> Iterator[Checked]:
    try:
        coverage = covered(wanted.surface, wanted.user, wanted.chosen_llm)
    except LaunchRefused as refusal:
        yield Checked("Tier", str(refusal), refusal)
        return
    yield Checked("Tier", f"It allows {wanted.chosen_llm}.")
    tier, limits = coverage.limits, wanted.own.within(coverage.limits)
    loop = wanted.version.to_spec().limits
    yield _tried("Limits", _limits_said(limits), lambda: check_own_limits(wanted.own, tier=tier, agent=loop))
    yield _tried("Room", "One more run may start now.", lambda: check_counts(coverage, wanted.surface, wanted.user))
    yield _tried("Budgets", "Each has something left.", lambda: check_budget(_unsaved(wanted), limits))


def _check_llm(wanted: Wanted) -> None:
    check_llm(wanted.chosen_llm, wanted.tenant)


def _check_stops(wanted: Wanted) -> None:
    check_switches(wanted.tenant, wanted.surface, wanted.version)


def _check_task(wanted: Wanted) -> None:
    check_words(wanted.task, redacted(wanted.user), redacted(wanted.session))
    check_input(wanted.version.to_spec(), wanted.task)


def _unsaved(wanted: Wanted) -> Run:
    """As much of a run as its budgets ask for."""
    run = Run(tenant=wanted.tenant, surface=wanted.surface, version=wanted.version)
    run.user, run.session = redacted(wanted.user), redacted(wanted.session)
    return run


def _limits_said(limits: Limits) -> str:
    cap = "no cap" if limits.run_nanos is None else f"cap {format_usd(limits.run_nanos)}"
    return f"{cap.capitalize()}, then it {'pauses and asks' if limits.at_cap == 'pause' else 'stops'}."


def _tried(what: str, well: str, check: Callable[[], object]) -> Checked:
    try:
        check()
    except LaunchRefused as refusal:
        return Checked(what, str(refusal), refusal)
    return Checked(what, well)
