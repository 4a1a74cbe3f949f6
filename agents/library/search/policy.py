"""The rehearsal of the search agent: searches, reads the best articles, searches again, answers."""

import re
from collections.abc import Callable

from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message
from agents.library.rehearsal.conversation import Conversation, Source, Wanted, cited, objects_at, string_at
from agents.library.rehearsal.limits import limitations
from agents.library.rehearsal.revision import mend
from agents.library.rehearsal.wording import best_sentences, clip, overlap, stem, topic_words, words

Stage = Callable[[Conversation], tuple[str, list[Wanted]]]
URL = re.compile(r"https?://[^\s<>\"')\]]+")
LABELS = {
    "search_corpus": "the search in the articles",
    "read_article": "reading the articles",
    "fetch_page": "fetching the page",
}
COVERED = "running a service in production"
ARTICLES_READ = 3
MAX_SENTENCES = 6


def search_policy(messages: tuple[Message, ...], tools: tuple[ToolSchema, ...]) -> AssistantMessage:
    """The next answer of the search agent; the first stage with calls still to make, makes them."""
    conversation = Conversation(messages, tools)
    for stage in STAGES:
        text, wanted = stage(conversation)
        missing = conversation.missing(wanted)
        if missing:
            return conversation.ask(text, missing)
    answer = compose(conversation)
    for complaint in conversation.complaints:
        answer = mend(answer, complaint, conversation.sources)
    return AssistantMessage(text=answer)


def search_first(conversation: Conversation) -> tuple[str, list[Wanted]]:
    query = " ".join(_topics(conversation))[:300]
    wanted = [Wanted("search_corpus", {"query": query, "limit": 5})] if len(query) > 1 else []
    wanted += [Wanted("fetch_page", {"url": url}) for url in _urls(conversation)]
    return f"I search for: {query}.", wanted


def read_best(conversation: Conversation) -> tuple[str, list[Wanted]]:
    """The best articles of the first search."""
    return "I read the articles that fit best.", _readings(conversation, searches=1)


def search_rest(conversation: Conversation) -> tuple[str, list[Wanted]]:
    """A second search for the words that nothing read so far has mentioned."""
    if len(conversation.results_of("search_corpus")) > 1:
        return "", []
    if not conversation.objects_of("search_corpus"):
        return "Nothing on that; I see what the articles are about.", [
            Wanted("search_corpus", {"query": COVERED, "limit": 4})
        ]
    read = _everything_read(conversation)
    known = {stem(word) for word in words(read)}
    rest = [word for word in _topics(conversation) if stem(word) not in known]
    if not rest:
        return "", []
    return f"Nothing yet on {', '.join(rest)}; I search again.", [
        Wanted("search_corpus", {"query": " ".join(rest)[:300], "limit": 3})
    ]


def read_more(conversation: Conversation) -> tuple[str, list[Wanted]]:
    """The best article of the second search."""
    return "I read what the second search found.", _readings(conversation, searches=2)


def compose(conversation: Conversation) -> str:
    """The sentences that fit the question best, each with its source; says so when there are none."""
    topics = _topics(conversation)
    lines = _lines(conversation, topics)
    read = _everything_read(conversation)
    missing = [word for word in topics if not overlap(read, [word])]
    paragraphs = ["\n".join(["The articles say:", *lines])] if lines else [_nothing(conversation)]
    if lines and missing:
        paragraphs.append(f"Nothing was found on {', '.join(missing)}.")
    if _urls(conversation) and "fetch_page" not in conversation.tools:
        paragraphs.append("I read no web page: fetching is switched off here.")
    labels = {tool: label for tool, label in LABELS.items() if conversation.results_of(tool)}
    paragraphs.append(" ".join(limitations(conversation, labels)))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _nothing(conversation: Conversation) -> str:
    covered = [f"{source.title}{cited(source)}" for source in conversation.sources]
    among = f" They cover, among others: {'; '.join(covered)}." if covered else ""
    return f"The articles give no answer to this question.{among}"


def _everything_read(conversation: Conversation) -> str:
    return " ".join(f"{source.title} {source.text}" for source in conversation.sources)


def _topics(conversation: Conversation) -> list[str]:
    return topic_words(URL.sub(" ", conversation.task[:20_000]))


def _urls(conversation: Conversation) -> list[str]:
    return list(dict.fromkeys(url.rstrip(".,;:!?") for url in URL.findall(conversation.task)))[:2]


def _readings(conversation: Conversation, *, searches: int) -> list[Wanted]:
    """The articles to read after so many searches: three of the first, one of the second."""
    found = conversation.objects_of("search_corpus")[:searches]
    if any(string_at(search, "query") == COVERED for search in found):
        return []
    handles = [
        string_at(result, "article")
        for number, search in enumerate(found)
        for result in objects_at(search, "results")[: 1 if number else ARTICLES_READ]
    ]
    return [Wanted("read_article", {"article": handle}) for handle in dict.fromkeys(handles) if handle]


def _lines(conversation: Conversation, topics: list[str]) -> list[str]:
    """The best sentences of what was read in full, else of the passages found; none twice."""
    full = [source for source in conversation.sources if "#" not in source.source]
    scored: dict[str, tuple[int, int, Source]] = {}
    found = conversation.objects_of("search_corpus")
    passages = () if any(string_at(each, "query") == COVERED for each in found) else conversation.sources
    for number, source in enumerate(full or passages):
        for sentence in best_sentences(source.text, topics, limit=3):
            scored.setdefault(clip(sentence, 320), (overlap(sentence, topics), number, source))
    best = sorted(scored.items(), key=lambda entry: (-entry[1][0], entry[1][1]))[:MAX_SENTENCES]
    ordered = sorted(best, key=lambda entry: entry[1][1])
    return [f"- {sentence.rstrip('.')}{cited(source)}." for sentence, (_, _, source) in ordered]


STAGES: tuple[Stage, ...] = (search_first, read_best, search_rest, read_more)
