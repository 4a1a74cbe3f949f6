"""The tables of secrets: what is needed and not set, and what is set. Neither has a value."""

from console.screens import cells
from console.screens.grid import Grid
from console.screens.secrets.selectors import Line

BAD = 3


class WantedTable(Grid):
    """Names that nothing stands under."""

    caption = "Secrets that something needs and nobody has set"
    look = "secrets-grid"
    severity_of = BAD

    name = cells.cell("secrets/cells/wanted", "Name", {"class": "secret-name mono"})
    fails = cells.cell("secrets/cells/needed", "Without it these fail", of="needed_by")
    verbs = cells.cell("secrets/cells/set", cells.VERBS, cells.VERB_CELL)


class SecretsTable(Grid):
    """The tenant's own and those of all tenants."""

    caption = "Secrets that are set, by their names"
    look = "secrets-grid"

    name = cells.words("secret__name", "Name", {"class": "secret-name mono"})
    whose = cells.cell("secrets/cells/whose", "Whose")
    needed = cells.cell("secrets/cells/needed_now", "Needed by", cells.WIDE)
    by = cells.cell("secrets/cells/by", "Set by")
    at = cells.ago("secret__set_at")
    used = cells.cell("secrets/cells/used", "Last used", cells.NUMBER)
    verbs = cells.cell("secrets/cells/change", cells.VERBS, cells.VERB_CELL)

    def severity_of(self, record: Line) -> int | None:
        return BAD if record.amiss else None
