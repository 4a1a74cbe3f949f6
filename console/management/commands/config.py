"""Config as code: export, compare and apply a file of tenants, tiers, prices and agents."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from pydantic import JsonValue

from agents.config.apply import PlanChanged, apply, plan_for
from agents.config.content import SECTIONS, Section
from agents.config.database import read_database
from agents.config.document import Document, parse
from agents.config.faults import Refused
from agents.config.plan import Plan
from agents.config.reading import MAX_BYTES
from agents.config.report import fault_json, plan_json, plan_lines
from agents.config.writing import written
from budgets.models import Tenant
from budgets.tier_edits import REASON_MAX_CHARS
from console.terminal.actor import terminal_actor

DIFFERENT = 1
NOT_APPLIED = 1
WRONG = 2
ACTOR_MAX_CHARS = 200


class Command(BaseCommand):
    """`manage.py config export | diff FILE | apply FILE`."""

    help = (
        "Config as code. export prints what the database holds as YAML; diff exits 0 when a file says the same, "
        "1 when it does not, 2 for errors; apply shows the plan, asks, and applies all of it or nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """One verb, and what it needs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="export|diff|apply")
        export = verbs.add_parser("export", help="print the database's content as YAML")
        export.add_argument("--tenant", default="", help="only this tenant, its surfaces and tiers")
        export.add_argument("--only", default="", metavar="SECTIONS", help=f"some of {','.join(SECTIONS)}")
        diff = verbs.add_parser("diff", help="show what applying a file would do")
        change = verbs.add_parser("apply", help="show it, ask, and do it")
        for verb in (diff, change):
            verb.add_argument("file", help="a YAML file; see docs/config.md")
            verb.add_argument("--json", action="store_true", help="print the plan, or the errors, as JSON")
        change.add_argument("--yes", action="store_true", help="do not ask")
        change.add_argument("--reason", default="", help="why; it is kept with each edit of a tier")
        change.add_argument("--actor", default="", help="who; default: the user of the operating system")

    def handle(self, *_args: Any, verb: str, **options: Any) -> None:
        """Errors are one line each on stderr, or JSON on stdout, with exit 2."""
        if verb == "export":
            self._export(options["tenant"], options["only"])
            return
        file, as_json = options["file"], options["json"]
        try:
            if verb == "diff":
                self._diff(file, as_json=as_json)
            else:
                self._apply(options)
        except Refused as refused:
            self._say_faults(refused, file, as_json=as_json)
            raise SystemExit(WRONG) from None
        except DatabaseError as error:
            raise CommandError(f"The database refused, and nothing was applied: {error}", returncode=WRONG) from error

    def _export(self, tenant: str, only: str) -> None:
        if tenant and not Tenant.objects.named(tenant).exists():
            raise CommandError(f"There is no tenant {tenant!r}.", returncode=WRONG)
        self.stdout.write(written(read_database(tenant=tenant, only=_sections(only)).content), ending="")

    def _diff(self, file: str, *, as_json: bool) -> None:
        plan = plan_for(parse(_content(file)))
        self._show(plan, as_json=as_json)
        if plan.differences:
            raise SystemExit(DIFFERENT)

    def _apply(self, options: dict[str, Any]) -> None:
        """The plan that was shown is the plan that is applied: when it has changed, it is shown again."""
        asks = not options["yes"]
        if asks and (options["json"] or not sys.stdin.isatty()):
            raise CommandError("Nobody can be asked here: add --yes to apply without a question.", returncode=WRONG)
        actor = _one_line("actor", options["actor"] or terminal_actor(), ACTOR_MAX_CHARS)
        reason = _one_line("reason", options["reason"] or f"Applied {Path(options['file']).name}.", REASON_MAX_CHARS)
        document = parse(_content(options["file"]))
        plan = plan_for(document)
        while not self._applied(document, plan, options, reason=reason, actor=actor):
            plan = plan_for(document)

    def _applied(self, document: Document, plan: Plan, options: dict[str, Any], *, reason: str, actor: str) -> bool:
        """False when the database has changed since the plan was made."""
        if not options["json"]:
            self._show(plan, as_json=False)
        if plan.differences and not options["yes"] and not self._agreed():
            raise CommandError("Nothing was applied.", returncode=NOT_APPLIED)
        try:
            if plan.differences:
                apply(document, agreed=plan, reason=reason, actor=actor)
        except PlanChanged as changed:
            self.stderr.write(f"{changed} Nothing was applied; it is now:")
            return False
        if options["json"]:
            self._write_json({**plan_json(plan), "applied": bool(plan.differences)})
        elif plan.differences:
            self.stdout.write("Applied.")
        return True

    def _agreed(self) -> bool:
        try:
            return input("Apply? [y/N] ").strip().lower() in ("y", "yes")
        except (EOFError, KeyboardInterrupt):
            return False

    def _show(self, plan: Plan, *, as_json: bool) -> None:
        if as_json:
            self._write_json(plan_json(plan))
            return
        for line in plan_lines(plan):
            self.stdout.write(line)

    def _say_faults(self, refused: Refused, file: str, *, as_json: bool) -> None:
        if as_json:
            self._write_json({"errors": [fault_json(fault, file) for fault in refused.faults]})
            return
        for fault in refused.faults:
            self.stderr.write(fault.in_file(file))

    def _write_json(self, value: dict[str, JsonValue]) -> None:
        self.stdout.write(json.dumps(value, indent=2))


def _content(file: str) -> bytes:
    """As much of the file as shows that it is too large."""
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"Cannot read {file}: {(error.strerror or str(error)).lower()}.", returncode=WRONG) from None


def _sections(only: str) -> list[Section]:
    """The sections that --only names. Raises CommandError for others."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := [name for name in names if name not in SECTIONS]:
        raise CommandError(f"There is no section {unknown[0]!r}; there are: {', '.join(SECTIONS)}.", returncode=WRONG)
    return [section for section in SECTIONS if section in names]


def _one_line(option: str, text: str, most: int) -> str:
    if not text.strip() or not text.isprintable() or len(text) > most:
        raise CommandError(f"--{option}: write one line of at most {most} characters.", returncode=WRONG)
    return text.strip()
