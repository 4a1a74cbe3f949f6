"""Take operations of an OpenAPI document into the catalogue of tools."""

import sys
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from agents.contracts.base import JsonObject
from agents.contracts.specs import ToolSpec
from agents.tools.catalogue import NameTaken, keep_tool, refuse_taken
from agents.tools.openapi.document import MAX_BYTES, BadDocument, read_document
from agents.tools.openapi.operations import Operation, operations
from agents.tools.openapi.tool import Wishes, tool_of
from console.terminal.actor import terminal_actor

ORIGIN: Final = "openapi"


class Command(BaseCommand):
    """`manage.py import_openapi FILE --list`, then `--choose op1,op2`."""

    help = (
        "Reads an OpenAPI document of version 3.0 or 3.1. --list shows its operations; --choose makes tools of some. "
        "What writes needs a person's approval, unless it is named in --without-approval."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which document, which operations, and what its calls carry."""
        parser.add_argument("file", help="JSON or YAML; - reads it from stdin")
        parser.add_argument("--list", action="store_true", help="show the operations and what they would become")
        parser.add_argument(
            "--choose", default="", metavar="OP,OP", help="operation ids, or the names that --list shows"
        )
        parser.add_argument("--base-url", default="", help="in place of the document's server")
        for name, what in (("header", "Authorization: Bearer {secret:X}"), ("query", "api_key={secret:X}")):
            parser.add_argument(f"--{name}", action="append", default=[], metavar=what, help="of each call; repeatable")
        parser.add_argument("--prefix", default="", help="before the name of each tool")
        parser.add_argument("--keyed", default="", metavar="OP,OP", help="these honour Idempotency-Key")
        parser.add_argument("--without-approval", default="", metavar="OP,OP", help="these need nobody's leave")

    def handle(self, *_args: Any, file: str, **options: Any) -> None:
        """Exit 1 with one line when something cannot be used; nothing was kept then."""
        try:
            root = read_document(_content(file))
            offered = operations(root)
            if options["choose"]:
                self._keep(root, offered, options)
            else:
                self._list(root, offered, _wishes(offered, options))
        except (BadDocument, NameTaken) as error:
            raise CommandError(str(error)) from None

    def _list(self, root: JsonObject, offered: list[Operation], wishes: Wishes) -> None:
        """Every operation; what cannot be a tool says why."""
        for each in offered:
            self.stdout.write(
                f"{each.name}  {each.method} {each.path}  {each.summary or each.description}"[:160].rstrip()
            )
            try:
                tool_of(root, each, wishes)
            except BadDocument as error:
                self.stdout.write(f"    {error}")
        self.stdout.write(f"{len(offered)} operations. Choose with --choose NAME,NAME.")

    def _keep(self, root: JsonObject, offered: list[Operation], options: dict[str, Any]) -> None:
        wishes = _wishes(offered, options)
        tools = [tool_of(root, each, wishes) for each in _named(offered, options["choose"], "--choose")]
        refuse_taken(names=[tool.name for tool in tools], origin=ORIGIN)
        with transaction.atomic():
            kept = [keep_tool(spec=tool, origin=ORIGIN, actor=terminal_actor()) for tool in tools]
        for tool, is_new in zip(tools, kept, strict=True):
            self.stdout.write(f"{tool.name}  {_facts(tool)}{'' if is_new else '  (as before)'}")


def _facts(tool: ToolSpec) -> str:
    asked = ", asks for approval" if tool.needs_approval else ""
    return f"{tool.effect}{asked}"


def _wishes(offered: list[Operation], options: dict[str, Any]) -> Wishes:
    """What the options say. Raises CommandError for a header or a query that is none."""
    return Wishes(
        base_url=options["base_url"],
        headers=dict(_pair(text, ":", "--header") for text in options["header"]),
        query=dict(_pair(text, "=", "--query") for text in options["query"]),
        prefix=options["prefix"],
        keyed=frozenset(each.name for each in _named(offered, options["keyed"], "--keyed")),
        without_approval=frozenset(
            each.name for each in _named(offered, options["without_approval"], "--without-approval")
        ),
    )


def _pair(text: str, mark: str, option: str) -> tuple[str, str]:
    name, found, value = text.partition(mark)
    if not found or not name.strip() or not value.strip():
        raise CommandError(f"{option}: write NAME{mark}VALUE.")
    return name.strip(), value.strip()


def _named(offered: list[Operation], names: str, option: str) -> list[Operation]:
    """The operations of these names, which may be the document's or the tools'. Raises CommandError."""
    known = {each.identity: each for each in reversed(offered)} | {each.name: each for each in offered}
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in known]:
        raise CommandError(f"{option}: the document has no operation {unknown[0][:80]!r}; see --list.")
    return [known[name] for name in dict.fromkeys(wanted)]


def _content(file: str) -> bytes:
    """As much of the document as shows that it is too large. Raises CommandError."""
    if file == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"Cannot read {file}: {(error.strerror or str(error)).lower()}.") from None
