"""Runs in which everybody says what breaks software: the LLM, the tools, and the people around them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from agents import event_log, execution, lifecycle, runtime
from agents.approvals.deciding import decide
from agents.contracts.messages import AssistantMessage, ToolCall
from agents.contracts.specs import AgentSpec, LoopLimits, MemoryLimits, ToolSpec
from agents.kills import kill
from agents.library.sync import keep_version
from agents.llms import registry
from agents.llms.arguments import parsed_call
from agents.llms.clean_text import mended
from agents.models import Run
from budgets.models import Surface
from tests.agents.engine.doubles import asks, call, says
from tests.agents.hostile import ARGUMENTS, OUTPUTS, TEXTS
from tests.agents.hostile_tools import DEEP, ECHO, GIVING, PAY, SEND, TELLING
from tests.agents.workers import WrittenLLM, worker

LLM = "rehearsal:search"
ROOMY = MemoryLimits(soft_tokens=200_000, hard_tokens=300_000)
PATIENT = LoopLimits(
    max_turns=200, max_rejected_calls=1_000, block_after=900, stop_after=1_000, nudge_after=800, max_revisions=0
)


@contextmanager
def workshop() -> Iterator[WrittenLLM]:
    """A worker whose LLM says what a test has written."""
    written = WrittenLLM()
    with worker("one") as at, patch.object(runtime, "current", lambda: at):
        at.recorder._log = event_log.tell
        with patch.object(registry, "resolve", lambda _reference: written):
            yield written


def work(
    llm: WrittenLLM, surface: Surface, script: Sequence[AssistantMessage], *tools: ToolSpec, task: str = "Break it."
) -> Run:
    """Launch a run with these tools and answers, and work on it until it ends or waits."""
    spec = AgentSpec(
        name="hostile",
        title="Hostile",
        purpose="Breaks things.",
        system_prompt="You are tested.",
        llms=(LLM,),
        tools=tools,
        memory=ROOMY,
        limits=PATIENT,
    )
    agent = keep_version(spec=spec).agent
    agent.refresh_from_db()
    llm.script = list(script)
    run = lifecycle.launch(tenant=surface.tenant, surface=surface, agent=agent, task=task, actor="acme_operator")
    execution.work_on(run.id)
    run.refresh_from_db()
    return run


def of_texts(llm: WrittenLLM, surface: Surface) -> Run:
    """The LLM's words, its thoughts, its names of tools and the ids of its calls; the tools' words and errors."""
    texts = list(enumerate(map(mended, TEXTS.values())))
    spoken = [said(*texts[number : number + 2]) for number in range(0, len(texts), 2)]
    names = list(TEXTS)
    told = asks(*(call(tool, tool, entry=names[int(tool.rpartition("_")[2])]) for tool in TELLING))
    every = "\n".join(TEXTS.values())
    return work(llm, surface, [*spoken, told, says(every)], ECHO, *TELLING.values(), task=every)


def said(*texts: tuple[int, str]) -> AssistantMessage:
    """An answer that is made of these texts wherever an LLM writes."""
    calls = [call("echo", f"said {number}", text=text) for number, text in texts]
    unknown = [ToolCall(call_id=text, name=text, arguments={text: text}) for _, text in texts]
    whole = "".join(text for _, text in texts)
    return asks(*calls, *unknown, text=whole).model_copy(update={"reasoning": whole})


def of_outputs(llm: WrittenLLM, surface: Surface) -> Run:
    """What tools return, from the worker and from a child."""
    names = list(OUTPUTS)
    given = asks(*(call(tool, tool, entry=names[int(tool.rpartition("_")[2])]) for tool in GIVING))
    return work(llm, surface, [given, says("Done.")], *GIVING.values())


def of_arguments(llm: WrittenLLM, surface: Surface) -> Run:
    """Arguments as an LLM writes them, for a tool that only reads and for one that sends."""
    calls = [
        parsed_call(f"{tool} {number}", tool, raw, whole=True)
        for tool in ("echo", "send", "nosuch")
        for number, (raw, _) in enumerate(ARGUMENTS.values())
    ]
    return work(llm, surface, [asks(*calls), says("Done.")], ECHO, SEND)


def of_depth(llm: WrittenLLM, surface: Surface, depths: Sequence[int]) -> Run:
    """Outputs of a child that lie in each other so many times."""
    calls = [call("deep_in_child", f"deep {depth}", entry=str(depth)) for depth in depths]
    return work(llm, surface, [asks(*calls), says("Done.")], DEEP)


def of_people(llm: WrittenLLM, surface: Surface) -> list[Run]:
    """Notes of approvers and reasons of kills, one run for each text."""
    runs = []
    for text in TEXTS.values():
        run = work(llm, surface, [asks(call("pay", text=mended(text))), says(text)], PAY)
        approval = run.approvals.get()
        decide(approval=approval, actor="acme_approver", approve=False, note=text)
        kill(run=run, actor="acme_operator", reason=text)
        run.refresh_from_db()
        runs.append(run)
    return runs
