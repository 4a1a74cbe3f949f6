"""The four truths, and what follows from them, asked of the rows and of the far end. Each raises Violation."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from agents.contracts.endings import TERMINAL
from tests.soak.agent import SENDS
from tests.soak.far_end import FarEnd, Intent
from tests.soak.plain_rows import Row, Rows
from tests.soak.tally import Violation

SCOPES = ("run", "session", "user_day", "surface_day", "tenant_day", "tenant_month")
STARTS = {"model.started": "model.ended", "tool.started": "tool.ended", "attempt.started": "attempt.ended"}
ENDS = frozenset(STARTS.values())
OVER_LIMIT = """
    SELECT id, spent_nanos, held_nanos, limit_nanos + topped_up_nanos FROM budgets_account
    WHERE limit_nanos IS NOT NULL AND spent_nanos + held_nanos > limit_nanos + topped_up_nanos
"""
MOVED = " UNION ALL ".join(
    f"SELECT h.{scope}_account_id AS account_id, e.spent_delta_nanos AS spent, e.held_delta_nanos AS held, 0 AS topped "
    "FROM budgets_ledgerentry e JOIN budgets_hold h ON h.id = e.hold_id"
    for scope in SCOPES
)
UNBALANCED = f"""
    SELECT a.id, a.spent_nanos, a.held_nanos, a.topped_up_nanos, m.spent, m.held, m.topped
    FROM budgets_account a LEFT JOIN (
        SELECT account_id, SUM(spent) AS spent, SUM(held) AS held, SUM(topped) AS topped FROM (
            {MOVED}
            UNION ALL SELECT account_id, 0, 0, limit_delta_nanos FROM budgets_ledgerentry WHERE hold_id IS NULL
        ) moved GROUP BY account_id
    ) m ON m.account_id = a.id
    WHERE a.spent_nanos <> COALESCE(m.spent, 0) OR a.held_nanos <> COALESCE(m.held, 0)
        OR a.topped_up_nanos <> COALESCE(m.topped, 0)
"""
HOLES = """
    SELECT r.id, r.next_seq, COUNT(e.seq), MIN(e.seq), MAX(e.seq) FROM agents_run r
    JOIN agents_eventrow e ON e.run_id = r.id GROUP BY r.id, r.next_seq
    HAVING COUNT(e.seq) <> r.next_seq - 1 OR MIN(e.seq) <> 1 OR MAX(e.seq) <> r.next_seq - 1
"""
STRETCHES = """
    SELECT e.run_id, e.seq, e.kind, e.span_id, e.data, r.epoch
    FROM agents_eventrow e JOIN agents_run r ON r.id = e.run_id
    WHERE e.kind IN ('run.claimed', 'model.started', 'model.ended', 'tool.started', 'tool.ended', 'attempt.started',
        'attempt.ended') ORDER BY e.run_id, e.seq
"""
STEPS = """
    SELECT r.id, r.steps_count, COUNT(s.number), MAX(s.number)
    FROM agents_run r JOIN agents_steprow s ON s.run_id = r.id
    GROUP BY r.id, r.steps_count HAVING COUNT(s.number) <> MAX(s.number)
"""


def no_account_is_above_its_limit(rows: Rows) -> None:
    """Spent and held together, at every moment that is looked at."""
    for account, spent, held, limit in rows(OVER_LIMIT):
        raise Violation(f"account {account}: spent {spent} + held {held} > limit {limit}")


def every_balance_equals_its_ledger(rows: Rows) -> None:
    """Summed here, by SQL of our own."""
    for account, *figures in rows(UNBALANCED):
        raise Violation(f"account {account}: spent, held, topped up {figures[:3]}, its entries say {figures[3:]}")


def no_sequence_has_a_hole(rows: Rows) -> None:
    """Events count from 1 to the run's next number, steps from 1 to their last."""
    for run, *figures in rows(HOLES):
        raise Violation(f"run {run}: next seq, events, first, last are {figures}")
    for run, *figures in rows(STEPS):
        raise Violation(f"run {run}: steps counted, rows, last are {figures}")


