"""Time moves only when told, in order; and looking changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.clock import START, VirtualClock
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.watching import GROUP, ROLLBACK, TASKS, shown, stopped_tasks, update, web

if TYPE_CHECKING:
    from collections.abc import Callable


def test_it_stands_still_between_sleeps_and_never_goes_back() -> None:
    clock = VirtualClock()
    assert (clock.now(), clock.monotonic()) == (START, 0.0)
    clock.sleep(1.5)
    clock.sleep(-5)
    clock.advance_to(1)
    assert (clock.monotonic(), (clock.now() - START).total_seconds()) == (1.5, 1.5)


def test_what_is_due_happens_in_order_and_at_its_time() -> None:
    clock, done = VirtualClock(), []

    def note(name: str) -> Callable[[], None]:
        return lambda: done.append((clock.monotonic(), name))

    clock.call_in(5, note("first"))
    clock.call_in(5, note("second"))
    clock.call_in(3, lambda: clock.call_in(1, note("made on the way")))
    clock.sleep(4.5)
    assert done == [(4.0, "made on the way")]
    clock.sleep(0.5)
    assert done == [(4.0, "made on the way"), (5.0, "first"), (5.0, "second")]


def test_what_is_due_may_itself_take_time() -> None:
    clock, done = VirtualClock(), []
    clock.call_in(1, lambda: clock.sleep(5))
    clock.call_in(2, lambda: done.append(clock.monotonic()))
    clock.sleep(1)
    assert (clock.monotonic(), done) == (6.0, [2.0])


IMAGES = {"shop:1": Behaviour(), "shop:2": crash(1, after=20), "shop:3": missing("shop:3"), "shop:4": Behaviour(health="unhealthy")}  # fmt: skip


def history(seed: int, image: str, looks: list[float]) -> object:
    """Everything that happened within ten minutes, while somebody looked at those times."""
    world = World(seed=seed, timing=Timing(draining=30.0))
    for name, behaviour in IMAGES.items():
        world.push(name, behaviour)
    world.add_service("prod", "web", task_definition("web", "shop:1"), breaker=ROLLBACK, target_group=GROUP)
    for at in sorted({*looks, 25.0, 600.0}):
        world.clock.advance_to(at)
        if at == 25.0:
            update(world, image)
        if at in looks:
            shown(world)
            stopped_tasks(world)
            Operations(world).answer("ListTasks", TASKS)
            world.definitions.describe("web")
    return shown(world), [(task.id, task.status, task.stopped) for task in web(world).tasks]


@settings(max_examples=40)
@given(st.integers(0, 99), st.sampled_from(sorted(IMAGES)), st.lists(st.floats(0, 600), max_size=20))
def test_looking_changes_nothing(seed: int, image: str, looks: list[float]) -> None:
    assert history(seed, image, looks) == history(seed, image, [])


def test_another_seed_is_another_history() -> None:
    assert history(1, "shop:2", []) != history(2, "shop:2", [])
