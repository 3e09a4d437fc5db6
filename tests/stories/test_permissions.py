"""The policy that `policy` prints is enough, and none of its statements is too many: tried on the simulator."""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.limits import Limits
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.ports import NEVER
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour, built_for, crash, missing
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.model import Breaker, Hook
from drone_deploy_ecs.simulator.permissions import Need, read_policy
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import Split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from drone_deploy_ecs.core.ports import Aws
    from drone_deploy_ecs.core.request.request import Access

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
GROUP = f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:targetgroup/web/1"
SETTINGS = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2"}


@dataclass(frozen=True)
class Ran:
    """What a run came to."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Run:
    """One run: what happens in the world meanwhile, settings beside its case's, and its exit code."""

    exit_code: int = 0
    act: Callable[[World], object] = lambda _world: None
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A world with settings, and runs in it that together need everything that the policy allows."""

    world: Callable[[], World]
    runs: Mapping[str, Run]
    settings: Mapping[str, str] = field(default_factory=dict)


def run(
    world: World,
    settings: Mapping[str, str],
    policy: dict[str, Any] | None = None,
    reach: Callable[[Access], Aws] | None = None,
    argv: tuple[str, ...] = (),
) -> Ran:
    """One run of the plugin, with exactly these permissions; in process, unless `reach` reaches the world otherwise."""
    if policy is not None:
        world.policy = read_policy(policy)

    def assume(access: Access) -> Aws:
        need = Need("sts:AssumeRole", access.role_arn, {})
        if world.policy and access.role_arn and not world.policy.allows(need):
            raise ApiError(Fault(FaultKind.DENIED, "AssumeRole", "AccessDenied", f"not authorized: {need.action}"))
        return reach(access) if reach else SimulatedAws(world)

    env = {f"PLUGIN_{name.upper()}": value for name, value in {**SETTINGS, **settings}.items()}
    out, err = io.StringIO(), io.StringIO()
    edges = Edges(env | {"DRONE_COMMIT_BRANCH": "main"}, out, err, assume, world.clock, lambda: 0.5, NEVER)
    return Ran(main(argv, lambda: edges), out.getvalue(), err.getvalue())


def printed(world: World, settings: Mapping[str, str]) -> dict[str, Any]:
    """The policy for these settings, those of another action included."""
    ran = run(world, settings, argv=("policy",))
    assert ran.exit_code == 0, ran.stderr
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


# --- worlds ---


def images(world: World) -> World:
    world.push("shop:crash", crash(1))
    world.push("shop:missing", missing("shop:missing"))
    world.push("shop:unhealthy", Behaviour(target_unhealthy=True))
    return world


def plain() -> World:
    """A service with nothing but the least."""
    world = images(World())
    body = task_definition("web", "shop:1")
    del body["containerDefinitions"][0]["logConfiguration"]
    world.add_service("prod", "web", body)
    return world


def full(name: str = "web", world: World | None = None, **options: Any) -> World:
    """A service that has all that a deployment may ask about."""
    world = world or images(World())
    body = task_definition(
        name,
        "shop:1",
        taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/tasks/{name}",
        executionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/execution",
        tags=[{"key": "team", "value": "shop"}],
    )
    world.add_service("prod", name, body, target_group=GROUP, alarms=("errors",), **options)
    return world


def tenants() -> World:
    world = images(World())
    for name in ("tenant-a", "tenant-b", "other"):
        world.add_service("prod", name, task_definition(name, "shop:1"))
    return world


def two(*, autoscaled: bool = True) -> World:
    """Blue is live."""
    world = images(World())
    for name, desired in (("blue", 2), ("green", 0)):
        full(name, world, desired=desired)
        if autoscaled:
            world.scaling.register("prod", name, Limits(desired, 2 * desired))
    return world


def scheduled() -> World:
    """A service and all that may start its tasks by itself."""
    world = plain()
    kept, role = world.schedules, f"arn:aws:iam::{ACCOUNT}:role/starts/"
    kept.add_rule("nightly", kept.target("prod", "web:1", RoleArn=f"{role}nightly"))
    kept.add_rule("on-order", kept.target("prod", "web", RoleArn=f"{role}order"), bus="orders")
    kept.add_schedule("hourly", kept.target("prod", "web:1", RoleArn=f"{role}hourly"), "jobs")
    return world


def with_old_revisions() -> World:
    """A service and old revisions, of which one is used elsewhere, and one is what somebody would go back to."""
    world = scheduled()
    for number in range(4):
        world.register(task_definition("web", f"shop:0.{number}"))
    world.add_service("batch", "worker", f"{world.arn_prefix}task-definition/web:2")
    return world


def colours() -> World:
    """Blue is live, and green was until a minute ago."""
    world = two(autoscaled=False)
    green = world.service("prod", "green")
    world.scale(green, 2)
    world.clock.sleep(120)
    world.scale(green, 0)
    world.clock.sleep(60)
    world.secrets["production-shop"] = json.dumps({"CURRENT_LIVE_ENVIRONMENT": "blue"})
    return world


# --- what happens ---


def trips(world: World, name: str = "web", after: float = 20) -> None:
    """An alarm goes off, and ECS rolls back."""
    world.at(after, lambda: world.trip(world.service("prod", name), "errors", "too many"))


def refuses(world: World) -> None:
    """A hook refuses the deployment, and no event tells why."""
    for service in world.services.values():
        service.hook, service.breaker = Hook(emits_event=False), Breaker()


UNHEALTHY = {"image": "shop:unhealthy", "timeout": "2m"}
RUNS = {
    "good": Run(),
    "crash": Run(3, settings={"image": "shop:crash"}),
    "missing": Run(3, settings={"image": "shop:missing"}),
    "refused": Run(3, refuses),
    "same tag": Run(settings={"image": "shop:1"}),
}
FOLLOWED = {name: ran for name, ran in RUNS.items() if name != "missing"}
WATCHED = {**RUNS, "unhealthy": Run(3, settings=UNHEALTHY), "alarm": Run(3, trips)}
SWITCH = {
    "mode": "blue-green", "service": "", "blue_service": "blue", "green_service": "green", "scale_down_percent": "50",
    "scale_down_interval": "1", "scale_down_wait_period": "1", "checks_to_pass": "1",
}  # fmt: skip
COLOURS = {
    "mode": "blue-green-cluster", "service": "", "image": "", "blue_service": "blue", "green_service": "green",
    "blue_image": "shop:2", "green_image": "shop:2", "secret_service": "shop",
}  # fmt: skip
SWITCHED = {
    **{name: ran for name, ran in RUNS.items() if name != "same tag"},
    "unhealthy": Run(3, settings=UNHEALTHY),
    "alarm": Run(3, lambda world: trips(world, "green")),
}
IDLE = {
    "good": Run(),
    "refused": Run(3, refuses),
    "alarm": Run(3, lambda world: trips(world, "green", 1)),
    "same tag": Run(settings={"blue_image": "shop:1", "green_image": "shop:1"}),
}
BACK = {"action": "rollback", "container": "", "image": ""}
WATCH = {"action": "watch", "container": "", "image": ""}


def released() -> World:
    """A service that was deployed to, with all that a deployment may ask about."""
    return begun(full(), 600)


def released_and_deregistered() -> World:
    """The same, and what runs has been deregistered: going back from it, the way back would be a copy."""
    world = released()
    world.definitions.deregister(world.service("prod", "web").history[-1].task_definition)
    return world


def begun(world: World, seconds: float, image: str = "shop:2") -> World:
    """Somebody deploys to it, and so much time passes."""
    service = world.service("prod", "web")
    world.deploy(service, world.register(task_definition("web", image)))
    world.clock.sleep(seconds)
    return world


def refuses_what_has_begun(world: World) -> None:
    refuses(world)
    begun(world, 1)


GONE_BACK = {
    "good": Run(),
    "crash": Run(3, lambda world: world.push("shop:1", crash(1))),
    "unhealthy": Run(3, lambda world: world.push("shop:1", Behaviour(target_unhealthy=True)), {"timeout": "2m"}),
    "alarm": Run(3, trips),
}
UNDER_WAY = {
    "good": Run(act=lambda world: begun(world, 5)),
    "crash": Run(4, lambda world: begun(world, 5, "shop:crash")),
    "unhealthy": Run(4, lambda world: begun(world, 5, "shop:unhealthy"), {"timeout": "2m"}),
    "alarm": Run(3, lambda world: trips(begun(world, 5))),
    "refused": Run(3, refuses_what_has_begun),
}
TASKS = {"before": "./migrate", "after": "./smoke"}


def never_ends(world: World) -> None:
    """A one-off task that has to be stopped."""
    world.commands["./migrate"] = Behaviour(exits_after=None)


def tagging() -> World:
    return full(more={"enableECSManagedTags": True, "propagateTags": "TASK_DEFINITION"})


CASES = {
    "rollback": Case(released, GONE_BACK, BACK),
    "rollback of what was deregistered": Case(released_and_deregistered, GONE_BACK, BACK),
    "watch": Case(full, UNDER_WAY, WATCH),
    "tasks": Case(
        tagging,
        {
            **RUNS,
            "task": Run(settings={**TASKS}),
            "endless": Run(3, never_ends, {"task_timeout": "30s"}),
            "alarm": Run(3, trips),
            "unhealthy": Run(3, settings=UNHEALTHY),
        },
        {**TASKS, "log_lines": "0"},
    ),
    "plain": Case(plain, {name: ran for name, ran in RUNS.items() if name != "missing"}, {"log_lines": "0"}),
    "full": Case(full, WATCHED),
    "no logs": Case(full, WATCHED, {"log_lines": "0"}),
    "role": Case(full, WATCHED, {"aws_role_arn": ROLE}),
    "order": Case(full, {**WATCHED, "used again": Run(settings={"image": "shop:1"})}, {"build_number": "7"}),
    "patterns": Case(tenants, RUNS, {"service": "tenant-?"}),
    "blue-green": Case(two, SWITCHED, SWITCH),
    "blue-green, not autoscaled": Case(lambda: two(autoscaled=False), SWITCHED, SWITCH),
    "schedules": Case(scheduled, FOLLOWED, {"log_lines": "0", "schedules": "nightly,rule/orders/on-order,jobs/hourly"}),
    "all schedules": Case(scheduled, FOLLOWED, {"log_lines": "0", "schedules": "auto"}),
    "cleanup": Case(with_old_revisions, FOLLOWED, {"log_lines": "0", "keep_revisions": "2"}),
    "blue-green-cluster": Case(colours, IDLE, COLOURS),
}


def test_roles_that_start_what_cannot_be_read_are_left_to_people() -> None:
    world = scheduled()
    world.faults.add(Effect.DENY, "GetSchedule")
    ran = run(world, {"action": "policy", "schedules": "nightly,jobs/hourly"})
    assert "the schedules can't be read: GetSchedule: AccessDeniedException" in ran.stderr
    assert "replace what couldn't be read: RULES-ROLE, SCHEDULES-ROLE" in ran.stderr
    assert "ecs:DeregisterTaskDefinition" in ran.stdout


def carried_out(case: Case, name: str, policy: dict[str, Any] | None) -> Ran:
    """That run of the case."""
    world, this = case.world(), case.runs[name]
    this.act(world)
    return run(world, {**case.settings, **this.settings}, policy)


def each_taken_away(document: dict[str, Any]) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """The actions of a statement, and the policy without it."""
    for statement in document["Statement"]:
        actions = statement["Action"]
        rest = [other for other in document["Statement"] if other is not statement]
        yield actions if isinstance(actions, list) else [actions], {**document, "Statement": rest}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_with_exactly_these_permissions_every_run_is_as_with_all(case: Case) -> None:
    policy = printed(case.world(), case.settings)
    for name, expected in case.runs.items():
        free, ran = carried_out(case, name, None), carried_out(case, name, policy)
        assert ran == free, name
        assert free.exit_code == expected.exit_code, free.stderr


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_without_any_one_statement_some_run_fails_or_says_what_it_lacks(case: Case) -> None:
    policy = printed(case.world(), case.settings)
    free = {name: carried_out(case, name, None) for name in case.runs}
    for actions, rest in each_taken_away(policy):
        lacking = {name: carried_out(case, name, rest) for name in case.runs}
        changed = [name for name in case.runs if lacking[name] != free[name]]
        assert changed, f"{actions} isn't needed"
        for name in changed:
            assert any(action in lacking[name].stderr for action in actions), (name, actions, lacking[name].stderr)


@contextmanager
def served(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Access], Aws]]:
    """What reaches the world through botocore, over HTTP."""
    with Server(world) as server:
        for variable, value in {
            "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
        }.items():  # fmt: skip
            monkeypatch.setenv(variable, value)
        yield lambda access: Split(connect(access), SimulatedAws(world))


@pytest.mark.parametrize("name", ["good", "crash", "refused"])
def test_over_http_the_same_permissions_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case, this = CASES["full"], CASES["full"].runs[name]
    policy = printed(case.world(), case.settings)
    without = next(rest for actions, rest in each_taken_away(policy) if actions == ["iam:PassRole"])
    for name_, allowed, exit_code in (("all", policy, this.exit_code), ("no PassRole", without, 2)):
        world = case.world()
        this.act(world)
        with served(world, monkeypatch) as reach:
            ran = run(world, {**case.settings, **this.settings}, allowed, reach)
        assert ran.exit_code == exit_code, (name_, ran.stderr)
        lacks = "iam:PassRole on resource: arn:aws:iam::123456789012:role/tasks/web because no identity-based policy"
        assert (lacks in ran.stderr) is (allowed is without)


# --- preflight: what it may not look at, the plan says ---


def checked() -> World:
    """A service that preflight asks all of its questions about."""
    repository, world = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/shop", images(World())
    body = task_definition(
        "web",
        f"{repository}:1",
        taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/app",
        executionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/pull",
    )
    body["containerDefinitions"][0]["secrets"] = [
        {"name": "KEY", "valueFrom": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:shop-AbCdEf"},
        {"name": "MODE", "valueFrom": "/shop/mode"},
    ]
    world.add_service("prod", "web", body, hook=Hook())
    world.push(f"{repository}:2", built_for("amd64", is_index=False))
    return world


def planned(settings: Mapping[str, str], policy: dict[str, Any], *absent: str) -> Ran:
    """The plan, where what is `absent` isn't there."""
    world = checked()
    world.absent |= set(absent)
    return run(world, {**settings, "action": "plan"}, policy)


