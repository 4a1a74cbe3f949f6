"""The bundled articles and their search."""

import threading

import pytest

from agents.contracts.calls import Call, ToolRefusal
from agents.library.articles import parse_article
from agents.library.passages import Passage, PassageIndex
from agents.library.rehearsal.conversation import objects_at, string_at
from agents.library.search.corpus import (
    ArticleArguments,
    CorpusArguments,
    articles,
    read_article,
    search_corpus,
)
from tests.agents.library.plain import plain_object


def test_there_are_enough_articles_of_a_readable_length() -> None:
    lengths = {slug: len(" ".join(article.paragraphs).split()) for slug, article in articles().items()}
    assert len(lengths) >= 25
    assert {slug: length for slug, length in lengths.items() if not 75 <= length <= 200} == {}


def test_search_finds_the_article_and_read_gives_all_of_it(call: Call) -> None:
    found = plain_object(search_corpus(CorpusArguments(query="canary release error rate"), call))
    best = objects_at(found, "results")[0]
    assert best["article"] == "corpus/canary-releases"
    whole = plain_object(read_article(ArticleArguments(article=string_at(best, "source")), call))
    assert (whole["source"], whole["title"]) == ("corpus/canary-releases", "Canary releases")


def test_each_article_is_found_once(call: Call) -> None:
    found = plain_object(search_corpus(CorpusArguments(query="release rollback users", limit=10), call))
    names = [string_at(result, "article") for result in objects_at(found, "results")]
    assert len(names) == len(set(names)) > 3


@pytest.mark.parametrize("article", ["corpus/../secrets/x", "nothing", "corpus/", "/etc/passwd"])
def test_an_unknown_article_is_refused(article: str, call: Call) -> None:
    with pytest.raises(ToolRefusal, match="there is no article"):
        read_article(ArticleArguments(article=article), call)


def test_a_search_without_a_hit_is_refused(call: Call) -> None:
    with pytest.raises(ToolRefusal, match="no article mentions"):
        search_corpus(CorpusArguments(query="zebra"), call)


@pytest.mark.parametrize("query", ['"', "a OR b", "NEAR(", "col:", "*", "^x", "", "()", "\x00", "-- ;"])
def test_search_syntax_in_a_query_means_nothing(query: str) -> None:
    index = PassageIndex([Passage("s#1", "title", "some text")])
    assert index.search(query, limit=3) == []


def test_an_index_serves_several_threads() -> None:
    index = PassageIndex(Passage(f"s#{number}", "title", f"text number {number}") for number in range(500))
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(len(index.search("number text", limit=9)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [9] * 8


def test_an_article_needs_a_title() -> None:
    with pytest.raises(ValueError, match=r"x\.md does not begin with a title"):
        parse_article("x", "no title")
