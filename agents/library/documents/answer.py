"""The answer of the rehearsal document policy: figures of tables, and the best sentences, all cited."""

import re
from collections.abc import Sequence

from agents.contracts.base import JsonObject
from agents.library.documents.question import Question
from agents.library.rehearsal.conversation import (
    Conversation,
    Source,
    cite_of,
    cited,
    number_at,
    objects_at,
    string_at,
)
from agents.library.rehearsal.limits import limitations
from agents.library.rehearsal.wording import best_sentences, clip, frequent_words, overlap

ROWS = re.compile(r"\.csv#l\d", re.I)
MAX_SENTENCES = 6
MAX_COLUMNS = 8
LABELS = {
    "list_documents": "the list of files",
    "search_document": "the search in the files",
    "read_document": "reading the files",
    "csv_summary": "the summary of the table",
}


def compose(conversation: Conversation, question: Question) -> str:
    """The answer in paragraphs; says so where nothing was found."""
    summaries = [each for each in conversation.objects_of("csv_summary") if _fits(conversation, each, question)]
    tables = [paragraph for table in summaries for paragraph in _table(table, question)]
    found = _passages(conversation, question)
    labels = {tool: label for tool, label in LABELS.items() if conversation.results_of(tool)}
    if conversation.objects_of("search_document"):
        labels.pop("search_document")  # no hit in one file is no news when another has some
    paragraphs = [*tables, found, *_unreadable(conversation), " ".join(limitations(conversation, labels))]
    if not tables and not found:
        paragraphs.insert(0, _nothing(conversation))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _passages(conversation: Conversation, question: Question) -> str:
    """The best sentences of everything read, each with its source."""
    split = any(objects_at(table, "groups") for table in conversation.objects_of("csv_summary"))
    sources = [source for source in conversation.sources if source.text and not _is_figures(source, split=split)]
    wanted = list(question.topics)
    if question.whole:
        wanted = frequent_words(" ".join(source.text for source in sources))
    lines = _ranked(sources, wanted)
    if not lines:
        return ""
    opening = "The main points, in the documents' own words:" if question.whole else "The files say:"
    return "\n".join([opening, *(f"- {sentence.rstrip('.')}{cited(source)}." for sentence, source in lines)])


def _nothing(conversation: Conversation) -> str:
    """Says so, and names what was looked at."""
    looked = [f"{source.title}{cited(source)}" for source in conversation.sources]
    among = f" I looked at {', '.join(looked)}." if looked else ""
    return f"The attached files give no answer to this question.{among}"


def _ranked(sources: list[Source], wanted: list[str]) -> list[tuple[str, Source]]:
    """Sentences by wanted words, then chosen, then put in reading order, none twice."""
    scored: dict[str, tuple[int, int, Source]] = {}
    for number, source in enumerate(sources):
        chosen = _rows if ROWS.search(source.source) else best_sentences
        for sentence in chosen(source.text, wanted, limit=4):
            scored.setdefault(clip(sentence, 320), (overlap(sentence, wanted), number, source))
    best = sorted(scored.items(), key=lambda entry: (-entry[1][0], entry[1][1]))[:MAX_SENTENCES]
    return [(sentence, source) for sentence, (_, _, source) in sorted(best, key=lambda entry: entry[1][1])]


def _is_figures(source: Source, *, split: bool) -> bool:
    """What the tables' paragraph says already: their summary, and their rows where sums were split."""
    return source.source.endswith("#table") or (split and ROWS.search(source.source) is not None)


def _rows(text: str, wanted: Sequence[str], *, limit: int) -> list[str]:
    """The rows of a table that hold most of the wanted words."""
    rows = [row for row in text.split("\n") if overlap(row, wanted)]
    return sorted(rows, key=lambda row: -overlap(row, wanted))[:limit]


def _fits(conversation: Conversation, table: JsonObject, question: Question) -> bool:
    """Whether a table has to do with the question, or there is nothing else to answer from."""
    name = string_at(table, "source").removesuffix("#table")
    columns = " ".join(string_at(column, "name") for column in objects_at(table, "columns"))
    asked = question.whole or bool(table.get("groups")) or name.casefold() in question.task.casefold()
    others = conversation.results_of("read_document")
    return asked or not others or overlap(columns, question.topics) > 0


def _table(table: JsonObject, question: Question) -> list[str]:
    """The table's size and the figures of its numeric columns, or the sums by column if asked for."""
    columns = [column for column in objects_at(table, "columns") if string_at(column, "type") == "number"]
    named = [column for column in columns if overlap(string_at(column, "name"), question.topics)]
    groups = objects_at(table, "groups")
    if groups:
        lines = [f"- {string_at(group, 'value') or '(empty)'}: {_sums(group)}" for group in groups]
        return [f"Sums by column{cite_of(table)}:\n" + "\n".join(lines)]
    figures = [f"- {_figures(column)}" for column in (named or columns)[:MAX_COLUMNS]]
    text = string_at(table, "text").rstrip(".")
    return ["\n".join([f"{text}{cite_of(table)}.", *figures])]


def _figures(column: JsonObject) -> str:
    figures = ", ".join(f"{name} {string_at(column, name)}" for name in ("sum", "mean", "min", "max"))
    return f"{string_at(column, 'name')}: {figures}"


def _sums(group: JsonObject) -> str:
    sums = group.get("sums")
    figures = [f"{name} {value}" for name, value in sums.items()] if isinstance(sums, dict) else []
    count = number_at(group, "rows")
    return ", ".join([f"{count} row{'' if count == 1 else 's'}", *figures[:MAX_COLUMNS]])


def _unreadable(conversation: Conversation) -> list[str]:
    files = [file for listing in conversation.objects_of("list_documents") for file in objects_at(listing, "documents")]
    return [string_at(file, "problem").rstrip(".") + "." for file in files if file.get("readable") is False]
