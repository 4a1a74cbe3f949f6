"""The LLMs that really answered in a run, in the order of their first answer."""

from collections.abc import Iterable

from django.db.models import Min

from agents.contracts.base import JsonObject
from agents.models import EventRow
from console.live.json_text import JsonText
from console.live.payload import text


def served_before(run_id: str, seq: int) -> list[str]:
    """Those that answered before an event."""
    ended = EventRow.objects.filter(run_id=run_id, seq__lt=seq, kind="model.ended")
    by_llm = ended.values(llm=JsonText("data", "llm"), status=JsonText("data", "status")).annotate(first=Min("seq"))
    return [row["llm"] for row in by_llm.order_by("first") if row["status"] == "ok" and row["llm"]]


def served_by(kind: str, data: JsonObject) -> list[str]:
    """The LLM that gave the answer of which an event tells, if it tells of one."""
    answered = kind == "model.ended" and text(data, "status") == "ok"
    return [text(data, "llm")] if answered and text(data, "llm") else []


def served_words(llms: Iterable[str]) -> str:
    """Each once; "none" before one has answered."""
    return ", ".join(dict.fromkeys(llms)) or "none"
