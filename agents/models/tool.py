"""The catalogue of tools that agents can be given, and the MCP servers that some come from."""

from typing import Literal, Self

from django.db import models
from django.db.models.functions import Now

from agents.contracts.specs import ToolSpec

ToolOrigin = Literal["library", "config", "openapi", "mcp", "screen"]
TOOL_ORIGINS: tuple[tuple[ToolOrigin, str], ...] = (
    ("library", "the library"),
    ("config", "a config file"),
    ("openapi", "an OpenAPI document"),
    ("mcp", "an MCP server"),
    ("screen", "the console"),
)
TRANSPORTS = (("stdio", "a program on the worker's machine"), ("http", "streamable HTTP"))


class Tool(models.Model):
    """A tool by name. A version of an agent keeps a copy of what it was given: a change here reaches none of them."""

    name = models.SlugField(max_length=64, unique=True)
    spec = models.JSONField()
    digest = models.CharField(max_length=64)
    origin = models.CharField(max_length=20, choices=TOOL_ORIGINS)
    changed_by = models.CharField(max_length=150)
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name

    def to_spec(self) -> ToolSpec:
        return ToolSpec.model_validate(self.spec)


class McpServer(models.Model):
    """An MCP server: a program that workers start, or an address. Values may hold ``{secret:NAME}``."""

    name = models.SlugField(max_length=64, unique=True)
    transport = models.CharField(max_length=10, choices=TRANSPORTS)
    command = models.JSONField(default=list, blank=True)
    environment = models.JSONField(default=dict, blank=True)
    url = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)
    timeout_seconds = models.PositiveIntegerField(default=20)
    enabled = models.BooleanField(default=True)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField(db_default=Now())
    looked_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class McpToolQuerySet(models.QuerySet["McpTool"]):
    """Filters of tools of MCP servers."""

    def accepted(self) -> Self:
        """Those that a person has chosen."""
        return self.exclude(accepted_digest="")

    def amiss(self) -> Self:
        """The alerts: chosen tools whose schema is another one now, or that their server does not list any more."""
        return self.accepted().filter(~models.Q(digest=models.F("accepted_digest")) | models.Q(gone_at__isnull=False))


class McpTool(models.Model):
    """A tool that a server was seen to have. ``accepted_digest`` is of the schema that a person chose it with.

    ``hints`` are what the server claims of its effects.
    """

    server = models.ForeignKey(McpServer, on_delete=models.CASCADE, related_name="tools")
    name = models.CharField(max_length=128)
    description = models.TextField(blank=True)
    input_schema = models.JSONField()
    output_schema = models.JSONField(null=True, blank=True)
    hints = models.JSONField(default=dict, blank=True, db_default=models.Value({}, output_field=models.JSONField()))
    digest = models.CharField(max_length=64)
    accepted_digest = models.CharField(max_length=64, blank=True)
    accepted_by = models.CharField(max_length=150, blank=True)
    found_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)

    objects = McpToolQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["server", "name"], name="mcp_tool_once"),)

    def __str__(self) -> str:
        return f"{self.server_id}/{self.name}"

    @property
    def changed(self) -> bool:
        """Whether it is no longer what was accepted."""
        return bool(self.accepted_digest) and self.accepted_digest != self.digest
