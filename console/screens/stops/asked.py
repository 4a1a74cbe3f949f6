"""What a form, an address or the page that one comes from asks to stop; whether it may be is decided elsewhere."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.http import QueryDict

_RUN_PAGE = re.compile(r"/t/[^/]+/runs/([0-9a-f]{32})/")
_RUNS_PAGE = re.compile(r"/t/[^/]+/runs/")


@dataclass(frozen=True, slots=True)
class Asked:
    """``kind`` names a scope, the others what it is about; names are as typed."""

    kind: str = ""
    run_ids: tuple[str, ...] = ()
    q: str = ""
    surface: str = ""
    agent: str = ""
    tool: str = ""
    all_tenants: bool = False

    @classmethod
    def of(cls, given: QueryDict, *, page: str = "") -> "Asked":
        """Read a form or an address; without a kind in it, the run or the filter that ``page`` shows is meant."""
        if not given.get("kind"):
            return shown_on(page)
        ids = (each for value in given.getlist("run") for each in value.split(","))
        return cls(
            kind=given.get("kind", ""),
            run_ids=tuple(dict.fromkeys(each for each in ids if each)),
            q=given.get("q", ""),
            surface=_name(given, "surface"),
            agent=_name(given, "agent"),
            tool=_name(given, "tool"),
            all_tenants=bool(given.get("all_tenants")),
        )


def _name(given: QueryDict, field: str) -> str:
    # A NUL is no text to a database.
    return given.get(field, "").replace("\x00", "")


def shown_on(page: str) -> Asked:
    """The run or the filter that a page of the console shows, by its address; nothing for other pages."""
    address = urlsplit(page)
    if found := _RUN_PAGE.fullmatch(address.path):
        return Asked("runs", run_ids=(found[1],))
    q = parse_qs(address.query).get("q", [""])[0]
    if _RUNS_PAGE.fullmatch(address.path) and q.strip():
        return Asked("filter", q=q)
    return Asked()
