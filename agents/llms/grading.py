"""The rehearsal's grader: it measures how much of the task an answer takes up, which is no judgement of taste."""

import json
import re

from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, UserMessage
from agents.llms.policy import Conversation, Policy
from agents.llms.result_text import compact

WORD = re.compile(r"[^\W\d_]{4,}")
BEST, WORST = 9, 3
FEW_WORDS = 5


def grade_policy(conversation: Conversation, tools: tuple[ToolSchema, ...]) -> AssistantMessage:
    """From 3 to 9: by the share of the task's longer words that the answer has; 3 for one of a few words."""
    del tools
    asked = next((message.text for message in reversed(conversation) if isinstance(message, UserMessage)), "")
    task, answer = _material(asked)
    wanted, had = _words(task), _words(answer)
    share = len(wanted & had) / len(wanted) if wanted else 1.0
    score = WORST + round((BEST - WORST) * share) if len(had) >= FEW_WORDS else WORST
    reasons = f"It takes up {len(wanted & had)} of the {len(wanted)} longer words of the task."
    return _grade(score, reasons)


def scoring(score: int) -> Policy:
    """Gives this score, whatever it is shown."""

    def answer(conversation: Conversation, tools: tuple[ToolSchema, ...]) -> AssistantMessage:
        del conversation, tools
        return _grade(score, "The rehearsal was told to give this score.")

    return answer


def _grade(score: int, reasons: str) -> AssistantMessage:
    return AssistantMessage(text=compact({"score": score, "reasons": reasons}))


def _material(asked: str) -> tuple[str, str]:
    try:
        given = json.loads(asked)
    except ValueError:
        return "", asked
    return (str(given.get("task", "")), str(given.get("answer", ""))) if isinstance(given, dict) else ("", asked)


def _words(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(text)}
