"""Time a DBOS workflow of two durable steps a turn on the benchmark's work."""

from __future__ import annotations

from importlib.metadata import version

from dbos import DBOS, DBOSConfig
from turn_clock import ANSWER, TOOL_NAME, Work, measure, order_text, read_command_line

PACKAGES = ("dbos", "SQLAlchemy", "psycopg")


@DBOS.step()
def call_llm(done: int, turns: int) -> dict[str, object]:
    """Ask for one tool call a turn, `turns` times, then answer; takes no time of its own."""
    if done == turns:
        return {"text": ANSWER}
    return {"text": "", "tool": TOOL_NAME, "arguments": {"order": 1001 + done}, "id": f"call_{1001 + done}"}


@DBOS.step()
def lookup_order(order: int) -> str:
    """Look an order up."""
    return order_text(order)


@DBOS.workflow()
def answer_question(turns: int) -> int:
    """Run the agent loop and return the number of messages it ends with."""
    messages: list[object] = ["Look all orders up."]
    for done in range(turns):
        reply = call_llm(done, turns)
        messages += [reply, lookup_order(reply["arguments"]["order"])]
    messages.append(call_llm(turns, turns))
    return len(messages)


def start_runs(runs: int, turns: int) -> None:
    """Start the workflows at once and check that each did the work."""
    handles = [DBOS.start_workflow(answer_question, turns) for _ in range(runs)]
    for handle in handles:
        if (messages := handle.get_result()) != 2 * turns + 2:
            raise RuntimeError(f"DBOS left {messages} messages after {turns} turns")


def launch(work: Work) -> None:
    """Start DBOS on the database, with a thread for each run so that none waits for another."""
    url = work.database.replace("postgresql://", "postgresql+psycopg://")
    config: DBOSConfig = {
        "name": "turns",
        "system_database_url": url,
        "max_executor_threads": max(64, work.runs),
        "log_level": "WARNING",
    }
    DBOS(config=config)
    DBOS.launch()


def main() -> None:
    """Measure what the command line asks for."""
    work = read_command_line()
    launch(work)
    try:
        versions = {name: version(name) for name in PACKAGES}
        measure(peer="dbos", versions=versions, work=work, start_runs=start_runs)
    finally:
        DBOS.destroy()


if __name__ == "__main__":
    main()
