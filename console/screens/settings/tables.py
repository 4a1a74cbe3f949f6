"""The tables of a person's settings: the tokens of their programs and the browsers they are signed in with."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.models import ApiToken
from console.screens import cells
from console.screens.grid import Grid


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token and, in words, what it may do."""

    token: ApiToken
    may: Sequence[str]


class TokensTable(Grid):
    """One row a token."""

    caption = "Your API tokens, newest first"
    look = "settings-grid"

    name = cells.cell("settings/cells/token", "Name", {"class": "clip"})
    may = cells.cell("settings/cells/may", "May", cells.WIDE)
    used = cells.cell("settings/cells/used", "Last used", cells.NUMBER)
    ends = cells.cell("settings/cells/ends", "Ends in", cells.NUMBER)
    verbs = cells.cell("settings/cells/revoke", cells.VERBS, cells.VERB_CELL)


class SessionsTable(Grid):
    """One row a browser."""

    caption = "Browsers in which you are signed in"
    look = "settings-grid"

    browser = cells.cell("settings/cells/browser", "Browser")
    address = cells.words("address", "From", {"class": "mono"})
    at = cells.cell("settings/cells/signed_in", "Signed in", cells.NUMBER)
    verbs = cells.cell("settings/cells/end", cells.VERBS, cells.VERB_CELL)
