"""Why a session is over: told once, by whoever sees it first, heard by all that use it."""

import asyncio


class Trouble:
    """``reason`` is the rest of a sentence about the server; "" while all is well.

    ``forgotten``: the far end has answered, by its status and not in words, that it does not know the session.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.forgotten = False
        self.come = asyncio.Event()

    def tell(self, reason: str) -> None:
        """Something has ended the session; what was told before stays the reason."""
        self.reason = self.reason or reason
        self.come.set()
