"""The rehearsal of the document agent: lists the files, searches, reads around the hits, quotes them."""

import re
from collections.abc import Callable

from agents.contracts.base import JsonObject
from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message
from agents.library.documents.answer import compose
from agents.library.documents.question import Question, read_question
from agents.library.rehearsal.conversation import Conversation, Wanted, objects_at, string_at
from agents.library.rehearsal.revision import mend

Stage = Callable[[Conversation, Question], tuple[str, list[Wanted]]]
PLACE = re.compile(r"#(p|l)(\d+)")
MAX_FILES = 4


def documents_policy(messages: tuple[Message, ...], tools: tuple[ToolSchema, ...]) -> AssistantMessage:
    """The next answer of the document agent; the first stage with calls still to make, makes them."""
    conversation = Conversation(messages, tools)
    question = read_question(conversation.task)
    for stage in STAGES:
        text, wanted = stage(conversation, question)
        missing = conversation.missing(wanted)
        if missing:
            return conversation.ask(text, missing)
    answer = compose(conversation, question)
    for complaint in conversation.complaints:
        answer = mend(answer, complaint, conversation.sources)
    return AssistantMessage(text=answer)


def list_files(_conversation: Conversation, _question: Question) -> tuple[str, list[Wanted]]:
    return "I see which files are attached.", [Wanted("list_documents", {})]


def search_files(conversation: Conversation, question: Question) -> tuple[str, list[Wanted]]:
    """Tables are summed up; everything else is searched, unless a summary of the whole is asked for."""
    wanted: list[Wanted] = []
    for file in chosen_files(conversation, question):
        name = string_at(file, "name")
        if string_at(file, "media_type") == "text/csv":
            wanted.append(Wanted("csv_summary", {"document": name}))
        if question.query and not question.whole:
            wanted.append(Wanted("search_document", {"document": name, "query": question.query, "limit": 4}))
    return "I go through the files that fit the question.", wanted


def split_tables(conversation: Conversation, question: Question) -> tuple[str, list[Wanted]]:
    """Sums by a column, when the task names one of the table's columns after "by", "per" or "each"."""
    wanted: list[Wanted] = []
    for table in conversation.objects_of("csv_summary"):
        for column in objects_at(table, "columns"):
            if string_at(column, "name").casefold() in question.splits:
                document = string_at(table, "source").removesuffix("#table")
                wanted.append(Wanted("csv_summary", {"document": document, "group_by": string_at(column, "name")}))
    return "The question asks for figures by column.", wanted[:3]


def read_around(conversation: Conversation, question: Question) -> tuple[str, list[Wanted]]:
    """The pages or lines around the best hits; the beginning of a file where nothing was hit."""
    wanted: list[Wanted] = []
    for file in chosen_files(conversation, question):
        name = string_at(file, "name")
        if string_at(file, "media_type") != "text/csv":
            firsts = [] if question.whole else _places(conversation, name)
            wanted += [Wanted("read_document", {"document": name, "first": first}) for first in firsts or [1]]
    return "I read the places that fit best in full.", wanted[:MAX_FILES]


def read_on(conversation: Conversation, question: Question) -> tuple[str, list[Wanted]]:
    """For a summary, one more stretch of each file."""
    wanted: list[Wanted] = []
    for read in conversation.objects_of("read_document")[:2] if question.whole else ():
        following, name = read.get("next"), string_at(read, "source").rsplit("#", 1)[0]
        if isinstance(following, int):
            wanted.append(Wanted("read_document", {"document": name, "first": following}))
    return "There is more; I read on.", wanted


def chosen_files(conversation: Conversation, question: Question) -> list[JsonObject]:
    """The readable files that the task names, or all of them when it names none."""
    files = [
        file
        for listing in conversation.objects_of("list_documents")
        for file in objects_at(listing, "documents")
        if file.get("readable") is True
    ]
    named = [file for file in files if string_at(file, "name").casefold() in question.task.casefold()]
    return (named or files)[:MAX_FILES]


def _places(conversation: Conversation, name: str) -> list[int]:
    """Where the two best hits of a file begin."""
    places: dict[int, None] = {}
    for found in conversation.objects_of("search_document"):
        for result in objects_at(found, "results") if string_at(found, "document") == name else ():
            if place := PLACE.search(string_at(result, "source").removeprefix(name)):
                places.setdefault(int(place.group(2)))
    return list(places)[:2]


STAGES: tuple[Stage, ...] = (list_files, search_files, split_tables, read_around, read_on)
