"""The rehearsal of the support agent: reads the task, looks things up, proposes refund and email, answers."""

from collections.abc import Callable

from agents.contracts.base import JsonObject
from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message
from agents.library.rehearsal.conversation import Conversation, Wanted, number_at, objects_at, string_at
from agents.library.rehearsal.revision import mend
from agents.library.rehearsal.wording import topic_words
from agents.library.support.answer import compose
from agents.library.support.decisions import decide_refund, is_lost
from agents.library.support.letters import address, letter
from agents.library.support.request import TOPICS, Request, read_request

Stage = Callable[[Conversation, Request], tuple[str, list[Wanted]]]


def support_policy(messages: tuple[Message, ...], tools: tuple[ToolSchema, ...]) -> AssistantMessage:
    """The next answer of the support agent; the first stage with calls still to make, makes them."""
    conversation = Conversation(messages, tools)
    request = read_request(conversation.task)
    for stage in STAGES:
        text, wanted = stage(conversation, request)
        missing = conversation.missing(wanted)
        if missing:
            return conversation.ask(text, missing)
    answer = compose(conversation, request)
    for complaint in conversation.complaints:
        answer = mend(answer, complaint, conversation.sources)
    return AssistantMessage(text=answer)


def look_up_orders(_conversation: Conversation, request: Request) -> tuple[str, list[Wanted]]:
    """Every order that the task names."""
    numbers = ", ".join(str(number) for number in request.order_numbers)
    wanted = [Wanted("order_status", {"order_number": number}) for number in request.order_numbers]
    return f"I look up order {numbers} first.", wanted


def look_up_rules(conversation: Conversation, request: Request) -> tuple[str, list[Wanted]]:
    """The shop's rules on what the task is about, and the stock of what it names."""
    wanted = [Wanted("search_policies", {"query": _rules_query(conversation, request), "limit": 3})]
    wanted += [Wanted("stock", {"product": product}) for product in _products(conversation, request)]
    also = " and the stock" if len(wanted) > 1 else ""
    return f"Now the shop's rules on this{also}.", wanted


def look_further(conversation: Conversation, _request: Request) -> tuple[str, list[Wanted]]:
    """The rules most asked for, where the words of the task found none."""
    found = conversation.objects_of("search_policies")
    searched = [each for each in conversation.results_of("search_policies") if each.status == "error"]
    if not searched or (found and found[0].get("query") != COMMON_RULES):
        return "", []
    return "No rule has these words; I look at the common ones.", [
        Wanted("search_policies", {"query": COMMON_RULES, "limit": 3})
    ]


def look_for_replacement(conversation: Conversation, request: Request) -> tuple[str, list[Wanted]]:
    """The stock of what a lost parcel held: without it there can be no second parcel."""
    lost = [order for order in conversation.objects_of("order_status") if is_lost(order) and not request.asks_refund]
    skus = [string_at(item, "sku") for order in lost for item in objects_at(order, "items")]
    return "The parcel counts as lost; I check whether a second one can be sent.", [
        Wanted("stock", {"product": sku}) for sku in skus[:4]
    ]


def propose_refund(conversation: Conversation, request: Request) -> tuple[str, list[Wanted]]:
    """A refund for each order that the task wants refunded and the rules allow."""
    wanted: list[Wanted] = []
    for order in conversation.objects_of("order_status") if request.asks_refund else ():
        decision = decide_refund(order, request, conversation.task)
        if decision.amount_cents:
            arguments: JsonObject = {
                "order_number": number_at(order, "order_number"),
                "amount_cents": decision.amount_cents,
                "reason": decision.reason,
            }
            wanted.append(Wanted("refund", arguments))
    return "The rules allow this refund; a person has to confirm it.", wanted


def propose_email(conversation: Conversation, request: Request) -> tuple[str, list[Wanted]]:
    """One message to the customer of each order, once it is known what was done."""
    wanted: list[Wanted] = []
    for order in conversation.objects_of("order_status") if request.asks_email else ():
        subject, body = letter(order, notes=_notes(conversation, request, order))
        arguments: JsonObject = {
            "order_number": number_at(order, "order_number"),
            "to": address(order),
            "subject": subject,
            "body": body,
        }
        wanted.append(Wanted("send_email", arguments))
    return "I write to the customer; a person has to confirm the message.", wanted


def _rules_query(conversation: Conversation, request: Request) -> str:
    if request.reason == "other" and request.asks_refund:
        return "refund returns money back"
    if request.reason == "other" and request.asks_stock:
        return "questions about stock sold out"
    return TOPICS.get(request.reason) or " ".join(topic_words(conversation.task))[:300] or COMMON_RULES


def _products(conversation: Conversation, request: Request) -> list[str]:
    if request.products or not request.asks_stock:
        return list(request.products)
    orders = conversation.objects_of("order_status")
    return [string_at(item, "sku") for order in orders for item in objects_at(order, "items")][:4]


def _notes(conversation: Conversation, request: Request, order: JsonObject) -> list[str]:
    number = number_at(order, "order_number")
    notes = [
        f"We have refunded {string_at(refund, 'text')[: string_at(refund, 'text').find(' of order')]}."
        for refund in conversation.objects_of("refund")
        if number_at(refund, "order_number") == number
    ]
    if request.asks_refund and not notes:
        notes = [decide_refund(order, request, conversation.task).why]
    for stock in conversation.objects_of("stock"):
        notes.append(string_at(stock, "text"))
    return [note for note in notes if note]


COMMON_RULES = "returns refunds shipping cost"
STAGES: tuple[Stage, ...] = (
    look_up_orders,
    look_up_rules,
    look_further,
    look_for_replacement,
    propose_refund,
    propose_email,
)
