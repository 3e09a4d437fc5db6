"""What the laws found, minimised."""

from __future__ import annotations

from drone_deploy_ecs.core.ecs.service import Deployment as Listed
from drone_deploy_ecs.core.ecs.service import Service
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.steps.attempts import SETTLE, Phase
from drone_deploy_ecs.core.steps.step import State
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.world import task_definition
from tests.core.shown import BEFORE, COPY, DENIED, NEW, NOON, OLD, OTHER, OURS, THROTTLED, TIMED_OUT
from tests.core.steps.rollout.rollouts import after, fact, forward, given, undo
from tests.stories.story import small_world


def deployment(name: str, definition: str, status: str, state: str, running: int) -> Listed:
    return Listed(name, status, definition, 2, 0, running, 0, state, "", NOON)


def service(*listed: Listed) -> Service:
    return Service(name="web", arn="", status="ACTIVE", desired=2, running=2, task_definition="", deployments=listed, events=())  # fmt: skip


def test_what_timed_out_while_it_had_to_prove_stable_is_not_settled_afterwards() -> None:
    rolled_out = service(deployment(OURS, NEW, "PRIMARY", "COMPLETED", 2))
    rollout = after(forward(budget=30.0, stable_for=25.0), rolled_out, 0.0)
    rollout = after(rollout, (rolled_out,), 28.0)
    rollout = after(rollout, (service(deployment(OURS, NEW, "PRIMARY", "COMPLETED", 1)),), 31.0)
    assert rollout.verdict is Verdict.TIMED_OUT
    assert rollout.state is not State.ENDED
    assert rollout.stable_at is None
    assert rollout.settle(60.0) is rollout


def test_a_throttled_retry_does_not_make_somebody_elses_of_our_own_update() -> None:
    """The first try was accepted, and that shows only after the second try was throttled."""
    rollout = after(forward(), TIMED_OUT, 0.0)
    old = service(deployment(OLD, BEFORE, "PRIMARY", "COMPLETED", 2))
    rollout = after(rollout, (old,), SETTLE + 1)
    assert rollout.phase is Phase.WRITE
    rollout = after(rollout, THROTTLED, SETTLE + 2)
    now_shown = service(
        deployment(OURS, NEW, "PRIMARY", "IN_PROGRESS", 0), deployment(OLD, BEFORE, "ACTIVE", "COMPLETED", 2)
    )
    rollout = after(rollout, (now_shown,), SETTLE + 4)
    assert (rollout.verdict, rollout.output, rollout.phase) == (None, OURS, Phase.FOLLOW)


def test_a_denied_retry_does_not_unsay_that_the_first_try_may_have_landed() -> None:
    rollout = after(forward(), TIMED_OUT, 0.0)
    rollout = after(given(rollout, phase=Phase.WRITE), DENIED, 20.0)
    assert (rollout.verdict, rollout.phase) == (None, Phase.CHECK)
    rollout = after(given(rollout, phase=Phase.WRITE), DENIED, 120.0)
    assert rollout.verdict is Verdict.UNKNOWN


def test_reads_that_go_back_and_forth_do_not_prolong_an_undo() -> None:
    """ECS's rollback is seen, then not, then seen: the budget counts from the first time."""
    returning = service(
        deployment(OLD, BEFORE, "PRIMARY", "IN_PROGRESS", 1), deployment(OURS, NEW, "ACTIVE", "FAILED", 1)
    )
    still_ours = service(
        deployment(OURS, NEW, "PRIMARY", "IN_PROGRESS", 1), deployment(OLD, BEFORE, "ACTIVE", "COMPLETED", 1)
    )
    rollout = after(undo(), (returning,), 5.0)
    assert fact(rollout, "is_ecs_rollback")
    rollout = after(rollout, (still_ours,), 20.0)
    assert rollout.phase is Phase.CHECK
    assert after(rollout, (returning,), 60.0).began == 5.0


