"""MCP servers from the terminal: add one, look at what it has, accept tools of it for agents."""

import shlex
from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.contracts.specs import Effect
from agents.models import McpServer, McpTool
from agents.tools.mcp.failures import LookFailed
from agents.tools.mcp.look import look
from agents.tools.mcp.verbs import McpRefused, accept, add_server, effect_by_hints, remove_server, withdraw
from console.terminal.actor import terminal_actor


class Command(BaseCommand):
    """`manage.py mcp list | add NAME ... | look NAME | tools [NAME] | accept NAME TOOL | remove NAME [TOOL]`."""

    help = "Add, look at and remove MCP servers, and accept tools of theirs, pinned to the schema that was seen."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which server, and what of it."""
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", help="the servers, and what is amiss with them")
        _arguments_of_add(acts.add_parser("add", help="name a server"))
        acts.add_parser("look", help="start or call it, and keep what it lists").add_argument("server")
        acts.add_parser("tools", help="what was seen of them").add_argument("server", nargs="?", default="")
        accepted = acts.add_parser("accept", help="choose a tool as it was seen last")
        accepted.add_argument("server")
        accepted.add_argument("tool")
        accepted.add_argument("--as", dest="name", default="", help="its name for agents; else its own")
        accepted.add_argument("--effect", choices=get_args(Effect), help="what it does; else what the server hints at")
        accepted.add_argument("--no-approval", action="store_true", help="let it act without asking anybody")
        removed = acts.add_parser("remove", help="take away a server, or one tool's acceptance")
        removed.add_argument("server")
        removed.add_argument("tool", nargs="?", default="")
        removed.add_argument("--reason", required=True, help="why; it is kept")

    def handle(self, *_args: Any, act: str, **options: Any) -> None:
        """Exit 1 with one line for what cannot be done."""
        acts = {"list": self._list, "add": self._add, "look": self._look, "tools": self._tools}
        acts |= {"accept": self._accept, "remove": self._remove}
        try:
            acts[act](options)
        except (McpRefused, LookFailed) as error:
            raise CommandError(str(error)) from None

    def _list(self, _options: dict[str, Any]) -> None:
        for server in McpServer.objects.order_by("name"):
            place = server.url or " ".join(server.command)
            tools = server.tools.count()
            chosen = server.tools.accepted().count()
            off = "" if server.enabled else ", switched off"
            self.stdout.write(f"{server.name}  {place}, {_tools(tools)}, {chosen} accepted{off}")
            if server.error:
                self.stdout.write(f"  {server.error}")
            for tool in server.tools.amiss():
                self.stdout.write(
                    f"  ! {tool.name} {'is gone' if tool.gone_at else 'has changed'} since it was accepted"
                )
        if not McpServer.objects.exists():
            self.stdout.write("There is no MCP server; see: mcp add --help.")

    def _add(self, options: dict[str, Any]) -> None:
        server = add_server(
            name=options["server"],
            actor=terminal_actor(),
            command=_words(options["command"]),
            environment=_pairs(options["env"]),
            url=options["url"],
            headers=_pairs(options["header"]),
            timeout_seconds=options["timeout"],
        )
        self.stdout.write(f"{server.name} is added. Look at it next: mcp look {server.name}")

    def _look(self, options: dict[str, Any]) -> None:
        server = _server(options["server"])
        found = look(server=server, actor=terminal_actor())
        server.refresh_from_db()
        self.stdout.write(f"{server.name} lists {_tools(found)}. {server.error}".strip())

    def _tools(self, options: dict[str, Any]) -> None:
        rows = McpTool.objects.select_related("server").order_by("server__name", "name")
        for tool in rows.filter(server=_server(options["server"])) if options["server"] else rows:
            self.stdout.write(f"{tool.server.name}  {tool.name}  {_standing(tool)}  {_first_line(tool.description)}")

    def _accept(self, options: dict[str, Any]) -> None:
        tool = _tool(options)
        kept = accept(
            tool=tool,
            digest=tool.digest,
            actor=terminal_actor(),
            effect=options["effect"],
            needs_approval=False if options["no_approval"] else None,
            name=options["name"],
        )
        spec = kept.to_spec()
        asks = "asks for approval" if spec.needs_approval else "asks nobody"
        self.stdout.write(f"{tool.name} of {tool.server.name} is the tool {kept.name} now: {spec.effect}, {asks}.")

    def _remove(self, options: dict[str, Any]) -> None:
        actor, reason = terminal_actor(), options["reason"].strip()
        if not reason:
            raise CommandError("Give a reason; it is kept.")
        if not options["tool"]:
            server = _server(options["server"])
            remove_server(server=server, actor=actor, reason=reason)
            self.stdout.write(f"{server.name} is removed.")
            return
        tool = _tool(options)
        if not withdraw(tool=tool, actor=actor, reason=reason):
            raise CommandError(f"{tool.name} of {tool.server.name} was not accepted.")
        self.stdout.write(f"{tool.name} of {tool.server.name} is not accepted any more.")


def _arguments_of_add(added: CommandParser) -> None:
    added.add_argument("server", help="its name")
    added.add_argument("--url", default="", help="its address, for streamable HTTP")
    added.add_argument("--header", action="append", default=[], help="NAME=VALUE; {secret:NAME} in it is filled in")
    added.add_argument("--command", default="", help="the program and its arguments, quoted as in a shell")
    added.add_argument("--env", action="append", default=[], help="NAME=VALUE; {secret:NAME} in it is filled in")
    added.add_argument("--timeout", type=int, default=20, help="seconds that it may take to start and to answer")


def _server(name: str) -> McpServer:
    found = McpServer.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"There is no MCP server {name}; see: mcp list.")
    return found


def _tool(options: dict[str, Any]) -> McpTool:
    server = _server(options["server"])
    found = server.tools.select_related("server").filter(name=options["tool"]).first()
    if found is None:
        raise CommandError(
            f"{server.name} was not seen to have a tool {options['tool']}; see: mcp tools {server.name}."
        )
    return found


def _standing(tool: McpTool) -> str:
    if tool.gone_at:
        return "gone"
    if tool.changed:
        return "changed"
    return "accepted" if tool.accepted_digest else f"({effect_by_hints(tool)})"


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise CommandError(f"The command cannot be read: {error}.") from error


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise CommandError(f"Write NAME=VALUE, not {wrong[0]!r}.")
    return {name: value for name, _, value in pairs}


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:80]


def _tools(count: int) -> str:
    return "1 tool" if count == 1 else f"{count:,} tools"
