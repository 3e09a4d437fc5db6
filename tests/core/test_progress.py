"""How far a rollout is, as events carry it."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.progress import State
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import PLUGIN, small_world

if TYPE_CHECKING:
    from drone_deploy_ecs.core.event import Event


def told(world: World, image: str = "shop:2") -> list[Event]:
    """The events of a deployment that tell of progress."""
    events: list[Event] = []
    request, _ = resolve({}, PLUGIN | {"PLUGIN_IMAGE": image})
    Deployment(request, lambda _: SimulatedAws(world), world.clock, events.append, lambda: 0.5).deploy()
    return [one for one in events if one.progress]


def states(events: list[Event]) -> list[tuple[str, State]]:
    """Of which revision, without repetitions."""
    seen = [(one.progress.revision, one.progress.state) for one in events if one.progress]
    return [key for key, _ in groupby(seen)]


def test_a_good_rollout_rolls_out_drains_and_is_complete() -> None:
    expected = [State.ROLLING_OUT, State.DRAINING, State.COMPLETE]
    assert states(told(small_world())) == [("web:2", state) for state in expected]


def test_a_bad_one_fails_and_is_rolled_back() -> None:
    seen = states(told(small_world(), "shop:crash"))
    assert seen[:2] == [("web:2", State.ROLLING_OUT), ("web:2", State.FAILED)]
    assert seen[2:] == [("web:1", State.ROLLING_BACK), ("web:1", State.COMPLETE)]


def test_counts_are_those_of_the_line() -> None:
    lines = [(one.text, one.progress) for one in told(small_world()) if " running" in one.text]
    assert lines
    assert all(progress and f"web:2 {progress.running} of {progress.desired} " in text for text, progress in lines)


def test_elapsed_time_counts_from_the_update() -> None:
    events = told(small_world())
    assert {one.progress.began_at for one in events if one.progress} == {events[0].at}


def test_nothing_tells_the_end_without_history() -> None:
    assert {one.progress.ends_at for one in told(small_world()) if one.progress} == {None}


def test_with_history_the_end_is_foreseen() -> None:
    world = World()
    world.add_service("prod", "web", task_definition("web", "shop:1"), history=5)
    events = told(world)
    *foreseen, last = [one.progress.ends_at for one in events if one.progress]
    ends = [one for one in foreseen if one]
    assert ends
    assert last is None
    assert all(abs(one - events[-1].at) < timedelta(seconds=15) for one in ends)


def test_once_it_is_late_history_tells_no_more() -> None:
    world = World()
    world.add_service("prod", "web", task_definition("web", "shop:1"), history=5)
    world.push("shop:2", Behaviour(starts_after=120.0))
    ends = [one.progress.ends_at for one in told(world) if one.progress and one.progress.state is State.ROLLING_OUT]
    assert any(ends)
    assert ends[-1] is None


def test_lines_about_the_whole_run_have_none() -> None:
    assert {one.service for one in told(small_world())} == {"web"}
