"""The address of the list, as links within it write it. Pure."""

from urllib.parse import urlencode


def href_of(text: str, order: str) -> str:
    """The list with a filter text and an order."""
    given = {"q": text, "sort": order}
    return "?" + urlencode({name: value for name, value in given.items() if value})
