"""One tool call that may be made: announced with its money, sent along the chain, paid for, and recorded."""

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.endings import Ending
from agents.contracts.messages import ToolCall, ToolMessage, ToolStatus
from agents.contracts.specs import ToolSpec
from agents.contracts.steps import ToolReason, ToolStep
from agents.engine import paying, sources
from agents.engine.batch import EffectEnd, EffectStart, HoldRequest
from agents.engine.edits import Edit
from agents.engine.guard import far_end_key
from agents.engine.halt import Halt
from agents.engine.large_output import bounded, figures
from agents.engine.paying import Bill
from agents.engine.ports import Interrupted
from agents.engine.work import Work, shown
from agents.tools.chain import Chain, Served, most_attempts

CUT_BY_KILL, CUT_BY_STOP, NO_ANSWER = "cut_by_kill", "cut_by_stop", "no_answer"


class CarryOut:
    """One call, from its announcement to its result."""

    def __init__(
        self,
        work: Work,
        call: ToolCall,
        tool: ToolSpec,
        arguments: JsonObject,
        key: str,
        *,
        edit: Edit | None = None,
    ) -> None:
        self.work = work
        self.call = call
        self.tool = tool
        self.edit = edit
        self.asked_key = key
        self.arguments = edit.arguments if edit else arguments
        self.key = edit.key if edit else key
        self.sent_key = far_end_key(work.state.input.run_id, self.key)
        self.span = work.span()
        self.named: JsonObject = {"tool": tool.name, "call_id": call.call_id}

    def done(self) -> bool:
        """Carry it out. False when another run had started this very call, and ours was not sent.

        Raises Halt on a kill, and when the money does not reach for the tool's fee.
        """
        hold = self._announce()
        if self.tool.dedupe_seconds and not self._is_ours():
            self._end({"status": "blocked", "reason": "Another run was faster."}, hold, None)
            return False
        fee_nanos = hold.price.rates.per_request if hold else 0
        chain = Chain(self.work, self.tool, self.arguments, self._told(), self.span, fee_nanos=fee_nanos)
        try:
            served = chain.run()
        except Interrupted as kill:
            ending = self.work.cut()
            why = CUT_BY_KILL if ending.terminal else CUT_BY_STOP
            status = "killed" if ending.terminal else "failed"
            self._effect_ended(Served("degraded", None, unsure=True), why=why)
            self._end({"status": status}, hold, paying.of_cut_tool(hold, kill, chain.attempts))
            raise Halt(ending) from kill
        self._record(served, hold, chain.attempts)
        return True

    def _announce(self) -> HoldRequest | None:
        """Commit what is about to leave, with the money for it. Raises Halt when it may not."""
        work, tool = self.work, self.tool
        hold = self._hold()
        started: JsonObject = {**self.named, "arguments": shown(self.arguments), "effect": tool.effect}
        if self.edit is not None:
            started["edited"] = self.edit.told
        work.intent("tool.started", started, self.span)
        work.batch.doing = f"tool {tool.name}"
        if tool.effect != "pure":
            work.batch.effects_started.append(
                EffectStart(
                    call_id=self.call.call_id,
                    step=work.state.steps + 1,
                    tool=tool.name,
                    tool_version=tool.version,
                    key=self.key,
                    dedupe_seconds=tool.dedupe_seconds,
                    arguments=self.arguments,
                    sent_key=self.sent_key,
                )
            )
        refusal = work.commit()
        if refusal is not None:
            raise Halt(paying.at_cap(work, refusal))
        return hold

    def _hold(self) -> HoldRequest | None:
        """The fee of every attempt that could be made; None for a tool without one."""
        fee = self.work.ports.prices.tool_fee(self.tool.name)
        if fee is None:
            return None
        amount = fee.rates.per_request * most_attempts(self.tool)
        return paying.place(self.work, f"tool:{self.tool.name}", fee, self.span, amount)

    def _is_ours(self) -> bool:
        """Whether our commit has the record, or another run had started this very call since our first look.

        What another run may have made to happen before, and a person wants again, goes out under that run's key.
        """
        known = self.work.ports.memory.effect(self.key, dedupe_seconds=self.tool.dedupe_seconds)
        if known is None or known.run_id != self.work.state.input.run_id:
            return False
        self.sent_key = known.sent_key or self.sent_key
        return True

    def _told(self) -> Call:
        given = self.work.state.input
        return Call(
            run_id=given.run_id,
            tenant=given.tenant,
            call_id=self.call.call_id,
            key=self.sent_key,
            effect=self.tool.effect,
            attachments=given.attachments,
        )

    def _record(self, served: Served, hold: HoldRequest | None, attempts: int) -> None:
        work = self.work
        content, handle = bounded(work, sources.numbered(served.content, work.state.sources))
        self._effect_ended(served)
        said: JsonObject = {"served_by": served.served_by, "output": shown(content), "reason": served.error}
        said |= figures(served.content)
        self._end({"status": served.status, **said}, hold, paying.of_tool(hold, attempts))
        if served.unsure and self.tool.effect == "unkeyed":
            raise Halt(waits(self.tool.name, self.key))
        record_result(
            work,
            self.call,
            served.status,
            self._nudged(content),
            reason="failed" if served.status == "degraded" else "",
            key=self.key,
            served_by=served.served_by,
            source=handle,
            edit=self.edit,
        )

    def _end(self, said: JsonObject, hold: HoldRequest | None, bill: Bill | None) -> None:
        self.work.ended("tool.ended", {**self.named, **said}, self.span)
        if hold is not None and bill is not None:
            paying.book(self.work, hold, bill, self.span)
        elif hold is not None:
            paying.release(self.work, hold, self.span)

    def _nudged(self, content: JsonValue) -> JsonValue:
        """The content with a word against going in circles, when it is time for one."""
        state = self.work.state
        if state.advice(self.tool.name, self.asked_key) != "nudge":
            return content
        circle = state.circle(self.tool.name, self.asked_key)
        note = f"You have made this very call {state.repeats[self.asked_key] + 1} times. Its result does not change."
        note = f"{note} {in_circles(circle)}".rstrip()
        self.work.fact("note.added", {"text": f"{self.tool.name}: {note}", "circle": list(circle)})
        return {"result": content, "note": note}

    def _effect_ended(self, served: Served, *, why: str = NO_ANSWER) -> None:
        if self.tool.effect == "pure":
            return
        if served.unsure:
            unknown: JsonObject = {**self.named, "key": self.key, "why": why, "error": served.error}
            self.work.fact("effect.unknown", unknown)
        states = {"ok": "succeeded", "error": "failed", "degraded": "unknown" if served.unsure else "failed"}
        result: JsonObject | None = {"value": served.content} if served.status == "ok" else None
        ended = EffectEnd(self.key, states[served.status], served.served_by, result)
        self.work.batch.effects_ended.append(ended)


