"""What a view says of what it has done, on the page that comes next, and how that is taken back."""

from django.contrib import messages
from django.http import HttpRequest


def say(request: HttpRequest, text: str, *, tone: str = "ok", undo: str = "") -> None:
    """A note on the next page; with ``undo``, the address whose POST takes it back, it has a button for 8 seconds."""
    # Tags are all that a message carries beside its text: the tone, then the address.
    messages.add_message(request, messages.INFO, text, extra_tags=f"{tone} {undo}".strip())
