"""What the critic said of a draft."""

from agents.contracts.base import Contract, NonEmpty


class Issue(Contract):
    """One thing wrong with a draft, in words that help to mend it."""

    check: NonEmpty
    text: NonEmpty


class Verdict(Contract):
    """Accepted when there is no issue."""

    issues: tuple[Issue, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the draft may go out."""
        return not self.issues
