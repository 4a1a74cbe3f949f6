"""Brings the database up to the library: the demo shop, its tools, and a version for each agent that changed."""

from datetime import date
from typing import Literal

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from agents.contracts.digest import content_of, spec_digest
from agents.contracts.specs import AgentSpec
from agents.journal.gate import plain
from agents.library.catalogue import bundled
from agents.library.support.seed import seed_shop
from agents.models import Agent, AgentVersion
from agents.models.agent import Origin
from agents.tools.catalogue import fill_from_library
from budgets import actions


def sync_library(*, today: date | None = None) -> None:
    """Seed the demo data once and keep a version of every agent's spec. Safe to call at every start.

    It becomes the current one, unless an operator has put another in its place.

    ``today`` is the day the demo orders end on. Raises LibraryError when the own module is unusable.
    """
    seed_shop(today=today or timezone.localdate())
    for spec in bundled():
        _ship(spec)
    fill_from_library(tool for spec in bundled() for tool in spec.tools)


def keep_version(*, spec: AgentSpec, origin: Origin = "library", made_by: str = "", note: str = "") -> AgentVersion:
    """The version of this very content, made when it is new, and the agent's current one from now on."""
    with transaction.atomic():
        agent = _locked(spec.name)
        version = _stored(agent, spec, origin, made_by=made_by, note=note)
        _make_current(agent, version, origin)
    return version


def apply_version(
    *, spec: AgentSpec, actor: str, reason: str = "", origin: Literal["config", "screen"] = "config"
) -> AgentVersion:
    """Make what an operator wants an agent to be its current version, which the library leaves alone from now on.

    Wanting what the library ships now is the way back: then its next version takes this one's place again.
    """
    shipped = any(spec_digest(each) == spec_digest(spec) for each in bundled() if each.name == spec.name)
    with transaction.atomic():
        before = _locked(spec.name).current
        version = keep_version(spec=spec, origin="library" if shipped else origin, made_by=actor, note=reason)
        actions.note(
            actor=actor,
            verb="agent.version",
            target=f"agent {spec.name}",
            reason=reason,
            before={"version": before.number if before else None},
            after={"version": version.number},
        )
    return version


def _ship(spec: AgentSpec) -> None:
    """Keep the library's version, and make it current where the current one came from the library too."""
    with transaction.atomic():
        agent = _locked(spec.name)
        version = _stored(agent, spec, "library")
        if agent.current is None or agent.current.origin == "library":
            _make_current(agent, version, "library")


def _locked(name: str) -> Agent:
    agent, _ = Agent.objects.get_or_create(name=name)
    return Agent.objects.select_for_update(of=("self",)).select_related("current").get(pk=agent.pk)


def _stored(agent: Agent, spec: AgentSpec, origin: Origin, *, made_by: str = "", note: str = "") -> AgentVersion:
    digest = spec_digest(spec)
    if version := agent.versions.filter(digest=digest).first():
        return version
    newest = agent.versions.aggregate(newest=Max("number"))["newest"] or 0
    content = content_of(spec)
    return AgentVersion.objects.create(
        agent=agent, number=newest + 1, digest=digest, spec=content, origin=origin, made_by=made_by, note=plain(note)
    )


def _make_current(agent: Agent, version: AgentVersion, origin: Origin) -> None:
    if version.origin != origin:
        version.origin = origin
        version.save(update_fields=["origin"])
    if agent.current_id != version.pk:
        agent.current = version
        agent.save(update_fields=["current"])
