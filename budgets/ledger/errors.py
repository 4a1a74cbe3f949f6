"""What a caller of the ledger can do wrong. A full account is no error: `reserve` answers with a refusal."""


class LedgerError(Exception):
    """The ledger was used in a way that could lose or double money; nothing was written."""


class UnknownHold(LedgerError):
    """No such hold, or it was not among the holds that the books were opened with."""


class HoldExists(LedgerError):
    """A hold of this id was made before; every reservation needs an id of its own."""


class AccountNotLocked(LedgerError):
    """The account does not exist, or it was not among those that the books were opened with."""
