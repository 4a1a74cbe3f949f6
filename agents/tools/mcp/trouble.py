"""Why a session is over: told once, by whoever sees it first, heard by all that use it."""

import asyncio


class Trouble:
    """``reason`` is the rest of a sentence about the server; "" while all is well."""

    def __init__(self) -> None:
        self.reason = ""
        self.come = asyncio.Event()

    def tell(self, reason: str) -> None:
        """Something has ended the session; what was told before stays the reason."""
        self.reason = self.reason or reason
        self.come.set()
