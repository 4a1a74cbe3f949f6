"""The send_email tool: one message to the customer of an order, once for each key."""

from django.db import IntegrityError, transaction
from pydantic import Field, JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.library.models import Order, OutboxMessage
from agents.library.support.orders import find_order
from agents.library.support.refunds import DAY_SECONDS
from agents.tools.define import Arguments, python_tool


class EmailArguments(Arguments):
    order_number: int = Field(ge=1, le=999_999, description="The order that the message is about.")
    to: str = Field(
        max_length=254,
        pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
        description="The address; it must be that of the order's customer.",
    )
    subject: str = Field(min_length=3, max_length=120, pattern=r"^[^\r\n]+$", description="One line.")
    body: str = Field(min_length=10, max_length=4_000, description="Plain text.")


def send_email(arguments: EmailArguments, call: Call) -> JsonValue:
    """Put the message into the outbox, or return the one sent before under this key.

    Raises ToolRefusal when the address is not that of the order's customer.
    """
    order = find_order(arguments.order_number)
    if arguments.to.lower() != order.customer.email.lower():
        raise ToolRefusal(f"{arguments.to} is not the address of order {order.number}; write to {order.customer.email}")
    message = _sent_before(call) or _send(order, arguments, call)
    return {
        "source": f"email/{message.pk}",
        "title": f"Email about order {order.number}",
        "text": f"Sent to {message.to}: {message.subject}",
        "message_id": message.pk,
        "to": message.to,
        "subject": message.subject,
    }


def _sent_before(call: Call) -> OutboxMessage | None:
    return OutboxMessage.objects.filter(tenant=call.tenant, key=call.key).first()


def _send(order: Order, arguments: EmailArguments, call: Call) -> OutboxMessage:
    try:
        with transaction.atomic():
            return OutboxMessage.objects.create(
                tenant=call.tenant,
                key=call.key,
                order=order,
                to=order.customer.email,
                subject=arguments.subject,
                body=arguments.body,
                run_id=call.run_id,
            )
    except IntegrityError:  # another attempt of this very call was faster
        return OutboxMessage.objects.get(tenant=call.tenant, key=call.key)


SEND_EMAIL = python_tool(
    "send_email",
    [send_email],
    description="Send an email to the customer of an order. A person confirms it first. The address must be "
    "the one in the order.",
    effect="keyed",
    needs_approval=True,
    dedupe_seconds=DAY_SECONDS,
    capability="the email",
    degraded_advice="Email cannot be sent now. Give the operator the text to send by hand.",
)
