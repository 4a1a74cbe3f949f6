"""The run, from its first turn to its end, in the order of the patterns.

precheck -> compose memory -> reserve -> call the LLM -> settle -> validate -> dedupe -> approve -> run the chain
-> record -> critic -> answer, revise, or go on; a kill, a cap or a lost lease ends it at any arrow.

Each arrow is one call below or in the module it names. Everything that happens is an event; what is recorded in
``state`` can be replayed from stored steps, which is how a run goes on after a crash, an approval or a pause.
"""

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.contracts.messages import ToolMessage
from agents.contracts.steps import LLMStep, NoteStep, VerdictStep
from agents.engine import finishes, limitation, memory, prompt
from agents.engine.calls import answer_calls
from agents.engine.critic.registry import Draft, judge
from agents.engine.grading import graded
from agents.engine.halt import Halt
from agents.engine.ports import Ports
from agents.engine.state import RunState
from agents.engine.thinking import Ask
from agents.engine.work import Work

LEAVING = "Its worker is being stopped: another one goes on from the last recorded step."


def run(state: RunState, ports: Ports, *, epoch: int, cost_nanos: int = 0) -> Ending:
    """Work on a run until it ends or has to wait, and record how. Raises LostLease; then nothing was recorded.

    ``state`` may come fresh or folded from recorded steps; ``cost_nanos`` is what the run has spent so far.
    """
    work = Work(state, ports, epoch=epoch, cost_nanos=cost_nanos)
    try:
        ending = go_on(work)
        work.commit()
    except Halt as halt:
        ending = halt.ending
        flush(work)
    if ports.insists():
        ending = limitation.owned_up(work.state, ending)
    finish(work, ending)
    return ending


def go_on(work: Work) -> Ending:
    """Take turns until the critic lets an answer out. Every other way to end raises Halt."""
    state = work.state
    while True:
        ending = concluded(work)
        if ending is not None:
            return ending
        work.stay()
        if state.pending:
            answer_calls(work)
        elif state.draft is not None and (objection := finishes.objection(state)):
            work.record(NoteStep(text=objection))
            work.fact("note.added", {"text": objection, "finish": state.finish})
        elif state.draft is not None:
            review(work, state.draft)
        else:
            take_turn(work)


def take_turn(work: Work) -> None:
    """One turn: within limits, with bounded memory and money in hand, the LLM says what comes next."""
    precheck(work)
    work.begin_turn()
    memory.fit(work)
    state = work.state
    ask = Ask(
        work,
        prompt.compose(state),
        estimated=prompt.estimated_tokens(state),
        tools=prompt.tool_schemas(state),
    )
    answer = ask.along(state.input.llms)
    response = answer.response
    work.record(
        LLMStep(
            message=response.message,
            finish=response.finish,
            asked_llm=state.input.llms[0],
            served_llm=response.served_llm,
            usage=answer.usage,
            prompt_tokens=ask.estimated if response.usage else 0,  # nothing was reported to calibrate by
            llm=answer.llm,
        )
    )


def precheck(work: Work) -> None:
    """The limits of the loop itself: turns and wall time. Raises Halt."""
    limits, state = work.state.input.limits, work.state
    if state.turn >= limits.max_turns:
        raise Halt(_failed(work, f"The run has used its {limits.max_turns} turns."))
    seconds = (work.ports.clock.now() - state.input.started_at).total_seconds()
    if seconds >= limits.max_seconds:
        raise Halt(_failed(work, f"The run has used its {limits.max_seconds} seconds."))


def review(work: Work, draft: str) -> None:
    """The critic's word on a draft, recorded: the checks' first, and when they pass, the grader's."""
    state = work.state
    span = work.span()
    answered = sum(isinstance(message, ToolMessage) for message in state.thread)
    checked = judge(state.input.spec.checks, Draft(draft, frozenset(state.sources.values()), answered))
    if work.ports.insists():
        checked = limitation.asked_for(state, draft, checked)
    verdict = graded(work, draft, checked)
    work.record(VerdictStep(verdict=verdict, draft=draft))
    work.ended(
        "verdict.given",
        {
            "accepted": verdict.accepted,
            "issues": [issue.model_dump() for issue in verdict.issues],
            "revision": state.revisions,
            "score": verdict.grade.score if verdict.grade else None,
        },
        span,
    )


def concluded(work: Work) -> Ending | None:
    """What the last recorded step makes of the run: an ending, or None when it goes on. The same after a crash."""
    state = work.state
    if state.verdict is None:
        return finishes.given_up(state)
    if state.verdict.accepted:
        return _answered(work, state.draft or "")
    if state.revisions <= state.input.limits.max_revisions:
        return None
    texts = "; ".join(issue.text for issue in state.verdict.issues)
    reason = f"The critic rejected {state.revisions} drafts; the best one is returned. Last: {texts}"
    return Ending(state="flagged", reason=reason, answer=state.best_draft, missing=tuple(sorted(state.degraded)))


def flush(work: Work) -> None:
    """Write down what had happened when the run was halted; an operator's word no longer changes the ending."""
    try:
        work.commit()
    except Halt:
        return


def finish(work: Work, ending: Ending) -> None:
    """The transition that ends this stretch, in a commit of its own."""
    if ending.terminal:
        data: JsonObject = {
            "state": ending.state,
            "reason": ending.reason,
            "answer": ending.answer,
            "missing": list(ending.missing),
        }
        work.fact("run.ended", data)
    elif ending.state == "queued":
        work.fact("run.handed_on", {"reason": LEAVING})
    else:
        work.fact("run.paused", {"state": ending.state, "reason": ending.reason})
    work.ports.journal.end(ending, work.batch.facts)


def _answered(work: Work, answer: str) -> Ending:
    missing = limitation.missing(work.state)
    if not missing:
        return Ending(state="completed", answer=answer)
    return Ending(state="degraded", reason=limitation.reason(work.state), answer=answer, missing=missing)


def _failed(work: Work, reason: str) -> Ending:
    return Ending(state="failed", reason=reason, answer=work.state.best_draft)
