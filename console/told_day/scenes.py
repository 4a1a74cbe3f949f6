"""What happens in a told day beside its traffic: an outage, decisions, kills, a cap that is met, a lost answer."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from agents import recovery
from agents.approvals.deciding import decide
from agents.funding import edit_tier, top_up
from agents.lease import MOST_ATTEMPTS, claim
from agents.library.support.drills import switch_service
from agents.library.sync import apply_version
from agents.lifecycle import launch
from agents.models import Agent, Approval, Run, Switch
from agents.switches import lift, set_switch
from budgets.models import Account, Surface, Tenant
from budgets.money import parse_usd
from budgets.tier_edits import Change
from console.told_day.day import Day
from console.told_day.house import LETTERS, SMALL_USER
from console.told_day.traffic import USERS, Arrival
from console.told_day.words import GOODS
from console.told_day.work import Mishap, WorkerDied

LIVE_STOCK, STOCK_COPY = "stock-live", "stock-cached"
DENIED_ONE_IN = 6
STOCK_QUESTIONS = (*(518 - each / 20 for each in range(9)), *(25 - each / 20 for each in range(9)))
"""Minutes before the end: often enough, while the service is down, for its breaker to open."""
DECIDED_UNTIL = timedelta(minutes=40)
"""What is asked for later than so long before the day's end still waits then."""


def play(day: Day) -> None:
    """Put all of it on the agenda."""
    end = day.ends_at
    _outage(day, LIVE_STOCK, end - timedelta(hours=9), end - timedelta(hours=8))
    _outage(day, STOCK_COPY, end - timedelta(hours=8, minutes=40), end - timedelta(hours=8, minutes=15))
    day.at(end - timedelta(minutes=26), lambda: switch_service(service=LIVE_STOCK, failing=True, note="the far end"))
    for minutes in (*STOCK_QUESTIONS, 511, 502, 16, 12, 8, 3):
        day.at(end - timedelta(minutes=minutes), lambda: _asked_for_stock(day))
    for hours in (6.1, 3.4, 1.2, 0.3):
        day.at(end - timedelta(hours=hours), lambda: _killed(day))
    day.at(end - timedelta(hours=3), lambda: _met_cap(day, topped_up=True))
    day.at(end - timedelta(minutes=33), lambda: _met_cap(day, topped_up=False))
    day.at(end - timedelta(minutes=19), lambda: _lost_worker(day))
    day.at(end - timedelta(hours=5), lambda: _three_deaths(day))
    day.at(end - timedelta(hours=2), lambda: _rewritten(day))
    day.at(end - timedelta(hours=4), lambda: _stopped(day))
    day.at(end - timedelta(hours=2, minutes=20), lambda: _edited(day))
    for minutes in (31, 14, 6):
        day.at(end - timedelta(minutes=minutes), lambda: _refund(day))


def later_decided(day: Day) -> Callable[[Approval], None]:
    """Decide on a call some minutes after it is asked for, unless the day is nearly over."""

    def decided_later(approval: Approval) -> None:
        if approval.requested_at < day.ends_at - DECIDED_UNTIL:
            day.at(day.after(minutes=day.random.uniform(0.5, 12)), lambda: _decided(day, approval))

    return decided_later


def _decided(day: Day, approval: Approval) -> None:
    """By the day's clock in time; the database's own would say that it has expired."""
    given, kept = Approval.objects.filter(pk=approval.pk), approval.expires_at
    given.update(expires_at=datetime.now(UTC) + timedelta(days=1))
    approve = day.random.randrange(DENIED_ONE_IN) > 0
    note = "" if approve else "The photos show no damage."
    tenant = approval.run.tenant.slug
    decide(approval=given.get(), actor=f"{tenant}_approver", approve=approve, note=note, role="approver")
    given.update(expires_at=kept)
    day.go_on(approval.run_id)
    for another in Approval.objects.filter(run_id=approval.run_id, decision=""):
        later_decided(day)(another)


def _outage(day: Day, service: str, begins_at: datetime, ends_at: datetime) -> None:
    day.at(begins_at, lambda: switch_service(service=service, failing=True, note="the far end"))
    day.at(ends_at, lambda: switch_service(service=service, failing=False))


def _case(day: Day, task: str, **changes: str) -> Arrival:
    usual = {"tenant": "acme", "surface": "enterprise", "agent": "support-triage", "user": "mara", "session": ""}
    return Arrival(at=day.hands.at, task=task, **{**usual, **changes})


