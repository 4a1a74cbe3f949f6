"""The deterministic critic: what code can check of a draft, code checks."""

from agents.engine.critic import content_checks, language

__all__ = ["content_checks", "language"]
