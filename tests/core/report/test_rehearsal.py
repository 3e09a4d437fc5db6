"""What stands out in a rehearsal, sentence by sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.report.rehearsal import Rehearsal, Rehearsed, Trial, rows, sentences
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence


def trial(verdict: Verdict = Verdict.COMPLETED, after: float = 60.0, fewest: int = 4, short_for: float = 0.0) -> Trial:
    return Trial(verdict=verdict, decided_after=after, took=after, fewest=fewest, desired=4, short_for=short_for)


def rehearsal(
    good: Sequence[Trial] = (trial(),),
    bad: Sequence[Trial] = (trial(Verdict.FAILED),),
    alone: float | None = 600.0,
    rollouts: int = 2,
    unchecked: tuple[str, ...] = (),
) -> Rehearsal:
    results = (
        Rehearsed(fate="is good", trials=tuple(good)),
        Rehearsed(fate="crashes at once", trials=tuple(bad), alone=alone),
    )
    return Rehearsal(results=results, budget=600.0, rollouts=rollouts, unchecked=unchecked)


def test_a_row_tells_the_median_the_worst_and_who_ended_it() -> None:
    bad = (trial(Verdict.FAILED, 50.0), trial(Verdict.FAILED, 70.0), trial(Verdict.ROLLED_BACK, 90.0, 3))
    _, good, crash = rows(rehearsal(bad=bad))
    assert good == ("is good", "Completed", "1 m", "1 m", "4 of 4", "-")
    assert crash == ("crashes at once", "Failed/RolledBack", "1 m 10 s", "1 m 30 s", "3 of 4", "this run/ECS")


def test_a_bad_image_that_is_called_good_is_marked_in_its_row() -> None:
    _, good, crash = rows(rehearsal(bad=(trial(Verdict.FAILED), trial())))
    assert (good[-1], crash[-1]) == ("-", "this run/unnoticed")


def test_where_all_is_well_little_is_said() -> None:
    assert list(sentences(rehearsal(alone=60.0))) == [
        "In this model a good image leaves 9 m of the budget of 10 m",
        "How long things take is by 2 earlier rollouts in the services' events",
    ]


def test_what_a_good_image_costs() -> None:
    said = list(sentences(rehearsal(good=(trial(fewest=3, short_for=40.0),), alone=60.0, rollouts=0)))
    assert said[0] == "Even a good image leaves 3 of 4 tasks healthy at one moment, and fewer than all of them for 40 s"
    assert said[-1].endswith("no earlier rollout in the services' events tells")
    gap = list(sentences(rehearsal(good=(trial(fewest=0, short_for=40.0),))))
    assert gap[0] == "Even a good image leaves no healthy task at one moment, and fewer than all of them for 40 s"
    late = list(sentences(rehearsal(good=(trial(Verdict.TIMED_OUT, 600.0),))))
    assert late[0].startswith("A good image may end as TimedOut: the budget of 10 m isn't enough in this model")
    longer = list(sentences(rehearsal(good=(trial(after=1200.0),), alone=60.0)))
    assert len(longer) == 1, "by a strategy's own bakes, which the budget doesn't count"


def test_what_isnt_noticed() -> None:
    missed, unchecked, *_ = list(sentences(rehearsal(bad=(trial(),), unchecked=("web",))))[1:]
    assert missed == (
        "Called Completed, and so not noticed in time: an image that crashes at once; stable_for goes on watching"
    )
    assert unchecked.startswith("No health check looks at web")


def test_who_would_end_it_and_when() -> None:
    assert "An image that crashes at once: ECS alone ends it after 10 m, this run after 1 m" in sentences(rehearsal())
    endless = list(sentences(rehearsal(alone=None)))[1]
    assert endless == (
        "ECS alone would still be trying after 2 h, this run ends it after 1 m: an image that crashes at once"
    )
    worse = list(sentences(rehearsal(bad=(trial(Verdict.FAILED, fewest=1, short_for=9.0),))))[1]
    assert worse == (
        "An image that crashes at once leaves 1 of 4 tasks healthy at one moment, and fewer than all of them for 9 s"
    )
