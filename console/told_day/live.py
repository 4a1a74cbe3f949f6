"""Runs that are live when the day has been told: launched like any others, for the workers there are."""

from agents.lifecycle import NO_LIMITS_OF_ITS_OWN, launch, pause
from agents.models import Agent
from budgets.models import Surface
from budgets.own_limits import OwnLimits
from console.told_day.house import SMALL_USER

SLOW = (
    ("acme", "enterprise", "support-triage", "mara", "Where is order 1029? Is the Rain Jacket in stock?", "slow=15"),
    ("acme", "internal-batch", "search", "", "How do we size a queue for a burst?", "slow=40"),
    (
        "acme",
        "internal-batch",
        "content-generation",
        "",
        "Write a post of 80 words about the Tin Mug.",
        "slow=25",
    ),
    ("acme", "enterprise", "support-triage", "priya", "Where is order 1012?", "slow=30"),
    ("globex", "internal-batch", "search", "", "What belongs in a runbook?", "slow=45"),
    ("northlight", "enterprise", "support-triage", "luca", "Where is order 1017?", "slow=35"),
)
RUNAWAY = ("acme", "enterprise", "support-triage", "wen", "Check order 1031 again.", "loop+slow=20")
RUNAWAYS_CAP = OwnLimits(run_nanos=200_000_000)
"""Minutes away at its pace: it burns."""
PAUSED = ("acme", "internal-batch", "search", "", "When does a cache do harm?", "slow=60")
CAPPED = ("acme", "enterprise", "support-triage", SMALL_USER, "Where are order 1004 and order 1008?", "slow=5")


def start() -> int:
    """Launch them; returns how many. Without a worker they stay queued. Raises LaunchRefused."""
    for live in (*SLOW, CAPPED):
        _launched(*live)
    _launched(*RUNAWAY, own=RUNAWAYS_CAP)
    _launched(*PAUSED, paused=True)
    return len(SLOW) + 3


def _launched(
    tenant: str,
    surface: str,
    agent: str,
    user: str,
    task: str,
    manner: str,
    *,
    own: OwnLimits = NO_LIMITS_OF_ITS_OWN,
    paused: bool = False,
) -> None:
    place = Surface.objects.select_related("tenant").get(tenant__slug=tenant, slug=surface)
    run = launch(
        tenant=place.tenant,
        surface=place,
        agent=Agent.objects.select_related("current__agent").get(name=agent),
        task=task,
        actor=f"{tenant}_operator",
        user=user,
        llm=f"rehearsal:{agent}+{manner}",
        own=own,
    )
    if paused:
        pause(run=run, actor=f"{tenant}_operator")
