"""One-off tasks in random worlds: after a good run both ended well; none is started twice for an attempt."""

from __future__ import annotations

import io
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.core.ports import NEVER
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.faults import Effect, Killed
from tests.stories.story import PLUGIN, small_world

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.one_off import OneOff
    from drone_deploy_ecs.simulator.world import World

COMMANDS = {"before": "./migrate", "after": "./smoke"}
scripts = st.builds(
    Behaviour,
    exits_after=st.sampled_from([0.0, 3.0, 40.0]),
    exit_code=st.sampled_from([0, 0, 0, 1, 137]),
    placeable_after=st.sampled_from([0.0, 0.0, 25.0]),
    start_error=st.sampled_from(["", "", "", "ResourceInitializationError: unable to pull secrets"]),
    log=st.sampled_from([(), ("one", "two")]),
)
effects = st.sampled_from(
    [Effect.THROTTLE, Effect.TIMEOUT_AFTER, Effect.TIMEOUT_BEFORE, Effect.SERVER_ERROR, Effect.RESET_AFTER]
)
faults = st.lists(
    st.tuples(effects, st.sampled_from(["RunTask", "DescribeTasks", "StopTask", "GetLogEvents"]), st.integers(1, 4)),
    max_size=3,
)


def run(world: World, attempt: int) -> int:
    env = PLUGIN | {f"PLUGIN_{word.upper()}": command for word, command in COMMANDS.items()}
    env |= {"PLUGIN_TASK_TIMEOUT": "3m", "GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": str(attempt)}
    out = io.StringIO()
    return main((), lambda: Edges(env, out, out, lambda _: SimulatedAws(world), world.clock, lambda: 0.5, NEVER))


def of(world: World, word: str) -> list[OneOff]:
    return [task for task in world.one_offs.tasks if task.command == COMMANDS[word]]


@given(before=scripts, after=scripts, troubles=faults, killed_at=st.lists(st.integers(1, 60), max_size=3))
@settings(max_examples=60, deadline=None)
def test_a_good_run_ran_both_well_and_none_twice(
    before: Behaviour, after: Behaviour, troubles: list[tuple[Effect, str, int]], killed_at: list[int]
) -> None:
    world = small_world()
    world.commands |= {COMMANDS["before"]: before, COMMANDS["after"]: after}
    for effect, operation, number in troubles:
        world.faults.add(effect, operation, first=number, last=number)
    code: int | None = None
    for call in killed_at:
        world.faults.calls[""] = 0
        world.faults.rules[:] = [rule for rule in world.faults.rules if rule.effect is not Effect.KILL]
        world.faults.add(Effect.KILL, first=call, last=call)
        with suppress(Killed):
            code = run(world, 1)
            break
    else:
        world.faults.rules[:] = [rule for rule in world.faults.rules if rule.effect is not Effect.KILL]
        code = run(world, 1)
    world.clock.sleep(600)
    runs = world.service("prod", "web").runs
    for word in COMMANDS:
        tasks = of(world, word)
        # One that ended badly may be followed by another, of the same attempt started anew; nothing else may.
        assert all(task.exit_code != 0 or task.stop_code == "UserInitiated" for task in tasks[:-1]), word
        for earlier, later in pairwise(tasks):
            assert earlier.stopped is not None
            assert earlier.stopped <= later.created
    if code == 0:
        assert runs == {"web:2": 2}
        assert [of(world, word)[-1].exit_code for word in COMMANDS] == [0, 0]
    if code == 3 and not killed_at:
        assert runs == {"web:1": 2}
