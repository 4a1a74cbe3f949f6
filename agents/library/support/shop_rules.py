"""The search_policies tool: the shop's rules for returns, refunds, parcels and the rest."""

from functools import cache
from pathlib import Path

from pydantic import Field, JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.library.articles import read_articles
from agents.library.passages import PassageIndex
from agents.tools.define import Arguments, python_tool

FOLDER = Path(__file__).with_name("articles")


class RulesArguments(Arguments):
    query: str = Field(min_length=2, max_length=300, description="Words to look for, such as 'damaged item refund'.")
    limit: int = Field(default=3, ge=1, le=6, description="How many passages at most.")


def search_policies(arguments: RulesArguments, _call: Call) -> JsonValue:
    """The passages of the shop's rules that fit best. Raises ToolRefusal when none does."""
    hits = index().search(arguments.query, limit=arguments.limit)
    if not hits:
        raise ToolRefusal(f"no rule mentions {arguments.query!r}; try other words, such as returns, refund or parcel")
    return {
        "query": arguments.query,
        "results": [
            {"source": hit.passage.source, "title": hit.passage.title, "text": hit.passage.text} for hit in hits
        ],
    }


@cache
def index() -> PassageIndex:
    """All paragraphs of the rules, indexed once a process."""
    articles = read_articles(FOLDER)
    return PassageIndex(passage for article in articles for passage in article.passages("policy"))


SEARCH_POLICIES = python_tool(
    "search_policies",
    [search_policies],
    description="Search the shop's rules: returns, refunds, damaged and late parcels, cancelling, exchange, "
    "warranty, payment, address changes, gift cards. Returns passages with the number to cite.",
    capability="the search in the shop's rules",
    degraded_advice="The shop's rules cannot be searched. State no rule from memory.",
)
