"""What the critic said of a draft."""

from typing import Annotated

from pydantic import Field

from agents.contracts.base import Contract, NonEmpty


class Issue(Contract):
    """One thing wrong with a draft, in words that help to mend it."""

    check: NonEmpty
    text: NonEmpty


class Grade(Contract):
    """What an LLM thought of a draft, from 1 to 10."""

    llm: NonEmpty
    score: Annotated[int, Field(ge=1, le=10)]
    reasons: str = ""


class Verdict(Contract):
    """Accepted when there is no issue; one that is not good enough by its ``grade`` has an issue that says so."""

    issues: tuple[Issue, ...] = ()
    grade: Grade | None = None

    @property
    def accepted(self) -> bool:
        """Whether the draft may go out."""
        return not self.issues
