"""What people do with MCP servers: add and remove them, look at them, accept tools of theirs. Each act is a row."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from agents.contracts.specs import Effect, Implementation, McpEndpoint, ToolSpec
from agents.models import McpServer, McpTool, Tool
from agents.secrets.redaction import redacted
from agents.secrets.vault import vault
from agents.tools.catalogue import keep_tool
from agents.tools.mcp.servers import known_servers
from agents.tools.schema import UnusableSchema, check_schema
from budgets import actions

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
LONGEST_NAME = 64


class McpRefused(Exception):
    """What was asked cannot be done; the message is one sentence."""


def add_server(
    *,
    name: str,
    actor: str,
    command: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    url: str = "",
    headers: Mapping[str, str] | None = None,
    timeout_seconds: int = 20,
    reason: str = "",
) -> McpServer:
    """Name a server: a program with its variables, or an address with its headers. Raises McpRefused."""
    environment, headers = dict(environment or {}), dict(headers or {})
    if complaint := _complaint(name, command, environment, url, headers):
        raise McpRefused(complaint)
    transport = "stdio" if command else "http"
    try:
        with transaction.atomic():
            server = McpServer.objects.create(
                name=name,
                transport=transport,
                command=list(command),
                environment=environment,
                url=url,
                headers=headers,
                timeout_seconds=timeout_seconds,
                made_by=actor,
            )
            actions.note(
                actor=actor,
                verb="mcp.add",
                target=f"MCP server {name}",
                reason=reason,
                after={"transport": transport, **_place(server)},
            )
    except IntegrityError as error:
        raise McpRefused(f"There is an MCP server {name} already.") from error
    known_servers.forget()
    return server


def remove_server(*, server: McpServer, actor: str, reason: str) -> None:
    """Take a server away, with the tools of the catalogue that only it has; agents that hold such a tool lose its link.

    A call to it fails from then on; sessions that workers have open end when nobody uses them.
    """
    with transaction.atomic():
        tools = [_forget(row) for row in server.tools.accepted()]
        actions.note(
            actor=actor,
            verb="mcp.remove",
            target=f"MCP server {server.name}",
            reason=reason,
            before={**_place(server), "tools": tools},
        )
        server.delete()
    known_servers.forget()


def accept(
    *,
    tool: McpTool,
    digest: str,
    actor: str,
    effect: Effect | None = None,
    needs_approval: bool | None = None,
    name: str = "",
    reason: str = "",
) -> Tool:
    """Choose a tool as it was seen under this digest: pinned, and in the catalogue for agents to have.

    Without a word on its effect the server's hints decide, see `effect_by_hints`; what acts wants an approval.
    Raises McpRefused when the tool is another one by now.
    """
    effect = effect or effect_by_hints(tool)
    with transaction.atomic():
        row = McpTool.objects.select_for_update(of=("self",)).select_related("server").get(pk=tool.pk)
        if row.digest != digest or row.gone_at is not None:
            raise McpRefused(f"{row.name} is not what you saw any more. Look at the server again.")
        kept = of_catalogue(row)
        spec = ToolSpec(
            name=name or (kept.name if kept else _free_name(row)),
            description=row.description,
            parameters=row.input_schema,
            implementations=(_implementation(row),),
            effect=effect,
            needs_approval=effect != "pure" if needs_approval is None else needs_approval,
        )
        _require_free(spec.name, kept)
        _require_checkable(row)
        keep_tool(spec=spec, origin="mcp", actor=actor)
        before = {"digest": row.accepted_digest} if row.accepted_digest else {}
        row.accepted_digest, row.accepted_by, row.changed_at = row.digest, actor, None
        row.save(update_fields=["accepted_digest", "accepted_by", "changed_at"])
        after = {"digest": row.digest, "effect": effect, "needs_approval": spec.needs_approval, "as": spec.name}
        actions.note(actor=actor, verb="mcp.accept", target=_target(row), reason=reason, before=before, after=after)
        return Tool.objects.get(name=spec.name)


def withdraw(*, tool: McpTool, actor: str, reason: str) -> bool:
    """Take back an acceptance: the tool leaves the catalogue. False when it was not accepted."""
    with transaction.atomic():
        row = McpTool.objects.select_for_update(of=("self",)).select_related("server").get(pk=tool.pk)
        if not row.accepted_digest:
            return False
        name = _forget(row)
        actions.note(
            actor=actor,
            verb="mcp.withdraw",
            target=_target(row),
            reason=reason,
            before={"digest": row.accepted_digest, "as": name},
        )
        row.accepted_digest, row.accepted_by = "", ""
        row.save(update_fields=["accepted_digest", "accepted_by"])
    return True


def ask_look(*, server: McpServer, actor: str) -> bool:
    """Have a worker look at a server within seconds. False for one without accepted tools, which no worker looks at."""
    with transaction.atomic():
        if not server.tools.accepted().exists():
            return False
        McpServer.objects.filter(pk=server.pk).update(looked_at=None)
        actions.note(actor=actor, verb="mcp.look", target=f"MCP server {server.name}")
    return True


def effect_by_hints(tool: McpTool) -> Effect:
    """What is assumed of a tool's effect: pure where the server says that it only reads, unkeyed else.

    ``idempotentHint`` says that a repetition does no harm with the same arguments, not that a key is honoured:
    nobody but a person says "keyed".
    """
    return "pure" if tool.hints.get("readOnlyHint") is True else "unkeyed"


def of_catalogue(tool: McpTool) -> Tool | None:
    """The catalogue's tool that is this one of a server and nothing else."""
    for row in Tool.objects.filter(origin="mcp"):
        links = row.to_spec().implementations
        if len(links) == 1 and links[0].mcp and (links[0].mcp.server, links[0].mcp.tool) == _of(tool):
            return row
    return None