def test_preflight_may_look_at_all_that_its_policy_allows_and_says_what_it_may_not() -> None:
    settings = {"preflight": "all", "image": f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/shop:2"}
    policy = printed(checked(), settings)
    assert "couldn't look" not in planned(settings, policy).stdout
    asked = ("ecr:", "secretsmanager:", "ssm:", "iam:Get", "logs:Describe", "lambda:")
    for actions, rest in each_taken_away(policy):
        if actions[0].startswith(asked) and "Cache" not in actions[0]:
            lacking = planned(settings, rest)
            assert lacking.exit_code == 0
            assert any(f"{action} isn't allowed" in lacking.stdout for action in actions), (actions, lacking.stdout)


def test_without_preflight_its_policy_is_less() -> None:
    without = printed(checked(), {"preflight": "off"})
    image = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/shop:2"
    assert "ecr:" not in json.dumps(without)
    only_images = json.dumps(printed(checked(), {"image": image}))
    assert f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/shop" in only_images
    assert "ssm:" not in only_images
    assert "ecr:" not in json.dumps(printed(full(), {})), "it isn't asked about other registries"


# --- status: what it may not read, it says ---


def test_status_takes_what_its_policy_allows_and_says_what_it_may_not() -> None:
    settings = {"action": "status", "container": "", "image": "", "service": "we*"}
    policy = printed(released(), settings)
    whole = run(released(), settings, policy)
    assert whole == run(released(), settings)
    for actions, rest in each_taken_away(policy):
        lacking = run(released(), settings, rest)
        # That is read only where ECS has forgotten what runs.
        is_needed = actions != ["ecs:DescribeTaskDefinition"]
        assert (lacking != whole) is is_needed
        assert not is_needed or all(action in lacking.stdout + lacking.stderr for action in actions)


def test_a_policy_for_what_writes_nothing_lets_nothing_be_written() -> None:
    world = full()
    world.service("prod", "web").strategy = "CANARY"
    for action in ("watch", "status"):
        allowed = [name for one in printed(world, {"action": action})["Statement"] for name in listed(one["Action"])]
        assert not [name for name in allowed if not re.match(r"[\w-]+:(Describe|List|Get|BatchGet)", name)]


def listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions
