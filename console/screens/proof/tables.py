"""The tables of the proof: how tight holds were, calls that fit none, and the verifications."""

from budgets.models import Hold
from console.screens import cells
from console.screens.grid import Grid


class TightnessTable(Grid):
    """One row an LLM."""

    caption = "What calls held and were charged, by LLM"

    llm = cells.words("llm", "LLM", cells.WIDE)
    calls = cells.cell("proof/cells/calls", "Calls", cells.NUMBER)
    held = cells.cell("proof/cells/held", "Held", cells.NUMBER, of="held_nanos")
    charged = cells.cell("proof/cells/charged", "Charged", cells.NUMBER, of="charged_nanos")
    share = cells.cell("proof/cells/share", "Of the hold", cells.NUMBER_END)
    spread = cells.cell("proof/cells/spread", "Calls by share, 0 to 100 %", cells.WIDE)


class RefusedTable(Grid):
    """Which budgets said no, and how often."""

    caption = "Refused reservations, by the budget that refused them"

    whose = cells.cell("proof/cells/whose", "Budget")
    times = cells.count("times", "Refused", cells.NUMBER_END)


class CallsTable(Grid):
    """Calls that were not charged as they were held."""

    caption = "Calls, newest first"

    run = cells.cell("proof/cells/run", "Run")
    llm = cells.words("llm", "LLM")
    held = cells.cell("proof/cells/held", "Held", cells.NUMBER, of="amount_nanos")
    charged = cells.cell("proof/cells/charged", "Charged", cells.NUMBER, of="settled_nanos")
    at = cells.ago("opened_at", td=cells.NUMBER_END)

    def row_id(self, record: Hold) -> str:
        return f"h-{record.pk.replace(':', '-')}"


class VerificationsTable(Grid):
    """One row a verification."""

    caption = "Verifications, newest first"

    at = cells.ago("at", td={})
    result = cells.cell("proof/cells/result", "Result")
    entries = cells.cell("proof/cells/entries", "Entries", cells.NUMBER)
    took = cells.cell("proof/cells/took", "Took", cells.NUMBER)
    asked = cells.words("asked", "Asked by", {"class": "dim", "data-phone": "end"})
