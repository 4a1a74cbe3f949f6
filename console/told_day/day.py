"""The told day itself: launches and acts of people in their order, each under the clock of its own moment."""

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from random import Random

from agents.admission import LaunchRefused
from agents.lifecycle import Upload, launch
from agents.models import Agent, Approval, Run
from budgets.acting import acting_from
from budgets.models import Surface
from console.told_day import words
from console.told_day.hands import Hands
from console.told_day.traffic import Arrival
from console.told_day.work import UNHARMED, Mishap, Told, work_on

FILES = (("lease.md", "text/markdown", words.LEASE), ("sales.csv", "text/csv", words.SALES))

Scene = Callable[[], None]
Decider = Callable[[Approval], None]


class Day:
    """An agenda of scenes. What a scene leads to, such as the decision on a call, is put on it in its turn."""

    def __init__(self, *, ends_at: datetime, random: Random, hands: Hands) -> None:
        self.ends_at = ends_at
        self.random = random
        self.hands = hands
        self.refused = 0
        self._agenda: list[tuple[datetime, int, Scene]] = []
        self._number = count()

    def at(self, moment: datetime, scene: Scene) -> None:
        """Put a scene on the agenda; what would come after the day's end does not happen."""
        if moment < self.ends_at:
            heapq.heappush(self._agenda, (moment, next(self._number), scene))

    def scenes(self) -> Iterator[int]:
        """Play them one after the other; yields how many are left."""
        while self._agenda:
            moment, _, scene = heapq.heappop(self._agenda)
            self.hands.stand_at(moment)
            with acting_from("page"):
                scene()
            yield len(self._agenda)

    def arrive(self, arrival: Arrival, mishap: Mishap = UNHARMED, then: Decider | None = None) -> Run | None:
        """Launch, and work until the run ends or waits. None when the launch was refused."""
        surface = Surface.objects.select_related("tenant").get(tenant__slug=arrival.tenant, slug=arrival.surface)
        try:
            run = launch(
                tenant=surface.tenant,
                surface=surface,
                agent=Agent.objects.select_related("current__agent").get(name=arrival.agent),
                task=arrival.task,
                actor=f"{arrival.tenant}_operator",
                user=arrival.user,
                session=arrival.session,
                llm=arrival.llm,
                attachments=[Upload(*each) for each in FILES] if arrival.with_files else (),
            )
        except LaunchRefused:
            self.refused += 1
            return None
        self.go_on(run.id, mishap)
        if then is not None:
            for approval in Approval.objects.filter(run=run, decision=""):
                then(approval)
        return Run.objects.get(pk=run.id)

    def go_on(self, run_id: str, mishap: Mishap = UNHARMED) -> None:
        """Work on a run from where it stands."""
        work_on(Told(run_id, self.hands, self.random, mishap))

    def after(self, **later: float) -> datetime:
        """So much later than the present scene."""
        return self.hands.at + timedelta(**later)
