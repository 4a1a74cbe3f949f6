"""The one way out of the middle of the loop."""

from agents.contracts.endings import Ending


class Halt(Exception):
    """Stop working on this run now and leave it in this state."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending
