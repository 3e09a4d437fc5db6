"""The law of order: of two pipelines that race one wins, the other one says so, and with builds the newer one wins."""

from __future__ import annotations

from random import Random

from hypothesis import event, given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.laws.races import race

ASKED = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "timeout": "15m"}
ODD = (ExitCode.SUPERSEDED, ExitCode.DONE)


def runs(world: World) -> str:
    """The image that the service is to run in truth."""
    arn = world.service("prod", "web").primary.task_definition
    return str(world.definitions.describe(arn)["taskDefinition"]["containerDefinitions"][0]["image"])


@given(
    order=st.permutations([7, 8]),
    late=st.one_of(st.just(0.0), st.floats(0, 3), st.floats(0, 150)),
    on_conflict=st.sampled_from(["replace", "wait", "refuse"]),
    has_builds=st.booleans(),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=300, deadline=None)
def test_of_two_pipelines_one_wins_and_the_other_says_so(
    order: list[int], late: float, on_conflict: str, *, has_builds: bool, seed: int
) -> None:
    world = World(seed=seed)
    world.add_service("prod", "web", task_definition("web", "shop:1"))
    asked = [
        {**ASKED, "image": f"shop:{build}", "on_conflict": on_conflict}
        | ({"build_number": str(build)} if has_builds else {})
        for build in order
    ]
    reports = race(world, [resolve(each, {})[0] for each in asked], [0.0, late], Random(seed))
    codes = dict(zip(order, [report.exit_code for report in reports], strict=True))
    event(f"{on_conflict} {'with' if has_builds else 'without'} builds: {codes[7]} {codes[8]}")
    assert set(codes.values()) <= set(ODD)
    # Whoever is done last of those that say so is what runs.
    done = [build for build in order if codes[build] == ExitCode.DONE]
    ended = {build: report.finished_at for build, report in zip(order, reports, strict=True)}
    assert done
    assert runs(world) == f"shop:{max(done, key=lambda build: ended[build])}"
    if len(done) > 1:
        assert late > 0 or on_conflict == "wait"
    # A newer build gives way to an older one only where it refuses to replace what it finds.
    if has_builds and on_conflict != "refuse":
        assert runs(world) == "shop:8"
    if has_builds and runs(world) == "shop:7":
        assert codes[8] == ExitCode.SUPERSEDED
