"""The deterministic critic: what code can check of a draft, code checks."""

from agents.engine.critic import content_checks

__all__ = ["content_checks"]
