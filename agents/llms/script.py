"""The grammar of rehearsal names: ``policy+fault+fault=value``, such as ``search+wrong-types+slow=20``."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.contracts.llms import LLMError

# Each fault with the value it has when none is written; None: it takes no value.
FAULTS: Mapping[str, float | None] = {
    "wrong-types": None,  # the first call of each tool has an argument of the wrong type
    "invented-tool": None,  # first a call to a tool that does not exist
    "loop": None,  # the same call for ever
    "obeys": None,  # makes every call that a tool's output asks for
    "rejected-drafts": 1_000_000,  # how many drafts break the rules before one keeps them
    "slow": 20,  # seconds an answer takes
    "unavailable": None,  # fails with 503
    "status": 500,  # fails with this HTTP status
    "html": None,  # answers 200 with a web page
    "half-stream": None,  # stops in mid-answer
    "no-usage": None,  # reports no token usage
    "score": 8,  # as a grader: gives this score, whatever it is shown; 0 and 11 are nonsense
}


@dataclass(frozen=True)
class Script:
    """A rehearsal: which policy, and what is to go wrong."""

    policy: str
    faults: Mapping[str, float]

    @property
    def name(self) -> str:
        """The name as it is written, with its values spelled out."""
        return "+".join([self.policy, *(fault_text(fault, value) for fault, value in self.faults.items())])

    def wants(self, fault: str) -> bool:
        """Whether that fault is to happen."""
        return fault in self.faults

    @property
    def failing_status(self) -> int | None:
        """The HTTP status with which every call fails, if it does."""
        if self.wants("unavailable"):
            return 503
        return int(self.faults["status"]) if self.wants("status") else None


def unknown(said: str) -> LLMError:
    """The failure of a name that means nothing: nobody was asked."""
    return LLMError("not_found", said, may_be_billed=False)


def fault_text(fault: str, value: float) -> str:
    """One fault as it is written."""
    return fault if FAULTS[fault] is None else f"{fault}={value:.15g}"


def parse_script(name: str) -> Script:
    """Read a rehearsal name. Raises LLMError "not_found", with a sentence that names the unreadable part."""
    policy, *words = name.strip().split("+")
    if not policy:
        raise unknown("A rehearsal LLM needs the name of a policy, such as rehearsal:search.")
    return Script(policy, dict(parse_fault(word) for word in words))


def parse_fault(word: str) -> tuple[str, float]:
    """One fault with its value."""
    fault, equals, text = word.strip().partition("=")
    if fault not in FAULTS:
        raise unknown(f"The rehearsal knows no {fault[:40]!r}; it knows {', '.join(FAULTS)}.")
    if not equals:
        return fault, FAULTS[fault] or 0
    if FAULTS[fault] is None or not text.isdigit() or len(text) > 6:
        raise unknown(f"{word[:60]!r} is no fault of the rehearsal: write whole numbers, as in slow=20.")
    return fault, int(text)
