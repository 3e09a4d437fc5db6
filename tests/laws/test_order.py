"""The law of order: of pipelines that race one wins, the others say so, and with builds the newest one wins."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.laws.races import race

if TYPE_CHECKING:
    from collections.abc import Iterable

ASKED = {"aws_region": "eu-west-1", "cluster": "prod", "container": "app", "timeout": "15m"}


def runs(world: World, names: Iterable[str]) -> set[str]:
    """The images that the services are to run in truth."""
    arns = [world.service("prod", name).primary.task_definition for name in names]
    definitions = [world.definitions.describe(arn)["taskDefinition"] for arn in arns]
    return {str(definition["containerDefinitions"][0]["image"]) for definition in definitions}


@given(
    names=st.sampled_from([("web",), ("web",), ("web", "api")]),
    order=st.permutations([7, 8]),
    late=st.one_of(st.just(0.0), st.floats(0, 3), st.floats(0, 150)),
    on_conflict=st.sampled_from(["replace", "wait", "refuse"]),
    has_builds=st.booleans(),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=300, deadline=None)
def test_of_two_pipelines_one_wins_and_the_other_says_so(
    names: tuple[str, ...], order: list[int], late: float, on_conflict: str, *, has_builds: bool, seed: int
) -> None:
    world = World(seed=seed)
    for name in names:
        world.add_service("prod", name, task_definition(name, "shop:1"))
    asked = [
        {**ASKED, "service": ",".join(names), "image": f"shop:{build}", "on_conflict": on_conflict}
        | ({"build_number": str(build)} if has_builds else {})
        for build in order
    ]
    reports = race(world, [resolve(each, {})[0] for each in asked], [0.0, late], Random(seed))
    by_build = dict(zip(order, reports, strict=True))
    codes = {build: report.exit_code for build, report in by_build.items()}
    event(f"{on_conflict} {'with' if has_builds else 'without'} builds: {codes[7]} {codes[8]}")
    assert set(codes.values()) <= {ExitCode.DONE, ExitCode.SUPERSEDED}
    # Whoever says so last is what runs.
    done = [build for build in order if codes[build] == ExitCode.DONE]
    if done:
        last = max(done, key=lambda build: by_build[build].finished_at)
        assert runs(world, names) == {f"shop:{last}"}
    else:  # each got some of the services, and says so
        assert len(names) > 1
        assert not has_builds
    # A newer build leaves an older one alone only where it refuses to replace what it finds, and is the later one.
    if has_builds and runs(world, names) != {"shop:8"}:
        assert (on_conflict, order) == ("refuse", [7, 8])
        assert "was left alone" in by_build[8].timeline[-1].text


@given(
    names=st.sampled_from([("web",), ("web", "api")]),
    order=st.permutations([7, 8, 9]),
    late=st.tuples(st.just(0.0) | st.floats(0, 3), st.just(0.0) | st.floats(0, 3)),
    on_conflict=st.sampled_from(["replace", "wait", "refuse"]),
    seed=st.integers(0, 10**6),
)
@example(names=("web",), order=[9, 7, 8], late=(0.0, 0.0), on_conflict="replace", seed=343)
@settings(max_examples=50, deadline=None)
def test_of_three_pipelines_the_newest_build_wins(
    names: tuple[str, ...], order: list[int], late: tuple[float, float], on_conflict: str, seed: int
) -> None:
    """Two lower builds may write after the newest one has: it writes once more for each of them."""
    world = World(seed=seed)
    for name in names:
        world.add_service("prod", name, task_definition(name, "shop:1"))
    asked = [
        {**ASKED, "service": ",".join(names), "image": f"shop:{build}", "on_conflict": on_conflict, "build_number": str(build)}
        for build in order
    ]  # fmt: skip
    reports = race(world, [resolve(each, {})[0] for each in asked], [0.0, *late], Random(seed))
    by_build = dict(zip(order, reports, strict=True))
    codes = {build: report.exit_code for build, report in by_build.items()}
    event(f"{on_conflict}: {codes[7]} {codes[8]} {codes[9]}")
    assert set(codes.values()) <= {ExitCode.DONE, ExitCode.SUPERSEDED}
    last = max(
        (build for build in order if codes[build] == ExitCode.DONE), key=lambda build: by_build[build].finished_at
    )
    assert runs(world, names) == {f"shop:{last}"}
    if last != max(order):  # it came later, and left alone what it found
        assert on_conflict == "refuse"
        assert "was left alone" in by_build[max(order)].timeline[-1].text
