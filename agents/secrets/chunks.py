"""Secrets in a text that comes in pieces: nothing is passed on that may still turn out to belong to one."""

from collections.abc import Callable

from agents.secrets.formats import BEGUN
from agents.secrets.matcher import Matcher, replaced


class Chunks:
    """Passes a text on as it comes, a little late: ``hear`` each piece, then ``end``."""

    def __init__(self, matcher: Callable[[], Matcher], say: Callable[[str], None]) -> None:
        self._matcher = matcher
        self._say = say
        self._kept = ""

    def hear(self, piece: str) -> None:
        """Take a piece, and pass on what is certain."""
        self._kept += piece
        matcher = self._matcher()
        spans = matcher.spans(self._kept)
        safe = max(0, len(self._kept) - max(0, matcher.longest - 1))
        if (begun := BEGUN.search(self._kept)) is not None:
            safe = min(safe, begun.start())
        for start, end, _ in spans:
            if start < safe < end or (start < safe and end == len(self._kept)):
                safe = start
        self._pass_on(safe, [span for span in spans if span[1] <= safe])

    def end(self) -> None:
        """The text is whole."""
        self._pass_on(len(self._kept), self._matcher().spans(self._kept))

    def _pass_on(self, safe: int, spans: list[tuple[int, int, str]]) -> None:
        ready, self._kept = self._kept[:safe], self._kept[safe:]
        if ready:
            self._say(replaced(ready, spans))
