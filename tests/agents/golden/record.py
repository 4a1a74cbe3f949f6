"""Records the golden runs of the present checkpoint version: once, when a version is new.

`python -m tests.agents.golden.record` never writes over a file. Each run is what the engine really recorded.
"""

import hashlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.llms import LLMError, LLMRequest
from agents.contracts.messages import AssistantMessage, ToolCall
from agents.contracts.specs import AgentSpec
from agents.contracts.steps import SCHEMA_VERSION
from agents.engine.ports import Decision
from budgets.pricing import PriceSnapshot, Rates
from tests.agents.engine.doubles import USD, Answer, ScriptedLLM, asks, call, says, too_dear
from tests.agents.engine.world import World
from tests.agents.golden.tools import BROKEN, TOOLS

HERE = Path(__file__).parent
DEAR, SECOND, CHEAP, SUMMARY = "test:dear", "test:second", "test:cheap", "test:summary"
CHEAP_PRICE = PriceSnapshot(rates=Rates.flat(input=USD // 10, output=USD // 10), source="test list", version="1")
AWAY = LLMError("not_found", "there is no such LLM")


class InOrder(ScriptedLLM):
    """Answers one after the other, however short the conversation has become."""

    def _next(self, request: LLMRequest) -> Answer:
        answers = self.summaries if request.purpose == "summary" else self.script
        answer = answers.pop(0)
        assert not isinstance(answer, list)
        return answer


@dataclass
class Scene:
    """A run to record: what the LLMs say, and how people decide."""

    script: list[Answer]
    summaries: list[Answer] = field(default_factory=list)
    denied: frozenset[str] = frozenset()
    soft_tokens: int = 24_000
    hard_tokens: int = 32_000
    most_nanos: int = 0
    phrases: tuple[str, ...] = ()

    def play(self) -> World:
        """Work on it as often as it takes."""
        world = World([], spec=self._spec())
        world.llm = InOrder(world.clock, world.log, list(self.script), list(self.summaries))
        world.llms = world.llm
        if self.most_nanos:
            world.cheaper_llm, world.journal.refuse = CHEAP, too_dear(self.most_nanos)
            world.prices.prices[CHEAP] = CHEAP_PRICE
        while not world.start().terminal:
            for call_id, asked in world.journal.decisions.items():
                denied, words = call_id in self.denied, (asked.arguments_hash, "ann", "as the rules say")
                world.journal.decisions[call_id] = Decision("denied" if denied else "approved", *words)
        return world

    def _spec(self) -> AgentSpec:
        return AgentSpec.model_validate(
            {
                "name": "golden",
                "title": "Golden",
                "purpose": "Is recorded.",
                "system_prompt": "You find out about tea.",
                "llms": (DEAR, SECOND),
                "summary_llm": SUMMARY if self.summaries else "",
                "tools": [tool.model_dump() for tool in TOOLS],
                "checks": [{"check": "required", "settings": {"phrases": list(self.phrases)}}] if self.phrases else [],
                "memory": {
                    "soft_tokens": self.soft_tokens,
                    "hard_tokens": self.hard_tokens,
                    "kept_turns": 2,
                    "inline_characters": 800,
                },
            }
        )


def look_up(call_id: str, text: str, **more: JsonValue) -> ToolCall:
    """A call that is in most of the scenes."""
    return call("look_up", call_id, text=text, **more)


def same(number: int) -> AssistantMessage:
    """The very call of before, under another id."""
    return asks(look_up(f"s{number}", "cup"))


BOOK = call("read", "r1", text="tea")
CHAPTER = json.dumps({"source": "book:tea", "text": "A long chapter about tea. " * 40, "cite": 2})
PAGE = call("read_more", "r2", handle=hashlib.sha256(CHAPTER.encode()).hexdigest(), offset=700)
LETTER, AGAIN = call("send", "l1", to="ann", sent_at="1"), call("send", "l2", to="ann", sent_at="2")
SCENES = {
    "everyday": Scene(
        [
            asks(look_up("t1", "tea"), BOOK),
            asks(look_up("t2", BROKEN), PAGE, call("weigh", "w1", text="tea")),
            asks(LETTER, call("pay", "p1", cents=500), call("pay", "p2", cents=900)),
            asks(AGAIN, call("wire", "x1", text="tea")),
            says(""),
            says("Tea is a plant."),
            says("Tea is a green plant [1]."),
        ],
        denied=frozenset({"p2"}),
        phrases=("green",),
    ),
    "clumsy": Scene(
        [
            asks(look_up("b1", "tea", count="five")),
            asks(call("lookup", "b2", text="tea")),
            *(asks(look_up(f"b{number}", "tea", size=number)) for number in range(3, 7)),
            same(1),
            same(2),
            AWAY,
            says("I do not know."),
        ]
    ),
    "circling": Scene([*(same(number) for number in range(1, 8))]),
    "rejected": Scene([says("Tea."), says("Tea!"), says("Tea?"), says("Tea;")], phrases=("green",)),
    "cheaper": Scene([asks(look_up("t1", "tea")), says("Tea is a plant.")], most_nanos=1_000_000),
    "forgetful": Scene(
        [*(asks(look_up(f"t{number}", f"tea {number} " * 200)) for number in range(6)), says("Tea is a plant.")],
        soft_tokens=1_700,
        hard_tokens=2_600,
    ),
    "shortened": Scene(
        [*(asks(look_up(f"t{number}", f"tea {number} " * 60)) for number in range(12)), says("Tea is a plant.")],
        summaries=[says(json.dumps({f"t{number}": f"about tea {number}" for number in range(12)})), *[AWAY] * 12],
        soft_tokens=1_700,
        hard_tokens=2_100,
    ),
}


def stored(world: World) -> JsonObject:
    """A run as its rows would carry it, with what it was launched with."""
    assert world.journal.ending is not None
    return {
        "spec": world.spec.model_dump(mode="json"),
        "task": world.task,
        "steps": [step.model_dump(mode="json") for step in world.journal.steps],
        "blobs": [blob.decode() for blob in world.journal.blobs],
        "state": world.journal.ending.state,
        "answer": world.journal.ending.answer,
    }


def record(folder: Path) -> None:
    """Write what is not there yet."""
    folder.mkdir(exist_ok=True)
    for name, scene in SCENES.items():
        path = folder / f"{name}.json"
        if path.exists():
            print(f"{path.name} stays as it is", file=sys.stderr)
            continue
        path.write_text(json.dumps(stored(scene.play()), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record(HERE / f"v{SCHEMA_VERSION}")
