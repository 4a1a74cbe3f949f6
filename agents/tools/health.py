"""Breakers shared by all workers: decided from this process's memory, refreshed from rows, written when they matter."""

import logging
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence

from django.db import DatabaseError, InterfaceError

from agents.engine import ports
from agents.models import ToolHealth
from agents.outage import hand_back_connection
from agents.tools import link_rows
from agents.tools.known_links import KnownLinks
from agents.tools.link_minutes import Minutes
from agents.tools.link_rows import Outcome, Trouble
from budgets import clock

logger = logging.getLogger(__name__)
MOST_REMEMBERED = 10_000
"""Runs and links whose trouble is written once; of those that came before, a later trouble is written again."""
MOST_WAITING = 1_000


class SharedHealth:
    """The engine's Health port. Successes of a closed link are counted here and written now and then; failures at once.

    ``flush`` writes what was counted; a worker has a ``Pulse`` that does it every two seconds, and tells the others of
    links that have ``changed``; it wakes when something has ``stirred``.
    """

    def __init__(self) -> None:
        self.links = KnownLinks()
        self.changed: deque[str] = deque(maxlen=MOST_WAITING)
        self.stirred = threading.Event()
        self._minutes = Minutes()
        self._lock = threading.Lock()
        self._calm: Counter[str] = Counter()
        self._late: list[Outcome] = []
        self._troubles: list[Trouble] = []
        self._told: OrderedDict[Trouble, None] = OrderedDict()

    def allows(self, link: str, *, last_resort: bool = False) -> bool:
        """Whether a call may go to this link now. A half-open link lets one caller through, in all workers together.

        Whoever has nothing else to turn to may also call one that merely fails often.
        """
        known = self.links.get(link)
        if known is None or known.breaker.forced in ("closed", "only"):
            return True
        if known.breaker.forced == "open":
            return False
        if known.breaker.state == "closed":
            return True
        wanted = known.probe_asked_at is not None or known.breaker.wants_probe(clock.now())
        if wanted and self.take_probe(link):
            return True
        return last_resort and not known.breaker.tripped

    def only(self, links: Sequence[str]) -> str:
        """The link that a person made the only one of these; "" for none."""
        for link in links:
            known = self.links.get(link)
            if known is not None and known.breaker.forced == "only":
                return link
        return ""

    def record(
        self,
        link: str,
        *,
        error: str,
        duration_ms: int = 0,
        slow_after_ms: int = 0,
        tenant: str = "",
        run_id: str = "",
        cost_nanos: int = 0,
    ) -> None:
        """Count one call; slower than the operator's limit, or else than the link's own, it counts as a failure."""
        known = self.links.get(link)
        limit = slow_after_ms if known is None or known.slow_after_ms is None else known.slow_after_ms
        slow = not error and bool(limit) and duration_ms > limit
        self._minutes.count(link, failed=bool(error), slow=slow, duration_ms=duration_ms)
        outcome = Outcome(link, error, slow, tenant, run_id, cost_nanos)
        if not outcome.bad and (known is None or known.calm):
            with self._lock:
                self._calm[link] += 1
        elif outcome.bad or (known is not None and known.breaker.state != "open"):
            self._write(outcome)

    def trip(self, link: str, *, reason: str, tenant: str = "", run_id: str = "") -> None:
        """Open the breaker at once for all workers."""
        row = link_rows.trip(Outcome(link, reason, tenant=tenant, run_id=run_id), calm_before=self._take_calm(link))
        self._changed(row)

    def trouble(self, link: str, what: ports.Trouble, *, tenant: str, run_id: str) -> None:
        """Note, once for a run, that a link was passed over or its tool is missing there."""
        trouble = Trouble(link, what, tenant, run_id)
        with self._lock:
            if trouble in self._told:
                return
            self._told[trouble] = None
            if len(self._told) > MOST_REMEMBERED:
                self._told.popitem(last=False)
            self._troubles = [*self._troubles, trouble][-MOST_REMEMBERED:]

    def take_probe(self, link: str) -> bool:
        """Become the one that probes; False when another worker already does."""
        row, mine = link_rows.take_probe(link)
        self.links.remember(row)
        return mine

    def flush(self) -> None:
        """Write what was counted since the last time. Raises the database's errors; then it waits for the next."""
        with self._lock:
            late, self._late = self._late, []
            calm, self._calm = self._calm, Counter()
            troubles, self._troubles = self._troubles, []
        try:
            while late:
                self._changed(link_rows.write_outcome(late[0], calm_before=calm.pop(late[0].link, 0)))
                late.pop(0)
            while calm:
                link = next(iter(calm))
                self.links.remember(link_rows.write_calm(link, calm[link]))
                del calm[link]
            if troubles:
                link_rows.keep_troubles(troubles)
                troubles = []
            self._minutes.write()
        finally:
            with self._lock:
                self._late[:0] = late[-MOST_WAITING:]
                self._calm += calm
                self._troubles[:0] = troubles[-MOST_WAITING:]

    def _write(self, outcome: Outcome) -> None:
        """Now, since others must know; while the database is away, when it is back: no run ends for a count."""
        calm = self._take_calm(outcome.link)
        try:
            row = link_rows.write_outcome(outcome, calm_before=calm)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("the health of %s is written later: %s", outcome.link, error)
            hand_back_connection()
            with self._lock:
                self._late = [*self._late, outcome][-MOST_WAITING:]
                self._calm[outcome.link] += calm
            return
        self._changed(row)

    def _changed(self, row: ToolHealth) -> None:
        before = self.links.get(row.link)
        self.links.remember(row)
        if before is None or before.breaker.state != row.state:
            self.changed.append(row.link)
            self.stirred.set()

    def _take_calm(self, link: str) -> int:
        with self._lock:
            return self._calm.pop(link, 0)
