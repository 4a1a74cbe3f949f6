"""What the users of a told day ask for, by agent."""

from random import Random

QUESTIONS = (
    "How do we roll out a database migration without downtime, and when do we roll back?",
    "What belongs in a runbook?",
    "How many retries are too many?",
    "When should an alert page a person at night?",
    "How do we keep secrets out of logs?",
    "What is a canary release, and when is it worth it?",
    "Who leads an incident, and what do they not do?",
    "How do we size a queue for a burst?",
    "What should a postmortem leave out?",
    "How long should a timeout be?",
    "When does a cache do harm?",
    "How do we practise losing a dependency?",
)
GOODS = ("Enamel Kettle", "Rain Jacket", "Camp Lantern", "Wool Blanket", "Two Person Tent", "Day Pack 32 L", "Tin Mug")
FIRST_ORDER, LAST_ORDER = 1001, 1040
LEASE = b"""# Lease of the workshop

The tenant pays 1,250 USD on the first of each month.

## Notice

Either side may end the lease with three months' notice, in writing.
"""
SALES = b"month,region,revenue\nJan,North,1200\nJan,South,900\nFeb,North,1350\nFeb,South,870\nMar,North,1500\n"


def support_task(random: Random) -> str:
    """A customer's case."""
    order, goods = random.randint(FIRST_ORDER, LAST_ORDER), random.choice(GOODS)
    return random.choice(
        (
            f"Where is order {order}?",
            f"Where is order {order}? The customer also asks whether the {goods} is in stock.",
            f"Is the {goods} in stock, and how long does shipping take?",
            f"Order {order} has not arrived. What do the rules say about a parcel that is late?",
            f"The customer of order {order} wants to know if the {goods} can be exchanged.",
        )
    )


def refund_task(random: Random) -> str:
    """A case that ends with a person's approval."""
    order = random.randint(FIRST_ORDER, LAST_ORDER)
    return random.choice(
        (
            f"Refund order {order}, it arrived broken, and email the customer.",
            f"Order {order} arrived damaged. Refund it.",
            f"Email the customer of order {order} and say where the parcel is.",
        )
    )


def search_task(random: Random) -> str:
    """A question about running a service."""
    return random.choice(QUESTIONS)


def content_task(random: Random) -> str:
    """A text to write."""
    goods, length = random.choice(GOODS), random.choice((60, 80, 100, 120))
    return random.choice(
        (
            f"Write a product text of {length} words for the {goods}.",
            f"Write an email of {length} words to customers whose {goods} is late.",
            f"Write a post of {length} words about the {goods}.",
        )
    )


def document_task(random: Random) -> str:
    """A question about the attached files."""
    return random.choice(
        (
            "Which notice period does the lease have, and what was the revenue of the North?",
            "Summarise the main points of the attached files, and the figures they mention.",
            "What does the tenant pay, and when?",
        )
    )
