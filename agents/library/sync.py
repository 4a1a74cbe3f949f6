"""Brings the database up to the library: the demo shop, and a version for each agent spec that changed."""

import hashlib
from datetime import date

import rfc8785
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from agents.contracts.specs import AgentSpec
from agents.library.catalogue import bundled
from agents.library.support.seed import seed_shop
from agents.models import Agent, AgentVersion


def sync_library(*, today: date | None = None) -> None:
    """Seed the demo data once and make every agent's spec its current version. Safe to call at every start.

    ``today`` is the day the demo orders end on. Raises LibraryError when the own module is unusable.
    """
    seed_shop(today=today or timezone.localdate())
    for spec in bundled():
        keep_version(spec=spec)


def keep_version(*, spec: AgentSpec) -> AgentVersion:
    """The version of this very content, made when it is new, and the agent's current one from now on."""
    digest = spec_digest(spec)
    with transaction.atomic():
        agent, _ = Agent.objects.get_or_create(name=spec.name)
        locked = Agent.objects.select_for_update().get(pk=agent.pk)
        version = locked.versions.filter(digest=digest).first()
        if version is None:
            newest = locked.versions.aggregate(newest=Max("number"))["newest"] or 0
            version = AgentVersion.objects.create(
                agent=locked, number=newest + 1, digest=digest, spec=spec.model_dump(mode="json")
            )
        if locked.current_id != version.pk:
            locked.current = version
            locked.save(update_fields=["current"])
    return version


def spec_digest(spec: AgentSpec) -> str:
    """SHA-256 over the spec as canonical JSON (RFC 8785), in hex."""
    return hashlib.sha256(rfc8785.dumps(spec.model_dump(mode="json"))).hexdigest()
