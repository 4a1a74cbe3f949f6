"""The incident bundle of a run: everything that is known of it, as files that are the same each time they are made."""

import json
import platform
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import django
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model, QuerySet
from django.utils import timezone

from agents.journal.gate import storable
from agents.models import EventRow, HealthChange, KillOrder, Run, StepRow
from agents.tools.affected import standings
from budgets.models import Action, Hold, Tier
from console.streamed import File

Row = TypeVar("Row", bound=Model)

CHUNK = 1_000
MOST_ROWS = 200_000
MOST_CHARACTERS = 256 * 1024 * 1024
"""Of one file; what is left out is said in the README."""
AROUND = timedelta(hours=1)
"""How far before the run and after it the breakers of its tools are shown."""
MOST_CHANGES = 1_000
README = """Incident bundle of run {run}

What watchfloor keeps of this run, as it stood when the bundle was made. Secrets were taken out before they were
stored, and are taken out once more here. Money is in nano-USD (1 USD = 1,000,000,000), times are UTC.

run.json         the run: task, state, reason, answer, limits, cost
config.json      its agent's version with all tools and their implementations, the tiers that cover it, prices used
events.jsonl     the trace, one event a line, in order
steps.jsonl      what was recorded of each step: the checkpoints
effects.jsonl    side effects with their keys and outcomes
approvals.jsonl  what people were asked and said
holds.jsonl      money: each reservation with its usage, price and charge
breakers.jsonl   changes of the breakers of its tools and LLMs, from an hour before it to an hour after it
receipt.json     the kill: requested, acknowledged, stopped
audit.jsonl      every act of a person on it
versions.json    what it ran on

{left_out}
"""


@dataclass
class Bundle:
    """The files of one run; ``left_out`` fills as they are made, and is in the README, the last of them."""

    run: Run
    left_out: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The file's name, the same each time."""
        return f"run-{self.run.pk}.zip"

    def files(self) -> Iterator[File]:
        """Each file with its text, read while it is sent."""
        run = self.run
        yield "run.json", [_json(_row(run))]
        yield "config.json", [_json(self._config())]
        yield "events.jsonl", self._lines("events.jsonl", EventRow.objects.filter(run=run), "seq")
        yield "steps.jsonl", self._lines("steps.jsonl", StepRow.objects.filter(run=run), "number")
        yield "effects.jsonl", self._lines("effects.jsonl", run.effects.all(), "pk")
        yield "approvals.jsonl", self._lines("approvals.jsonl", run.approvals.all(), "pk")
        yield "holds.jsonl", self._lines("holds.jsonl", Hold.objects.of_run(run.pk), "pk")
        yield "breakers.jsonl", [_line(row) for row in self._breakers()]
        yield "receipt.json", [_json(self._receipt())]
        acts = Action.objects.on_run(run.pk).filter(tenant=run.tenant_id)
        yield "audit.jsonl", self._lines("audit.jsonl", acts, "pk")
        yield "versions.json", [_json(_versions())]
        yield "README.txt", [README.format(run=run.pk, left_out="\n".join(self.left_out) or "Nothing was left out.")]

    def _lines(self, name: str, rows: QuerySet[Row], order: str) -> Iterator[str]:
        """A line for each row, as many as there is room for; each chunk is one query, whatever thread asks for it."""
        after, written, characters = None, 0, 0
        while chunk := list((rows.filter(**{f"{order}__gt": after}) if after else rows).order_by(order)[:CHUNK]):
            for row in chunk:
                line = _line(_row(row))
                written, characters = written + 1, characters + len(line)
                if written > MOST_ROWS or characters > MOST_CHARACTERS:
                    self.left_out.append(f"{name} ends after {written - 1:,} lines; there are more.")
                    return
                yield line
            after = getattr(chunk[-1], order)

    def _config(self) -> dict[str, object]:
        run, agent_version = self.run, self.run.version
        tiers = Tier.objects.covering(run.tenant_id, run.surface_id, run.user).select_related("surface", "tenant")
        prices = Hold.objects.of_run(run.pk).exclude(price=None).order_by("llm").values("llm", "price")
        used = {json.dumps(price, sort_keys=True): price for price in prices[:MOST_ROWS]}
        known = ("number", "digest", "origin", "made_by", "note", "created_at")
        made = {name: getattr(agent_version, name) for name in known}
        return {
            "agent": run.agent_name,
            "version": {**made, "spec": agent_version.spec},
            "overrides": run.overrides,
            "limits": run.limits,
            "tiers": [{"tier": str(tier), "settings": tier.settings} for tier in tiers],
            "prices": [used[key] for key in sorted(used)],
            "breakers_now": [_breaker(each) for each in standings(self._links()).values()],
        }

    def _links(self) -> list[str]:
        spec = self.run.version.to_spec()
        links = {f"{tool.name}/{each.name}" for tool in spec.tools for each in tool.implementations}
        return sorted(links | {f"llm/{llm}" for llm in (*spec.llms, self.run.llm)})

    def _breakers(self) -> Iterator[dict[str, object]]:
        """What a link said to the run of another tenant is left out."""
        run = self.run
        until = (run.ended_at or timezone.now()) + AROUND
        changes = HealthChange.objects.filter(link__in=self._links(), at__range=(run.created_at - AROUND, until))
        for change in changes.order_by("at", "pk")[:MOST_CHANGES]:
            own = change.tenant_id in (None, run.tenant_id)
            told = {name: getattr(change, name) for name in ("link", "at", "was", "now", "why", "by")}
            yield {**told, "error": change.error if own else "", "run_id": change.run_id if own else ""}

    def _receipt(self) -> dict[str, object]:
        run = self.run
        if run.kill_requested_at is None:
            return {"killed": False}
        order = KillOrder.objects.filter(pk=run.kill_order_id).first() if run.kill_order_id else None
        return {
            "killed": True,
            "by": run.kill_requested_by,
            "reason": run.kill_reason,
            "requested_at": run.kill_requested_at,
            "acknowledged_at": run.kill_acknowledged_at,
            "stopped_at": run.ended_at,
            "acknowledged_after_ms": _after(run.kill_requested_at, run.kill_acknowledged_at),
            "stopped_after_ms": _after(run.kill_requested_at, run.ended_at),
            "order": _row(order) if order else None,
        }


def _breaker(standing: object) -> dict[str, object]:
    return {name: getattr(standing, name) for name in ("link", "standing", "since_at", "probe_due_at")}


def _after(clicked_at: datetime, moment: datetime | None) -> int | None:
    return None if moment is None else max(0, (moment - clicked_at) // timedelta(milliseconds=1))


def _row(row: Model) -> dict[str, object]:
    """All columns of a row by their names."""
    return {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}


def _versions() -> dict[str, object]:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    applied = MigrationRecorder(connection).applied_migrations()
    return {
        "watchfloor": project["version"],
        "schema": {app: max(name for each, name in applied if each == app) for app in ("agents", "budgets", "console")},
        "python": platform.python_version(),
        "django": django.get_version(),
        "database": connection.vendor,
    }


def _line(value: object) -> str:
    return f"{_clean(value)}\n"


def _json(value: object) -> str:
    return json.dumps(json.loads(_clean(value)), ensure_ascii=False, indent=2) + "\n"


def _clean(value: object) -> str:
    """As JSON without any secret that is known by now."""
    return storable(json.loads(json.dumps(value, cls=DjangoJSONEncoder)))
