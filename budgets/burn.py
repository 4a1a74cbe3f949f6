"""Burn: what was booked by the minute, for tenants and for runs, and what is normal at this time of day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

from django.db import connection
from django.db.models import BigIntegerField, CharField, F, Func, Q, QuerySet, Sum
from django.db.models.expressions import CombinedExpression, Value
from django.db.models.functions import Cast

from budgets.hot_sql import vendor
from budgets.models import Hold

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
DAYS_LOOKED_AT = 7
DAYS_ENOUGH = 3
"""With fewer days behind it, nobody can say what is normal."""
DAY_SECONDS = DAY // timedelta(seconds=1)
FIRST = "first"
LOW_PERCENTILE, HIGH_PERCENTILE = 10, 90
# Whole seconds since 1970 by the database itself: for Django's own functions SQLite would call Python for each row.
# What PostgreSQL extracts is a decimal, which takes it twice as long as what date_part gives.
EPOCH = {
    "postgresql": "CAST(floor(date_part('epoch', %(expressions)s)) AS bigint)",
    "sqlite": "CAST(strftime('%%%%s', %(expressions)s) AS integer)",
}

Key = TypeVar("Key", int, str)
Rows: TypeAlias = "QuerySet[Hold, tuple[int | str, int, int | None]]"
Sums = dict[int | str, dict[int, int]]
Minutes = tuple[int, ...]
"""Nano-USD of each minute, the oldest first; a minute in which nothing was booked has 0."""


@dataclass(frozen=True, slots=True)
class Band:
    """Between what a minute of this time of day normally costs, in nano-USD, and how many days that is drawn from."""

    low_nanos: int
    high_nanos: int
    days: int


def last_minutes(now: datetime, minutes: int) -> tuple[datetime, datetime]:
    """From when to when the last so many whole minutes go: to the end of the second that `now` is in."""
    until = now.replace(microsecond=0) + timedelta(seconds=1)
    return until - minutes * MINUTE, until


def spent_by_minute(tenant_ids: Collection[int], since: datetime, until: datetime) -> dict[int, Minutes]:
    """What each tenant's calls cost, for every minute from `since`, a whole second; one query, none without tenants.

    The source are the settled holds: what is still held, and what was released, is in no minute.
    """
    found = _closed(since, until).filter(tenant_id__in=tenant_ids)
    return _minutes(found, "tenant_id", tenant_ids, since, until) if tenant_ids else {}


def spent_by_minute_of_runs(run_ids: Collection[str], now: datetime, *, minutes: int = 20) -> dict[str, Minutes]:
    """What each run's calls cost in each of the last minutes, the last of which ends now; one query for all runs."""
    since, until = last_minutes(now, minutes)
    found = _closed(since, until).filter(run_id__in=run_ids)
    return _minutes(found, "run_id", run_ids, since, until) if run_ids else {}


@dataclass(frozen=True, slots=True)
class Burnt:
    """What a tenant spent in each of its last minutes, some of its runs in theirs, and what is normal in some hours."""

    minutes: Minutes
    runs: dict[str, Minutes]
    bands: dict[datetime, Band | None]


def burnt_of(
    tenant_id: int,
    run_ids: Collection[str],
    now: datetime,
    *,
    minutes: int,
    run_minutes: int,
    hours: Collection[datetime] = (),
) -> Burnt:
    """All of it in one query; ``hours`` are those whose bands are wanted, by when they begin."""
    since, until = last_minutes(now, minutes)
    runs_since, _ = last_minutes(now, run_minutes)
    parts = [_by_minute(_closed(since, until).filter(tenant_id=tenant_id).annotate(whole=Value("")), "whole", since)]
    if run_ids:
        parts.append(_by_minute(_closed(runs_since, until).filter(run_id__in=run_ids), "run_id", runs_since))
    if hours:
        parts += [_first_charge(tenant_id), *(_same_hours(tenant_id, hour_at) for hour_at in hours)]
    sums = _read(parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0])
    return Burnt(
        _filled(sums, "", minutes),
        {run_id: _filled(sums, run_id, run_minutes) for run_id in run_ids},
        {hour_at: _band_in(sums, hour_at) for hour_at in hours},
    )


def spent_of_tenants_and_runs(
    tenant_ids: Collection[int], run_ids: Collection[str], now: datetime, *, run_minutes: int
) -> tuple[dict[int, int], dict[str, Minutes]]:
    """What each tenant spent in the last minute, and some of their runs in each of theirs; one query for both."""
    since, until = last_minutes(now, 1)
    runs_since, _ = last_minutes(now, run_minutes)
    last = _closed(since, until).filter(tenant_id__in=tenant_ids).annotate(key=Cast("tenant_id", CharField()))
    tenants = _by_minute(last, "key", since)
    runs = _by_minute(_closed(runs_since, until).filter(run_id__in=run_ids), "run_id", runs_since)
    sums = _read(tenants.union(runs, all=True) if run_ids else tenants)
    spent = {tenant_id: sums.get(str(tenant_id), {}).get(0, 0) for tenant_id in tenant_ids}
    return spent, {run_id: _filled(sums, run_id, run_minutes) for run_id in run_ids}


