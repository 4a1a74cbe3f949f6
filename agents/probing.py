"""Tries links that are out, without waiting for a run: where a tool has a call that anybody may make at any time."""

import logging

from django.db.models import Q

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.specs import Implementation
from agents.edge import KillSwitch
from agents.engine.ports import ImplementationFailed, Interrupted
from agents.models import ToolHealth
from agents.run_ports.edges import EdgeTools
from agents.runtime import Runtime
from agents.tools.in_use import implementation_of
from agents.tools.known_links import to_breaker
from budgets import clock

logger = logging.getLogger(__name__)
PROBE_SECONDS = 2.0
"""How often each worker looks whether a probe is due."""


def probe_due(at: Runtime) -> list[str]:
    """Probe what is due or asked for, one link after the other; returns the links that this worker probed.

    An LLM, and a tool that acts or has no probe, is probed by the next call that needs it: that one is paid for.
    """
    out = Q(forced="", state__in=("open", "half_open"))
    rows = ToolHealth.objects.filter(out | Q(probe_asked_at__isnull=False)).exclude(link__startswith="llm/")
    return [row.link for row in rows.order_by("link") if not at.warden.leaving and _due(row) and _probe(at, row.link)]


def _due(row: ToolHealth) -> bool:
    return row.probe_asked_at is not None or to_breaker(row).wants_probe(clock.now())


def _probe(at: Runtime, link: str) -> bool:
    found = implementation_of(link)
    if found is None or found[0].effect != "pure" or found[0].probe is None:
        return False
    if not at.health.take_probe(link):
        return False
    probe, implementation = found[0].probe, found[1]
    began = clock.now()
    error = _error_of(at, implementation, probe)
    if error is None:
        return False
    took_ms = int((clock.now() - began).total_seconds() * 1000)
    logger.info("probe of %s: %s", link, error or "it works")
    slow_after_ms = int(implementation.slow_seconds * 1000)
    at.health.record(link, error=error, duration_ms=max(0, took_ms), slow_after_ms=slow_after_ms)
    return True


def _error_of(at: Runtime, implementation: Implementation, arguments: JsonObject) -> str | None:
    """What went wrong, "" when nothing did; None when this worker was stopped meanwhile."""
    call = Call(run_id="", tenant="", call_id="probe", key="")
    try:
        EdgeTools(at, KillSwitch()).invoke(implementation, arguments, call)
    except ToolRefusal:
        return ""
    except ImplementationFailed as failed:
        return failed.error
    except Interrupted:
        return None
    return ""
