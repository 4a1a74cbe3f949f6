"""What every LLM is to the engine: one request in, one complete answer out, text on the way."""

from collections.abc import Callable
from typing import Protocol

from agents.contracts.llms import LLMRequest, LLMResponse

OnText = Callable[[str], None]


class LLM(Protocol):
    """One LLM of one vendor."""

    async def call(self, request: LLMRequest, on_text: OnText) -> LLMResponse:
        """Ask once, without any retry of its own; ``on_text`` hears the answer's text piece by piece.

        Cancelling the task closes the vendor's connection at once. Raises LLMError for every way in which no
        complete answer came; what ``on_text`` raises passes through.
        """
        ...
