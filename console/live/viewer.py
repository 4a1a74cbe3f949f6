"""What the feeds need of whoever watches."""

from typing import Protocol

from console.live.flow import Window
from console.live.written import Reader


class Viewer(Protocol):
    """An open socket."""

    window: Window
    reader: Reader

    async def show(self, frame: str) -> None:
        """Send the frame, as it is."""
        ...
