"""The rehearsal of the content agent: reads the guidelines, drafts by template, measures, fits, hands in."""

from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message
from agents.library.content.brief import Brief, read_brief
from agents.library.content.drafting import FILLERS, first_draft, fitted_draft
from agents.library.content.guidelines import BANNED_PHRASES, BRAND, WORDS
from agents.library.rehearsal.conversation import (
    Conversation,
    Wanted,
    number_at,
    objects_at,
    string_at,
    strings_at,
)
from agents.library.rehearsal.limits import limitations
from agents.library.rehearsal.revision import lengthen, mend

LABELS = {
    "brand_guidelines": "the brand guidelines",
    "word_count": "the word count",
    "readability": "the readability check",
}
NO_SUBJECT = (
    f"The brief names no subject. Tell me what the text for {BRAND} is about, for whom and how long; for "
    "example: a product text of 80 words for the Enamel Kettle, mentioning that it holds 1.7 litres."
)


def content_policy(messages: tuple[Message, ...], tools: tuple[ToolSchema, ...]) -> AssistantMessage:
    """The next answer of the content agent."""
    conversation = Conversation(messages, tools)
    brief = read_brief(conversation.task)
    guidelines = [Wanted("brand_guidelines", {"kind": brief.kind})]
    if missing := conversation.missing(guidelines):
        return conversation.ask(f"I read the guidelines for this kind of text: {brief.kind}.", missing)
    if not brief.subject and not brief.points:
        return AssistantMessage(text=NO_SUBJECT)
    draft = first_draft(brief, _facts(conversation), _banned(conversation))
    if missing := conversation.missing(_measures(draft)):
        return conversation.ask(f"A first draft; I measure it.\n\n{draft}", missing)
    if not _fits(conversation, brief, draft):
        draft = fitted_draft(brief, _facts(conversation), _banned(conversation), _words(conversation, brief))
        if missing := conversation.missing(_measures(draft)):
            least, most = _words(conversation, brief)
            return conversation.ask(f"The text should have {least} to {most} words; I fit it.\n\n{draft}", missing)
    return AssistantMessage(text=_finished(conversation, brief, draft))


def _measures(draft: str) -> list[Wanted]:
    return [Wanted("word_count", {"text": draft}), Wanted("readability", {"text": draft})]


def _fits(conversation: Conversation, brief: Brief, draft: str) -> bool:
    result = conversation.result(_measures(draft)[0])
    if result is None or result.status != "ok" or not isinstance(result.content, dict):
        return False
    least, most = _words(conversation, brief)
    return least <= number_at(result.content, "words") <= most


def _finished(conversation: Conversation, brief: Brief, draft: str) -> str:
    """The draft with what the critic asked for, and notes on what the brief could not have."""
    for complaint in conversation.complaints:
        draft = mend(draft, complaint, conversation.sources, spare=FILLERS)
    if len(draft) < 100:
        draft = lengthen(draft, FILLERS, minimum=100)
    banned = [phrase.lower() for phrase in _banned(conversation)]
    refused = [phrase for phrase in (*brief.phrases, *brief.points) if any(each in phrase.lower() for each in banned)]
    notes = ["The brief asks for a phrase that the house rules ban; it is left out."] if refused else []
    notes += limitations(conversation, {tool: label for tool, label in LABELS.items() if _asked(conversation, tool)})
    return draft if not notes else f"{draft}\n\n(Note: {' '.join(notes)})"


def _asked(conversation: Conversation, tool: str) -> bool:
    return tool not in conversation.tools or bool(conversation.results_of(tool))


def _facts(conversation: Conversation) -> list[str]:
    return [
        string_at(fact, "text")
        for found in conversation.objects_of("brand_guidelines")
        for fact in objects_at(found, "facts")
    ]


def _banned(conversation: Conversation) -> list[str]:
    found = [phrase for each in conversation.objects_of("brand_guidelines") for phrase in strings_at(each, "banned")]
    return found or [*BANNED_PHRASES]


def _words(conversation: Conversation, brief: Brief) -> tuple[int, int]:
    """The brief's length, else the usual one of the guidelines."""
    if brief.words:
        return brief.words
    for found in conversation.objects_of("brand_guidelines"):
        usual = found.get("words")
        if isinstance(usual, dict):
            return number_at(usual, "minimum"), number_at(usual, "maximum")
    return WORDS[brief.kind]
