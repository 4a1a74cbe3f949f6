"""Moments within sentences that views say: they follow the setting of UTC or local time as all others do."""

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString


def moment(at: datetime) -> SafeString:
    """The moment to the minute, as pages show it; the rest stands in its hint."""
    return render_to_string("components/_time.html", {"at": at, "shown": "minute"})
