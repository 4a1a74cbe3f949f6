"""Rows of a long table: their template is drawn once for each kind of row, with places left open, and filled in.

Django looks up, converts and escapes every value by itself: with seventy values a row that is half of a page's time.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from html import escape

from django.template import Context, Template
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

EDGE = "\x00"
"""Around the name of an open place; no template has it."""


class Pattern:
    """The template of a row: what it shows are ``places``, and what it asks for by ``if`` are ``marks``."""

    def __init__(self, template_name: str) -> None:
        # The backend's template holds the one that is compiled; where templates are edited it is soon another.
        self._template: Template = get_template(template_name).template  # type: ignore[attr-defined]  # Django's own

    def filled(self, places: Mapping[str, object], marks: Collection[str] = ()) -> SafeString:
        """A row with these marks. What stands in its places is text, whatever is in it: it is escaped here."""
        shown = {name: escape(str(value)) for name, value in places.items()}
        pieces = list(_pieces(self._template, tuple(places), frozenset(marks)))
        pieces[1::2] = [shown[name] for name in pieces[1::2]]
        return mark_safe("".join(pieces))


@lru_cache(maxsize=64)
def _pieces(template: Template, places: tuple[str, ...], marks: frozenset[str]) -> tuple[str, ...]:
    """Text and names of places in turn."""
    left_open = {name: mark_safe(f"{EDGE}{name}{EDGE}") for name in places}
    drawn = template.render(Context({**left_open, **dict.fromkeys(marks, True)}))
    return tuple(drawn.split(EDGE))
