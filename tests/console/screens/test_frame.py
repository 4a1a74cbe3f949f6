"""What stands around every page: the navigation, the phone's bar, and moments that follow one setting."""

import re
from datetime import UTC, datetime

from django.template.loader import render_to_string
from django.test import Client


def bottom_bar(client: Client) -> list[str]:
    """The words of the phone's bar."""
    page = client.get("/t/acme/runs/").content.decode()
    bar = page[page.index('<nav class="bottom"') : page.index('<dialog class="dialog more-sheet"')]
    return re.findall(r"<(?:a|button)[^>]*>([^<]+)<", bar)


def test_a_phone_has_stop_within_reach_of_those_who_may(acme_operator: Client, acme_viewer: Client) -> None:
    assert bottom_bar(acme_operator)[-2:] == ["Stop…", "More"]
    assert len(bottom_bar(acme_operator)) == 5
    assert "Stop…" not in bottom_bar(acme_viewer)
    assert len(bottom_bar(acme_viewer)) == 5


def test_a_moment_is_painted_in_utc_and_says_how_it_is_shown() -> None:
    at = datetime(2026, 11, 22, 10, 22, 14, 117_000, tzinfo=UTC)
    shown = {
        name: render_to_string("components/_time.html", {"at": at, "shown": name}).strip()
        for name in ("at", "minute", "day", "clock")
    }
    texts = {name: re.sub(r"<[^>]+>", "", html) for name, html in shown.items()}
    assert texts == {
        "at": "2026-11-22 10:22:14.117 UTC",
        "minute": "2026-11-22 10:22 UTC",
        "day": "2026-11-22",
        "clock": "10:22",
    }
    assert all('data-abs="2026-11-22 10:22:14.117 UTC"' in html for html in shown.values())
    assert all(f'data-rel="{name}"' in html for name, html in shown.items())
