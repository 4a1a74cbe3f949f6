"""The fetch_page tool: a public web page as text. Off unless WATCHFLOOR_WEB_FETCH is 1."""

import os

from pydantic import Field, JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.library.search.page_text import page_text
from agents.library.search.safe_fetch import MAX_URL_CHARACTERS, FetchRefused, fetch
from agents.tools.define import Arguments, python_tool

SWITCH = "WATCHFLOOR_WEB_FETCH"
PAGE_CHARACTERS = 4_000


class PageArguments(Arguments):
    url: str = Field(min_length=8, max_length=MAX_URL_CHARACTERS, description="An http or https address.")


def web_fetch_is_on() -> bool:
    """Whether the operator of this machine allows pages to be fetched."""
    return os.environ.get(SWITCH) == "1"


async def fetch_page(arguments: PageArguments, _call: Call) -> JsonValue:
    """The readable text of a public page, up to 4,000 characters.

    Raises ToolRefusal for a page that must not be fetched, FetchFailed for one that could not be.
    """
    if not web_fetch_is_on():
        raise ToolRefusal("fetching web pages is switched off on this machine")
    try:
        page = await fetch(arguments.url)
    except FetchRefused as error:
        raise ToolRefusal(str(error)) from error
    title, text = page_text(page.text) if page.content_type == "text/html" else ("", page.text)
    return {
        "source": page.url,
        "title": title[:200] or page.url,
        "text": text[:PAGE_CHARACTERS],
        "cut": page.cut or len(text) > PAGE_CHARACTERS,
    }


FETCH_PAGE = python_tool(
    "fetch_page",
    [fetch_page],
    description="Fetch one public web page as text. Only addresses that the task names or a source mentions.",
    timeout_seconds=15.0,
    capability="the web pages",
    degraded_advice="Web pages cannot be fetched; answer from the corpus and say so.",
)
