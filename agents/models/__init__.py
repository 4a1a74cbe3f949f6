"""What is stored of agents, their runs, and what the runs did."""

from agents.models.agent import Agent, AgentVersion
from agents.models.approval import Approval, ApprovalLook, ApprovalRule, ApprovalVote
from agents.models.attachment import Attachment, Blob
from agents.models.effect import Effect
from agents.models.event import EventRow
from agents.models.kill_order import KillOrder
from agents.models.run import Run, RunQuerySet
from agents.models.secret import Secret
from agents.models.step import StepRow
from agents.models.switch import Switch
from agents.models.tool import McpServer, McpTool, Tool
from agents.models.tool_health import HealthChange, LinkMinute, LinkTrouble, ToolHealth, ToolNote

__all__ = [
    "Agent",
    "AgentVersion",
    "Approval",
    "ApprovalLook",
    "ApprovalRule",
    "ApprovalVote",
    "Attachment",
    "Blob",
    "Effect",
    "EventRow",
    "HealthChange",
    "KillOrder",
    "LinkMinute",
    "LinkTrouble",
    "McpServer",
    "McpTool",
    "Run",
    "RunQuerySet",
    "Secret",
    "StepRow",
    "Switch",
    "Tool",
    "ToolHealth",
    "ToolNote",
]