def _asked_for_stock(day: Day) -> None:
    goods, user = day.random.choice(GOODS), day.random.choice(USERS)
    day.arrive(_case(day, f"Is the {goods} in stock, and how long does shipping take?", user=user))


def _refund(day: Day) -> None:
    order = day.random.choice((1003, 1009, 1014, 1022, 1027))
    day.arrive(_case(day, f"Refund order {order}, it arrived broken, and email the customer.", user="jonas"))


def _killed(day: Day) -> None:
    case = _case(day, "Check order 1031 again.", user="wen", llm="rehearsal:support-triage+loop")
    day.arrive(case, Mishap(4, "acme_operator", "It asks for the same order again and again.", pace=6))


def _met_cap(day: Day, *, topped_up: bool) -> None:
    case = _case(day, "Where are order 1004, order 1008, order 1012 and order 1016?", user=SMALL_USER)
    run = day.arrive(case)
    if run is not None and topped_up and run.state == "paused_budget":
        day.at(day.after(minutes=7), lambda: _topped_up(day, run))


def _topped_up(day: Day, run: Run) -> None:
    account = Account.objects.get(scope="run", subject=run.id)
    top_up(account=account, amount_nanos=parse_usd("0.50"), reason="The trial pays.", actor="acme_admin")
    day.go_on(run.id)


def _lost_worker(day: Day) -> None:
    """A letter that went out, or did not: its worker died before it could say so, and nobody can know."""
    case = _case(day, "Email the customer of order 1006 and say where the parcel is.", agent=LETTERS, user="ines")
    run = day.arrive(case)
    if run is None:
        return
    for approval in Approval.objects.filter(run=run, decision=""):
        decide(approval=approval, actor="acme_approver", approve=True, role="approver")
    with suppress(WorkerDied):
        day.go_on(run.id, Mishap(dies_in="send_email"))
    Run.objects.filter(pk=run.id).update(lease_expires_at=_long_ago())
    day.hands.spend(31)
    day.go_on(run.id)


def _rewritten(day: Day) -> None:
    """A new version of an agent, which all runs after it have."""
    agent = Agent.objects.select_related("current").get(name="support-triage")
    if agent.current is None:
        return
    spec = agent.current.to_spec()
    prompt = f"{spec.system_prompt}\nSay how old a copied stock count is before you say the count.\n"
    version = apply_version(
        spec=spec.model_copy(update={"system_prompt": prompt}),
        actor="admin",
        reason="Customers took old counts for live ones.",
        origin="screen",
    )
    type(version).objects.filter(pk=version.pk).update(created_at=day.hands.at)


def _three_deaths(day: Day) -> None:
    """A task that ends each worker which takes it, until nobody takes it any more."""
    surface = Surface.objects.select_related("tenant").get(tenant__slug="globex", slug="internal-batch")
    agent = Agent.objects.select_related("current__agent").get(name="search")
    run = launch(tenant=surface.tenant, surface=surface, agent=agent, task="What belongs in a runbook?", actor="cron")
    for _ in range(MOST_ATTEMPTS):
        day.hands.spend(40)
        claim(run_id=run.id, owner="worker-3")
        Run.objects.filter(pk=run.id).update(lease_expires_at=_long_ago(), started_at=day.hands.at)
    recovery.sweep()


def _long_ago() -> datetime:
    """For the database, whose own clock says when a lease is over."""
    return datetime.now(UTC) - timedelta(days=1)


def _stopped(day: Day) -> None:
    tenant = Tenant.objects.get(slug="quarry")
    switch = set_switch(
        reach="agent", name="search", tenant=tenant, actor="quarry_operator", reason="It cites the wrong articles."
    )
    day.at(day.after(minutes=22), lambda: _lifted(switch.pk))


def _lifted(switch_id: int) -> None:
    switch = Switch.objects.get(pk=switch_id)
    lift(switch=switch, actor="quarry_admin", reason="The index was built again.")


def _edited(day: Day) -> None:
    tenant = Tenant.objects.get(slug="northlight")
    surface = Surface.objects.get(tenant=tenant, slug="free-chat")
    change = Change(
        changes={"run_nanos": parse_usd("0.20")},
        reason="Longer answers for the campaign, until tomorrow.",
        actor="northlight_admin",
        made_from="page tiers:edit",
        expires_at=day.ends_at + timedelta(hours=20),
    )
    edit_tier(tenant=tenant, surface=surface, user="", change=change)
