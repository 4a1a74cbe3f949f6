"""The rehearsal LLM: no AI, no network; a fixed policy that streams like a vendor and fails on demand."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from agents.contracts.llms import LLMError, LLMRequest, LLMResponse
from agents.llms.failure_kinds import by_status
from agents.llms.llm import LLM, OnText
from agents.llms.performance import Performance, perform
from agents.llms.script import Script, parse_script
from budgets.pricing import Usage


@dataclass(frozen=True)
class RehearsalLLM:
    """A rehearsal in this process."""

    script: Script

    async def call(self, request: LLMRequest, on_text: OnText) -> LLMResponse:
        """Answer as the script says; see agents.llms.llm.LLM."""
        self._fail_at_once()
        answer = perform(self.script, request.messages, request.tools, request.max_output_tokens)
        try:
            async with asyncio.timeout(request.timeout_seconds):
                said = await self._speak(answer, on_text)
        except TimeoutError:
            raise LLMError("timeout", "The rehearsal did not answer in time.") from None
        if self.script.wants("half-stream"):
            raise LLMError("cut", "The rehearsal stopped before its answer was complete.", output_characters=said)
        return self._response(answer)

    def _fail_at_once(self) -> None:
        if (status := self.script.failing_status) is not None:
            said = f"The rehearsal answered with status {status}."
            raise LLMError(by_status(status), said, status=status, may_be_billed=False)
        if self.script.wants("html"):
            raise LLMError("bad_answer", "The rehearsal answered 200 with a web page.", status=200)

    async def _speak(self, answer: Performance, on_text: OnText) -> int:
        pieces = answer.pieces
        if self.script.wants("half-stream"):
            pieces = pieces[: len(pieces) // 2]
        for piece in pieces:
            on_text(piece)
            await asyncio.sleep(answer.seconds / len(pieces))
        if not pieces and answer.seconds:
            await asyncio.sleep(answer.seconds)
        return sum(map(len, pieces))

    def _response(self, answer: Performance) -> LLMResponse:
        silent = self.script.wants("no-usage")
        return LLMResponse(
            message=answer.message,
            finish=answer.finish,
            usage=None if silent else Usage(answer.prompt_tokens, answer.completion_tokens),
            vendor_usage={} if silent else {**answer.reported_usage},
            served_llm=f"rehearsal:{self.script.name}",
            response_id=answer.response_id,
        )


def rehearsal_llm(name: str, environ: Mapping[str, str]) -> LLM:
    """The rehearsal of that name, such as ``support-triage+slow=20``. Raises LLMError "not_found"."""
    del environ  # It needs no key.
    return RehearsalLLM(parse_script(name))