def test_a_redeployment_of_the_same_tag_is_not_a_return_to_the_image_before() -> None:
    """Going back takes a copy pinned by digest; somebody who deploys the old revision again runs the new image."""
    redeployed = service(
        deployment(OTHER, BEFORE, "PRIMARY", "IN_PROGRESS", 0), deployment(OURS, BEFORE, "ACTIVE", "IN_PROGRESS", 0)
    )
    assert after(undo(COPY), (redeployed,), 5.0).verdict is Verdict.SUPERSEDED


def test_somebody_who_deployed_while_we_registered_is_not_overwritten() -> None:
    """RegisterTaskDefinition was throttled for half a minute: what the plan was made from is out of date."""
    world = small_world()
    world.faults.add(Effect.THROTTLE, "RegisterTaskDefinition", until=30.0)
    web = world.service("prod", "web")
    other = world.register(task_definition("web", "shop:1", cpu="1024"))
    world.at(10, lambda: world.deploy(web, other))
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2"}
    request, _ = resolve(asked, {})
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    assert report.exit_code == ExitCode.SUPERSEDED
    assert world.faults.calls["UpdateService"] == 0
    assert web.primary.task_definition == other


def test_nothing_is_settled_while_nothing_can_be_seen() -> None:
    """It was complete; throttled looks saw nothing of somebody's newer deployment while it had to prove stable."""
    world = small_world()
    web = world.service("prod", "web")
    world.faults.add(Effect.THROTTLE, "DescribeServices", after=85.0, until=140.0)
    world.at(100, lambda: world.deploy(web, web.history[0].task_definition))
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2"}
    request, _ = resolve(asked | {"stable_for": "40s"}, {})
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    assert report.exit_code == ExitCode.SUPERSEDED


def test_what_lacks_tasks_is_not_left_as_unchanged() -> None:
    """It runs this very revision, COMPLETED long ago, but not with all its tasks: exit 0 says that they run."""
    world = small_world()
    web = world.service("prod", "web")
    world.kill_task(web)
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:1"}
    request, _ = resolve(asked | {"skip_unchanged": "true"}, {})
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    assert report.exit_code == ExitCode.DONE
    assert web.runs == {"web:1": 2}
    assert world.faults.calls["UpdateService"] == 0


def test_what_lacks_tasks_for_good_is_not_called_unchanged() -> None:
    world = small_world()
    web = world.service("prod", "web")
    world.push("shop:1", crash(1))
    web.primary.digests = {}
    for _ in web.tasks:
        world.kill_task(web)
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:1"}
    request, _ = resolve(asked | {"skip_unchanged": "true"}, {})
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    assert report.exit_code == ExitCode.NOT_AS_BEFORE
    assert world.faults.calls["UpdateService"] == 0


def test_a_recalled_update_that_never_landed_is_withdrawn_once_that_is_sure() -> None:
    old = service(deployment(OLD, BEFORE, "PRIMARY", "COMPLETED", 2))
    rollout = after(forward(), TIMED_OUT, 0.0)
    rollout = rollout.abort(Verdict.WITHDRAWN, "another service of this run failed", 1.0)
    rollout = after(rollout, (old,), SETTLE - 1)
    assert rollout.verdict is None
    rollout = after(rollout, (old,), SETTLE + 1)
    assert (rollout.verdict, rollout.phase) == (Verdict.WITHDRAWN, Phase.CHECK)


def test_what_was_complete_and_lost_a_task_is_said_to_be_no_longer_complete() -> None:
    rolled_out = service(deployment(OURS, NEW, "PRIMARY", "COMPLETED", 2))
    rollout = after(after(forward(stable_for=50.0), rolled_out, 0.0), (rolled_out,), 5.0)
    short = after(rollout, (service(deployment(OURS, NEW, "PRIMARY", "COMPLETED", 1)),), 10.0)
    assert short.completion.completed_at is None
    assert "no longer complete" in [text for _, text in short.news(rollout)]