def spent_by_runs(tenant_id: int, since: datetime, until: datetime, *, most: int) -> list[tuple[str, int]]:
    """The runs that were charged most between two instants, with the nano-USD, the dearest first."""
    found = _closed(since, until).filter(tenant_id=tenant_id).values_list("run_id")
    rows = found.annotate(spent=Sum("settled_nanos")).filter(spent__gt=0).order_by("-spent", "run_id")
    return [(run_id, int(spent)) for run_id, spent in rows[:most]]


def normal_band(tenant_id: int, hour_at: datetime) -> Band | None:
    """What a minute of the hour that begins at `hour_at` normally costs: the same hour on each of the last days.

    From the 10th to the 90th percentile of those minutes, idle ones included. None while fewer than three of these
    hours lie behind the tenant's first charge. One query; the past does not change, so that it may be kept.
    """
    return _band_in(_read(_first_charge(tenant_id).union(_same_hours(tenant_id, hour_at), all=True)), hour_at)


def band_of(spent: Sequence[int], *, minutes: int, days: int) -> Band:
    """The band of so many minutes, of which those in `spent` cost something."""
    ordered = [0] * (minutes - len(spent)) + sorted(spent)
    low, high = (ordered[(minutes - 1) * percent // 100] for percent in (LOW_PERCENTILE, HIGH_PERCENTILE))
    return Band(low, high, days)


def _first_charge(tenant_id: int) -> Rows:
    """One row: FIRST, and the whole seconds since 1970 of the tenant's first charge in the place of the minute."""
    closed = Hold.objects.filter(tenant_id=tenant_id, closed_at__isnull=False).order_by("closed_at")
    first = Hold.objects.filter(pk__in=closed.values("pk")[:1]).order_by()
    return first.annotate(first=Value(FIRST), second=_epoch()).values_list("first", "second", Value(1))


def _same_hours(tenant_id: int, hour_at: datetime) -> Rows:
    """This hour on each of the last days: rows of its own name, the minute since the earliest, and sum."""
    within = Q()
    for start in (hour_at - number * DAY for number in range(1, DAYS_LOOKED_AT + 1)):
        within |= Q(closed_at__gte=start, closed_at__lt=start + 60 * MINUTE)
    found = Hold.objects.filter(within, tenant_id=tenant_id).annotate(hour=Value(_name_of(hour_at)))
    return _by_minute(found, "hour", hour_at - DAYS_LOOKED_AT * DAY)


def _name_of(hour_at: datetime) -> str:
    return f"hour {int(hour_at.timestamp())}"


def _band_in(sums: Sums, hour_at: datetime) -> Band | None:
    """The band of an hour, over the days on which that hour lies wholly behind the tenant's first charge."""
    first = next(iter(sums.get(FIRST, ())), None)
    days = 0 if first is None else min(DAYS_LOOKED_AT, int(hour_at.timestamp() - first) // DAY_SECONDS)
    if days < DAYS_ENOUGH:
        return None
    since = (DAYS_LOOKED_AT - days) * DAY // MINUTE
    spent = [nanos for minute, nanos in sums.get(_name_of(hour_at), {}).items() if minute >= since]
    return band_of(spent, minutes=60 * days, days=days)


def _closed(since: datetime, until: datetime) -> QuerySet[Hold]:
    return Hold.objects.filter(closed_at__gte=since, closed_at__lt=until)


def _minutes(
    found: QuerySet[Hold], by: str, keys: Collection[Key], since: datetime, until: datetime
) -> dict[Key, Minutes]:
    sums = _read(_by_minute(found, by, since))
    count = -((since - until) // MINUTE)
    return {key: _filled(sums, key, count) for key in keys}


def _filled(sums: Sums, key: int | str, count: int) -> Minutes:
    """All minutes of a key, which are so many; those without a charge as 0."""
    found = [0] * count
    for minute, nanos in sums.get(key, {}).items():
        found[minute] = nanos
    return tuple(found)


def _by_minute(found: QuerySet[Hold], by: str, since: datetime) -> Rows:
    """Rows of key, minute since then, and sum."""
    after = _epoch() - int(since.timestamp())
    minute = CombinedExpression(after, "/", Value(60), output_field=BigIntegerField())
    spent = Cast(Sum("settled_nanos"), BigIntegerField())
    return found.annotate(minute=minute).values_list(by, "minute").annotate(spent=spent).order_by()


def _epoch() -> Func:
    return Func(F("closed_at"), template=EPOCH[vendor()], output_field=BigIntegerField())


def _read(rows: Rows) -> Sums:
    """Nano-USD by key and then by minute; minutes without a charge are absent."""
    sums: Sums = {}
    for key, minute, spent in _as_they_come(rows):
        if spent:
            sums.setdefault(key, {})[minute] = spent
    return sums


def _as_they_come(rows: Rows) -> list[tuple[int | str, int, int | None]]:
    """The rows from the driver itself: Django would make a number of each of their numbers once more."""
    with connection.cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        found: list[tuple[int | str, int, int | None]] = cursor.fetchall()
    return found
