"""The state machine: which happening comes next, how often, and with what."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.agents import wrong_clock
from tests.agents.machine.far_end import Letter
from tests.agents.machine.happenings import Happenings
from tests.agents.machine.house import House

Step = tuple[str, dict[str, object]]

amounts = st.sampled_from([100, 300, 450, 600])
any_one = st.integers(min_value=0, max_value=31)
yes_or_no = st.booleans()
letters = st.builds(Letter, st.sampled_from(["keyed", "unkeyed", "shared"]), st.integers(0, 1))
endings = st.sampled_from(["paused_budget", "paused", "completed"])
words = st.sampled_from(["happened", "again", "given_up"])
outcomes = st.sampled_from(["less", "in full", "released", "more"])
fields = st.sampled_from(["run_nanos", "surface_day_nanos", "user_day_nanos", "tenant_day_nanos", "tenant_month_nanos"])
limits = st.sampled_from([0, 400, 900, 1_500, 3_000])


def often(times: int, happening: str, **given: st.SearchStrategy[object]) -> list[st.SearchStrategy[Step]]:
    """So many chances of what may happen next."""
    return [st.tuples(st.just(happening), st.fixed_dictionaries(given)) for _ in range(times)]


# One rule chooses among them. Of many rules Hypothesis switches most off in each example, and where money, leases and
# people have to meet, hardly anything happens.
steps: st.SearchStrategy[Step] = st.one_of(
    *often(6, "call", which=any_one, nanos=amounts, outcome=st.just("in flight") | outcomes, more=amounts),
    *often(3, "deliver", which=any_one, together=yes_or_no, dies=st.sampled_from([False, False, False, True])),
    *often(2, "settle", which=any_one, outcome=outcomes, more=amounts),
    *often(3, "write", which=any_one, letter=letters, outcome=st.sampled_from(["sent", "failed", "unrecorded"])),
    *often(1, "write_the_same_at_once", which=any_one, another=any_one, number=st.integers(0, 1)),
    *often(2, "resolve", which=any_one, word=words),
    *often(1, "crash", which=any_one),
    *often(2, "be_overtaken", which=any_one, together=yes_or_no),
    *often(1, "renew", which=any_one),
    *often(1, "end", which=any_one, state=endings),
    *often(2, "ask_people", which=any_one, decided_before=yes_or_no),
    *often(2, "operate", which=any_one, verb=st.sampled_from(["decide", "pause", "resume"])),
    *often(1, "kill", which=any_one),
    *often(2, "top_up", number=any_one, nanos=amounts, for_a_time=yes_or_no),
    *often(2, "edit", field=fields, nanos=limits, for_a_time=yes_or_no),
    *often(1, "set_the_workers_clock", hours=st.sampled_from([-25, -1, 1, 25])),
    *often(2, "let_time_pass", midnight=yes_or_no),
    *often(1, "sweep"),
    *often(2, "start", user=st.sampled_from(["ann", ""])),
)


class RunMachine(RuleBasedStateMachine):
    """What may happen happens, in any order; the truths hold after each."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.happenings = Happenings(house)

    @rule(step=steps)
    def next(self, step: Step) -> None:
        happening, given = step
        getattr(self.happenings, happening)(**given)

    def teardown(self) -> None:
        wrong_clock.set_ahead(timedelta())
