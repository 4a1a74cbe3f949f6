"""Time LangGraph's react agent on the benchmark's work, with its own checkpointers or with none."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from importlib.metadata import version

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph.state import CompiledStateGraph
from turn_clock import ANSWER, TOOL_NAME, measure, order_text, read_command_line

PACKAGES = ("langgraph", "langchain", "langgraph-checkpoint-sqlite", "langgraph-checkpoint-postgres")


class ScriptedLLM(BaseChatModel):
    """Asks for one tool call a turn, as often as the question says, then answers; takes no time."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools, **kwargs):  # noqa: ARG002 - the signature is LangChain's
        return self

    def _generate(self, messages: list[BaseMessage], stop=None, run_manager=None, **kwargs) -> ChatResult:  # noqa: ARG002
        wanted = int(str(messages[0].content))
        done = sum(isinstance(message, ToolMessage) for message in messages)
        message = AIMessage(ANSWER) if done == wanted else self._call_for_order(1001 + done)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _call_for_order(self, order: int) -> AIMessage:
        call = {"name": TOOL_NAME, "args": {"order": order}, "id": f"call_{order}", "type": "tool_call"}
        return AIMessage("", tool_calls=[call])


def lookup_order(order: int) -> str:
    """Look an order up."""
    return order_text(order)


@contextmanager
def open_checkpointer(database: str) -> Iterator[BaseCheckpointSaver | None]:
    """Open LangGraph's own checkpointer as its documentation does.

    One connection also serves a hundred runs: the checkpointer takes a lock around every write, so that a
    pool of ten, a checkpointer a run, and the asyncio checkpointers were no faster when measured.
    """
    if database == "none":
        yield None
    elif database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"), check_same_thread=False)) as connection:
            yield SqliteSaver(connection)
    else:
        with PostgresSaver.from_conn_string(database) as saver:
            saver.setup()
            yield saver


def run_agent(agent: CompiledStateGraph, turns: int) -> None:
    """Make one run from question to answer and check that it did the work."""
    config = {"configurable": {"thread_id": str(uuid.uuid4())}, "recursion_limit": 2 * turns + 10}
    durability = {"durability": "sync"} if agent.checkpointer else {}
    state = agent.invoke({"messages": [("user", str(turns))]}, config, **durability)
    if len(state["messages"]) != 2 * turns + 2:
        raise RuntimeError(f"LangGraph left {len(state['messages'])} messages after {turns} turns")


def main() -> None:
    """Measure what the command line asks for."""
    os.environ["LANGSMITH_TRACING"] = "false"
    work = read_command_line()
    with open_checkpointer(work.database) as checkpointer, ThreadPoolExecutor(work.runs) as threads:
        agent = create_agent(ScriptedLLM(), [lookup_order], checkpointer=checkpointer)

        def start_runs(runs: int, turns: int) -> None:
            list(threads.map(lambda _: run_agent(agent, turns), range(runs)))

        versions = {name: version(name) for name in PACKAGES}
        measure(peer="langgraph", versions=versions, work=work, start_runs=start_runs)


if __name__ == "__main__":
    main()
