"""The bundled articles on running software in production, and the tools that search and read them."""

from functools import cache
from pathlib import Path

from pydantic import Field, JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.library.articles import Article, read_articles
from agents.library.passages import PassageIndex
from agents.tools.define import Arguments, python_tool

FOLDER = Path(__file__).with_name("articles")


class CorpusArguments(Arguments):
    query: str = Field(min_length=2, max_length=300, description="Words to look for.")
    limit: int = Field(default=5, ge=1, le=10, description="How many articles at most.")


class ArticleArguments(Arguments):
    article: str = Field(
        min_length=1,
        max_length=120,
        description="The article's handle from search_corpus, such as corpus/backups.",
    )


def search_corpus(arguments: CorpusArguments, _call: Call) -> JsonValue:
    """The articles that fit best, each with its best passage. Raises ToolRefusal when none does."""
    best: dict[str, JsonValue] = {}
    for hit in index().search(arguments.query, limit=40):
        article = hit.passage.source.split("#")[0]
        best.setdefault(
            article,
            {
                "source": hit.passage.source,
                "article": article,
                "title": hit.passage.title,
                "text": hit.snippet,
            },
        )
    if not best:
        raise ToolRefusal(f"no article mentions {arguments.query!r}; try other words")
    return {"query": arguments.query, "results": [*best.values()][: arguments.limit]}


def read_article(arguments: ArticleArguments, _call: Call) -> JsonValue:
    """A whole article. Raises ToolRefusal when there is none of that handle."""
    slug = arguments.article.split("#")[0].removeprefix("corpus/").strip().lower()
    article = articles().get(slug)
    if article is None:
        raise ToolRefusal(f"there is no article {arguments.article!r}; search_corpus gives the handles")
    return {"source": f"corpus/{slug}", "title": article.title, "text": "\n\n".join(article.paragraphs)}


@cache
def articles() -> dict[str, Article]:
    """All articles by slug, read once a process."""
    return {article.slug: article for article in read_articles(FOLDER)}


@cache
def index() -> PassageIndex:
    """All paragraphs of the corpus, indexed once a process."""
    return PassageIndex(passage for article in articles().values() for passage in article.passages("corpus"))


SEARCH_CORPUS = python_tool(
    "search_corpus",
    [search_corpus],
    description="Search the bundled articles on running software in production. Returns articles, best "
    "first, each with a passage and the number to cite.",
    capability="the search in the corpus",
    degraded_advice="The corpus cannot be searched; answer only from articles already read.",
)
READ_ARTICLE = python_tool(
    "read_article",
    [read_article],
    description="Read one article of the corpus in full.",
    capability="the full articles",
    degraded_advice="Articles cannot be read in full; answer from the passages that search found.",
)
