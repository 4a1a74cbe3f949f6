"""Turns what a person typed into a launch: names into rows, file names into uploads."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from agents.admission import LaunchRefused
from agents.library.documents.upload import UploadRefused
from agents.lifecycle import Upload, current_version, launch
from agents.models import Agent, Run
from agents.models.agent import AgentVersion
from budgets.models import Surface, Tenant
from budgets.money import MoneyError, parse_usd
from budgets.own_limits import OwnLimits
from console.uploads import checked_upload

EXIT_CODES: dict[str, int] = {"completed": 0, "flagged": 3, "degraded": 3, "refused": 4, "killed": 5}
FAILED = 1
REFUSED = 4
WRONG_INPUT = 2
MOST_DIGITS = 10
PREFERRED_SURFACE = "internal-batch"

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options of the launch command, as typed; empty means: choose for me."""

    agent: str
    task: str
    tenant: str = ""
    surface: str = ""
    user: str = ""
    session: str = ""
    llm: str = ""
    agent_version: str = ""
    cap: str = ""
    turns: str = ""
    seconds: str = ""
    attach: tuple[str, ...] = ()


def launch_wanted(wanted: Wanted, *, actor: str) -> Run:
    """Launch it. Raises LaunchRefused naming the option that is wrong."""
    tenant, agent = _tenant(wanted.tenant), _agent(wanted.agent)
    version = _version(agent, wanted.agent_version)
    return launch(
        tenant=tenant,
        surface=_surface(tenant, wanted.surface),
        agent=agent,
        task=wanted.task,
        actor=actor,
        user=wanted.user,
        session=wanted.session,
        llm=wanted.llm,
        attachments=[_upload(name, version) for name in wanted.attach],
        version=version,
        own=_own_limits(wanted),
    )


def _tenant(slug: str) -> Tenant:
    known = list(Tenant.objects.order_by("slug"))
    return _chosen("tenant", slug, {tenant.slug: tenant for tenant in known})


def _surface(tenant: Tenant, slug: str) -> Surface:
    known = {surface.slug: surface for surface in Surface.objects.for_tenant(tenant).order_by("slug")}
    return _chosen("surface", slug or (PREFERRED_SURFACE if PREFERRED_SURFACE in known else ""), known)


def _agent(name: str) -> Agent:
    known = Agent.objects.filter(current__isnull=False).select_related("current").order_by("name")
    return _chosen("agent", name, {agent.name: agent for agent in known})


def _version(agent: Agent, number: str) -> AgentVersion:
    if not number:
        return current_version(agent)
    known = {str(version.number): version for version in agent.versions.select_related("agent").order_by("number")}
    return _chosen("agent-version", number, known)


def _own_limits(wanted: Wanted) -> OwnLimits:
    try:
        cap_nanos = parse_usd(wanted.cap) if wanted.cap else None
    except MoneyError as error:
        raise LaunchRefused("cap", str(error)) from None
    turns, seconds = _number("turns", wanted.turns), _number("seconds", wanted.seconds)
    return OwnLimits(run_nanos=cap_nanos, max_turns=turns, max_seconds=seconds)


def _number(field: str, text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) < MOST_DIGITS):
        raise LaunchRefused(field, "Enter a whole number.")
    return int(text) if text else None


def _chosen(field: str, wanted: str, known: dict[str, Row]) -> Row:
    if not known:
        raise LaunchRefused(field, f"There is no {field} yet.")
    if not wanted:
        return next(iter(known.values()))
    if wanted not in known:
        raise LaunchRefused(field, f"There is no {field} {wanted!r}; there are: {', '.join(known)}.")
    return known[wanted]


def _upload(name: str, version: AgentVersion) -> Upload:
    accepts = version.to_spec().accepts
    path = Path(name)
    try:
        return checked_upload(name=path.name, content=path.read_bytes(), accepts=accepts)
    except UploadRefused as refusal:
        raise LaunchRefused("attachments", str(refusal)) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise LaunchRefused("attachments", f"Cannot read {name}: {reason}.") from None