def in_circles(tools: tuple[str, ...]) -> str:
    """What the LLM is told of a circle; nothing of none."""
    return f"You go round in a circle of {len(tools)} calls: {', '.join(tools)}." if tools else ""


def waits(tool: str, key: str) -> Ending:
    """The run stands still until a person says what became of a call."""
    reason = f"Nobody knows whether {tool} happened. A person has to say so before the run goes on."
    return Ending(state="waiting_resolution", reason=reason, detail={"effect_key": key})


def record_result(
    work: Work,
    call: ToolCall,
    status: ToolStatus,
    content: JsonValue,
    *,
    reason: ToolReason = "",
    key: str = "",
    served_by: str = "",
    source: str = "",
    edit: Edit | None = None,
) -> None:
    """Record what the LLM is told of a call, whether it was made or not; of an edited one also who changed what."""
    if mended := work.state.corrections.mended_by(call.name, reason, work.turn):
        tool, llm = mended
        work.fact("call.corrected", {"tool": call.name, "call_id": call.call_id, "rejected": tool, "llm": llm})
    told = _with_edit(content, edit, status)
    message = ToolMessage(call_id=call.call_id, name=call.name, status=status, content=told)
    work.record(
        ToolStep(
            result=message,
            served_by=served_by,
            reason=reason,
            key=edit.asked_key if edit else key,
            source=source,
            arguments=edit.arguments if edit else None,
        )
    )


def _with_edit(content: JsonValue, edit: Edit | None, status: ToolStatus) -> JsonValue:
    if edit is None:
        return content
    if isinstance(content, dict) and status != "ok":
        return {**content, "edited": edit.told}
    return {"result": content, "edited": edit.told}
