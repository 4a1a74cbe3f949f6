"""Tells the day: furnishes the house, plays the agenda, and says how far it is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from agents import runtime
from agents.enqueue import nobody_called
from budgets import clock
from console.told_day import scenes, traffic
from console.told_day.day import Day, Scene
from console.told_day.hands import Hands
from console.told_day.house import furnish


def tell(*, runs: int, hours: int, seed: int) -> Iterator[tuple[int, Day]]:
    """Make the day that ends now; yields how many scenes are left after each, and the day.

    The same seed tells the same day. Nothing here waits, and no worker is called.
    """
    ends_at = datetime.now(UTC)
    random, hands = Random(seed), Hands(ends_at - timedelta(hours=hours))
    day = Day(ends_at=ends_at, random=random, hands=hands)
    with clock.told_by(hands.now), nobody_called():
        furnish(since=hands.at)
        for arrival in traffic.arrivals(random, until=ends_at, hours=hours, count=runs):
            day.at(arrival.at, _arriving(day, arrival))
        scenes.play(day)
        health = runtime.current().health
        for left in day.scenes():
            health.flush()
            health.links.read()
            yield left, day
    runtime.current().stop()


def _arriving(day: Day, arrival: traffic.Arrival) -> Scene:
    def arrives() -> None:
        day.arrive(arrival, then=scenes.later_decided(day))

    return arrives