def _of(tool: McpTool) -> tuple[str, str]:
    return tool.server.name, tool.name


def _target(tool: McpTool) -> str:
    return f"{tool.name} of MCP server {tool.server.name}"


def _implementation(tool: McpTool) -> Implementation:
    endpoint = McpEndpoint(server=tool.server.name, tool=tool.name, schema_digest=tool.digest)
    timeout = tool.server.timeout_seconds
    return Implementation(name=tool.server.name, kind="mcp", mcp=endpoint, timeout_seconds=timeout)


def _free_name(tool: McpTool) -> str:
    """Its own name, with the server's before it when another tool has that."""
    own = re.sub(r"[^a-zA-Z0-9_-]+", "_", tool.name)[:LONGEST_NAME]
    taken = Tool.objects.filter(name=own).exists()
    return f"{tool.server.name}_{own}"[:LONGEST_NAME] if taken else own


def _require_free(name: str, kept: Tool | None) -> None:
    """Raises McpRefused for a name that is none, or another tool's."""
    if not NAME.fullmatch(name):
        raise McpRefused("A tool's name has 1 to 64 letters, digits, _ and -.")
    if (kept is None or kept.name != name) and Tool.objects.filter(name=name).exists():
        raise McpRefused(f"There is another tool {name} already; give this one a name of its own.")


def _require_checkable(tool: McpTool) -> None:
    """Raises McpRefused for a tool whose calls could never be checked."""
    try:
        check_schema(tool.input_schema)
    except UnusableSchema as unusable:
        raise McpRefused(f"The schema of {tool.name} cannot be used: {unusable}") from unusable


def _forget(tool: McpTool) -> str:
    """Take it out of the catalogue; returns its name there."""
    kept = of_catalogue(tool)
    if kept is None:
        return ""
    Tool.objects.filter(pk=kept.pk).delete()
    return kept.name


def _place(server: McpServer) -> dict[str, object]:
    """Where a server is, without what may be secret."""
    names = {"environment": sorted(server.environment), "headers": sorted(server.headers)}
    return {"command": server.command, "url": server.url} | {kind: given for kind, given in names.items() if given}


def _complaint(
    name: str, command: Sequence[str], environment: Mapping[str, str], url: str, headers: Mapping[str, str]
) -> str:
    if not NAME.fullmatch(name):
        return "A server's name has 1 to 64 letters, digits, _ and -."
    if bool(command) == bool(url):
        return "A server is either a command or an address."
    if (url and environment) or (command and headers):
        return "Variables belong to a command, headers to an address."
    if any("\x00" in each for each in (*command, *environment.values(), *headers.values())):
        return "A command, a variable or a header has no NUL."
    if wrong := [each for each in environment if not VARIABLE.fullmatch(each)]:
        return f"{wrong[0][:80]!r} is no name of a variable."
    if wrong := [each for each in headers if not HEADER.fullmatch(each)]:
        return f"{wrong[0][:80]!r} is no name of a header."
    vault.refresh()
    if any(redacted(each) != each for each in (*command, *environment.values(), *headers.values(), url)):
        return "This has a secret in it: set it as a secret, and write {secret:NAME} here."
    return _complaint_about(url) if url else ""


def _complaint_about(url: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not url.isascii() or any(letter <= " " for letter in url):
        return "An address begins with http:// or https:// and names a host, in ASCII without spaces."
    return (
        "User and password do not belong into an address; give a header with a secret." if "@" in parts.netloc else ""
    )