def one_epoch_writes_at_a_time(rows: Rows) -> None:
    """Claims rise; what a stretch began, no later stretch's time sees it end."""
    runs: dict[str, list[Row]] = defaultdict(list)
    for run, *event in rows(STRETCHES):
        runs[run].append(tuple(event))
    for run, events in runs.items():
        _judge_stretches(run, events)


def _judge_stretches(run: str, events: list[Row]) -> None:
    epoch, begun_in = 0, dict[str, int]()
    for seq, kind, span, data, present in events:
        if kind == "run.claimed":
            claimed = _read(data)["epoch"]
            if not epoch < claimed <= present:
                raise Violation(f"run {run} was claimed under {claimed} at {seq} after {epoch}, and is at {present}")
            epoch = claimed
        elif kind in STARTS:
            begun_in[f"{STARTS[kind]} {span}"] = epoch
        elif (begun := begun_in.get(f"{kind} {span}", epoch)) != epoch:
            raise Violation(
                f"run {run}: {kind} at {seq} was begun under epoch {begun}, and {epoch} had claimed it since"
            )


def effects_belong_to_claims(rows: Rows) -> None:
    """An effect row carries an epoch that has claimed its run."""
    for run, effect, epoch, present in rows(
        "SELECT f.run_id, f.id, f.epoch, r.epoch FROM agents_effect f JOIN agents_run r ON r.id = f.run_id "
        "WHERE f.epoch > r.epoch OR f.epoch < 1"
    ):
        raise Violation(f"effect {effect} of run {run} has epoch {epoch}, its run is at {present}")


def each_effect_happened_at_most_once(rows: Rows, far_end: FarEnd) -> None:
    """Under one key where the far end dedupes, by one arrival where it does not; and no arrival without its row."""
    arrivals = far_end.arrivals()  # before the rows are read: a row is written before its effect is sent
    known = {Intent(run, call): key for run, call, key in rows("SELECT run_id, call_id, sent_key FROM agents_effect")}
    keys: Counter[str] = Counter()
    for intent, came in arrivals.items():
        once = len(set(came)) if far_end.is_keyed(intent) else len(came)
        if once != 1:
            raise Violation(f"{intent.call_id} of run {intent.run_id} happened {once} times: {came}")
        keys[came[0]] += 1
        if keys[came[0]] > 1 or known.get(intent) != came[0]:
            raise Violation(
                f"{intent.call_id} of run {intent.run_id} came as {came[0]}, its row says {known.get(intent)}"
            )


def what_succeeded_has_happened(rows: Rows, far_end: FarEnd) -> None:
    """Nothing is called done that never arrived."""
    ours = ", ".join(f"'send_{kind}'" for kind in SENDS)
    done = rows(f"SELECT run_id, call_id FROM agents_effect WHERE state = 'succeeded' AND tool IN ({ours})")
    arrived = far_end.arrivals()
    for run, call in done:
        if Intent(run, call) not in arrived:
            raise Violation(f"{call} of run {run} is called done, and never arrived")


def the_shop_was_told_once(rows: Rows) -> None:
    """The bundled agents' own far end: refunds and emails, one a key."""
    for table in ("refund", "outboxmessage"):
        for key, count in rows(f"SELECT key, COUNT(*) FROM library_{table} GROUP BY key HAVING COUNT(*) > 1"):
            raise Violation(f"{count} rows of {table} under {key}")


class Endings:
    """What has ended stays as it was."""

    def __init__(self) -> None:
        self._seen: dict[str, Row] = {}

    def stay(self, rows: Rows) -> None:
        """Compares with every look before. Raises Violation."""
        names = ", ".join(f"'{state}'" for state in sorted(TERMINAL))
        found = {
            row[0]: row for row in rows(f"SELECT id, state, epoch, next_seq FROM agents_run WHERE state IN ({names})")
        }
        for run, was in self._seen.items():
            if found.get(run) != was:
                raise Violation(f"run {run} had ended as {was[1:]}, now it is {found.get(run)}")
        self._seen = found


def _read(data: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(data) if isinstance(data, str) else data
    return found
