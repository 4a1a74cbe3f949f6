"""What is stored of agents, their runs, and what the runs did."""

from agents.models.agent import Agent, AgentVersion
from agents.models.approval import Approval
from agents.models.attachment import Attachment, Blob
from agents.models.effect import Effect
from agents.models.event import EventRow
from agents.models.kill_order import KillOrder
from agents.models.run import Run, RunQuerySet
from agents.models.step import StepRow
from agents.models.switch import Switch
from agents.models.tool_health import ToolHealth

__all__ = [
    "Agent",
    "AgentVersion",
    "Approval",
    "Attachment",
    "Blob",
    "Effect",
    "EventRow",
    "KillOrder",
    "Run",
    "RunQuerySet",
    "StepRow",
    "Switch",
    "ToolHealth",
]
