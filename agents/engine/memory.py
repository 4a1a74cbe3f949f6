"""Bounded memory: old observations are shortened before the prompt grows past its limit; calls stay word for word.

Only when the calls alone pass the hard limit do the oldest go too, and the LLM is told how many.
"""

import json

from pydantic import JsonValue

from agents.contracts.endings import Ending
from agents.contracts.messages import AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage
from agents.contracts.steps import MemoryStep
from agents.engine import prompt, tokens
from agents.engine.halt import Halt
from agents.engine.state import RunState
from agents.engine.thinking import Ask
from agents.engine.work import Work

CUT_CHARACTERS = 280
SMALLEST_WORTH_CUTTING = 120  # tokens; shortening less than this saves nothing
SUMMARISE = (
    "Summarise each of these tool results for a colleague who goes on with the task. Keep identifiers, numbers, "
    "dates and source handles exactly. Answer with one JSON object that maps each call id to its summary, nothing "
    "else."
)


def fit(work: Work) -> None:
    """Shorten old observations when the next prompt would pass the soft limit. Raises Halt past the hard one."""
    state = work.state
    limits = state.input.spec.memory
    before = prompt_tokens(state)
    if before <= limits.soft_tokens:
        return
    old = old_observations(state, limits.kept_turns, before - limits.soft_tokens // 2)
    if old:
        by, replacements = summarise(work, old)
        work.record(
            MemoryStep(
                replacements=replacements,
                by="summary" if by else "truncation",
                tokens_before=before,
                tokens_after=after_replacing(state, replacements),
            )
        )
        after = prompt_tokens(state)
        work.fact(
            "memory.compressed",
            {"tokens_before": before, "tokens_after": after, "by": "summary" if by else "truncation"},
        )
    if prompt_tokens(state) > limits.hard_tokens:
        leave_out_oldest(work)
    if prompt_tokens(state) > limits.hard_tokens:
        reason = f"The conversation needs {prompt_tokens(state)} tokens and the limit is {limits.hard_tokens}."
        raise Halt(Ending(state="failed", reason=reason, answer=state.best_draft))


def leave_out_oldest(work: Work) -> None:
    """Leave out whole turns, oldest first, until the soft limit is met or only the kept turns are left."""
    state = work.state
    before = prompt_tokens(state)
    messages = oldest_to_leave_out(state, before - state.input.spec.memory.soft_tokens)
    if not messages:
        return
    first = state.first_turn
    saved = sum(state.counts[1 : first + messages]) - tokens.of_message(state.note_on(messages))
    after = max(0, before - int(saved * state.calibration))
    work.record(
        MemoryStep(replacements={}, by="truncation", tokens_before=before, tokens_after=after, forgotten=messages)
    )
    work.fact(
        "memory.compressed",
        {
            "tokens_before": before,
            "tokens_after": prompt_tokens(state),
            "by": "leaving out the oldest turns",
            "calls_left_out": state.left_out.total(),
        },
    )


def oldest_to_leave_out(state: RunState, to_save: int) -> int:
    """How many of the oldest messages must go to save so many tokens; never part of a turn, never a kept turn."""
    turns = [i for i, m in enumerate(state.thread) if isinstance(m, AssistantMessage)]
    cut = state.first_turn
    for end in turns[1 : max(1, len(turns) - state.input.spec.memory.kept_turns + 1)]:
        to_save -= int(sum(state.counts[cut:end]) * state.calibration)
        cut = end
        if to_save <= 0:
            break
    return cut - state.first_turn


def prompt_tokens(state: RunState) -> int:
    """Calibrated tokens of the next prompt."""
    return int(prompt.estimated_tokens(state) * state.calibration)


def old_observations(state: RunState, kept_turns: int, to_save: int) -> list[ToolMessage]:
    """Results to shorten, oldest first, outside the last turns, until enough would be saved."""
    answers = [i for i, m in enumerate(state.thread) if isinstance(m, AssistantMessage)]
    border = answers[-kept_turns] if len(answers) > kept_turns else 0
    chosen: list[ToolMessage] = []
    for index, message in enumerate(state.thread[:border]):
        if not isinstance(message, ToolMessage) or state.counts[index] < SMALLEST_WORTH_CUTTING:
            continue
        chosen.append(message)
        to_save -= int(state.counts[index] * state.calibration)
        if to_save <= 0:
            break
    return chosen


def truncated(content: JsonValue) -> str:
    """The head of an observation with a note of what was cut; the same text each time."""
    text = _text(content)
    return f"{text[:CUT_CHARACTERS]}… [shortened: {len(text) - CUT_CHARACTERS} of {len(text)} characters cut]"


def after_replacing(state: RunState, replacements: dict[str, str]) -> int:
    """Tokens of the next prompt with these replacements made."""
    saved = 0
    for message, count in zip(state.thread, state.counts, strict=True):
        if isinstance(message, ToolMessage) and message.call_id in replacements:
            shorter = message.model_copy(update={"content": replacements[message.call_id]})
            saved += count - tokens.of_message(shorter)
    return prompt_tokens(state) - int(saved * state.calibration)


def summarise(work: Work, old: list[ToolMessage]) -> tuple[bool, dict[str, str]]:
    """Shorter texts by call id, and whether an LLM wrote them; by truncation when it cannot or may not."""
    cut = {message.call_id: truncated(message.content) for message in old}
    llm = work.state.input.spec.summary_llm
    if not llm:
        return False, cut
    listing = json.dumps({m.call_id: {"tool": m.name, "result": m.content} for m in old}, ensure_ascii=False)
    messages: tuple[Message, ...] = (SystemMessage(text=SUMMARISE), UserMessage(text=listing))
    try:
        estimated = sum(map(tokens.of_message, messages))
        response = Ask(work, messages, estimated=estimated, purpose="summary").along((llm,)).response
    except Halt as halt:
        if halt.ending.state not in ("failed", "paused_budget"):
            raise
        return False, cut  # money short or the LLM away: shortening goes on without it
    written = read_summaries(response.message.text, {message.call_id: len(_text(message.content)) for message in old})
    return bool(written), {**cut, **written}


def read_summaries(text: str, whole: dict[str, int]) -> dict[str, str]:
    """The summaries of known calls that are short enough; {} when unreadable.

    ``whole`` has the characters of each original.
    """
    start, end = text.find("{"), text.rfind("}")
    try:
        parsed = json.loads(text[start : end + 1])
    except ValueError:
        return {}
    if not isinstance(parsed, dict):
        return {}
    return {
        call_id: summary
        for call_id, summary in parsed.items()
        if isinstance(summary, str) and 0 < len(summary) <= min(4 * CUT_CHARACTERS, whole.get(call_id, 0))
    }


def _text(content: JsonValue) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
