"""The kill benchmark, small: what holds for 200 runs holds for six, and a target that is missed is said."""

from tests.benchmarks.kill import Size, at_percent, judged

SIZE = Size(runs=3, singles=1)


def found(**changes: object) -> dict[str, object]:
    """Figures that meet every target."""
    given = {"one_by_one_ms": [3.0], "together_ms": [5.0, 6.0, 249.0], "killed": 4, "started_after": 0}
    return {**given, "acknowledged_ms": [9.0], "stopped_ms": [9.0], **changes}


def test_a_target_that_is_missed_is_said() -> None:
    def met(**changes: object) -> list[bool]:
        return [held for _, held in judged(found(**changes), SIZE)]

    assert met() == [True, True, True]
    assert met(one_by_one_ms=[20.0]) == [False, True, True]
    assert met(together_ms=[5.0, 6.0, 250.0]) == [True, False, True]
    assert met(started_after=1) == met(killed=3) == [True, True, False]


def test_a_percentile_is_one_of_the_times() -> None:
    times = [float(number) for number in range(1, 201)]
    assert (at_percent(times, 50), at_percent(times, 99), at_percent([7.0], 99)) == (100.0, 198.0, 7.0)
