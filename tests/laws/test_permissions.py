"""In random worlds, with random settings: the policy is one that IAM takes, and it is enough."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.core.ecs.limits import Limits
from drone_deploy_ecs.core.permissions.policy import MOST
from drone_deploy_ecs.core.permissions.table import FEATURES
from drone_deploy_ecs.simulator.model import Breaker, Hook
from drone_deploy_ecs.simulator.permissions import read_policy
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.test_permissions import GROUP, SWITCH, images, printed, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn

KNOWN = {action for feature in FEATURES for statement in feature.statements for action in statement.actions}
NAMES = ("web", "tenant-a", "tenant-b")
Made = tuple["Callable[[], World]", dict[str, str]]


@st.composite
def bodies(draw: DrawFn, name: str) -> dict[str, Any]:
    """A task definition with some of what needs a permission of its own."""
    more: dict[str, Any] = {}
    for member in ("taskRoleArn", "executionRoleArn"):
        if role := draw(st.sampled_from(["", "by-name", f"arn:aws:iam::123456789012:role/path/{name}"])):
            more[member] = role
    if draw(st.booleans()):
        more["tags"] = [{"key": "team", "value": "shop"}]
    body = task_definition(draw(st.sampled_from([name, "shared"])), "shop:1", **more)
    if draw(st.booleans()):
        del body["containerDefinitions"][0]["logConfiguration"]
    return body


@st.composite
def runs(draw: DrawFn) -> Made:
    """A world, made anew each time, and settings to deploy in it."""
    services: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        (
            name, draw(bodies(name)),
            draw(st.fixed_dictionaries({}, optional={
                "target_group": st.just(GROUP), "alarms": st.just(("errors",)), "breaker": st.just(Breaker()),
                "hook": st.builds(Hook, emits_event=st.booleans()),
            })),
        )
        for name in NAMES
    ]  # fmt: skip
    options = {
        "image": draw(st.sampled_from(["shop:1", "shop:2", "shop:crash", "shop:missing", "shop:unhealthy"])),
        "service": draw(st.sampled_from(["web", "web,tenant-a", "tenant-*", "*", "web,tenant-[ab]", "web,nowhere"])),
        "log_lines": draw(st.sampled_from(["0", "20"])),
        "disable_rollbacks": draw(st.sampled_from(["", "true"])),
        "timeout": "2m",
    }
    switches, autoscaled = draw(st.booleans()), draw(st.booleans())
    if switches:
        options |= {**SWITCH, "blue_service": "tenant-a", "green_service": "tenant-b", "disable_rollbacks": ""}

    def world() -> World:
        made = images(World())
        for name, body, more in services:
            made.add_service("prod", name, body, desired=0 if switches and name == "tenant-b" else 2, **more)
            if autoscaled:
                made.scaling.register("prod", name, Limits(1, 4))
        return made

    return world, options


def several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@settings(max_examples=100)
@given(made=runs(), denied=st.sets(st.sampled_from(sorted(KNOWN))))
def test_it_is_a_policy_whatever_may_be_read(made: Made, denied: set[str]) -> None:
    build, options = made
    world = build()
    if denied:
        statement = {"Effect": "Allow", "Action": sorted(KNOWN - denied) or "no:Thing", "Resource": "*"}
        world.policy = read_policy({"Statement": [statement]})
    policy = printed(world, options)
    statements = policy["Statement"]
    assert set(policy) == {"Version", "Statement"}
    actions = [action for statement in statements for action in several(statement["Action"])]
    assert set(actions) <= KNOWN
    assert len(actions) == len(set(actions))
    assert len({statement["Sid"] for statement in statements}) == len(statements)
    for statement in statements:
        resources = several(statement["Resource"])
        assert resources == sorted(set(resources))
        assert resources
    assert len("".join(json.dumps(policy).split())) <= MOST
    assert not [call for call in world.faults.calls if call.startswith(("Update", "Register"))]


@settings(max_examples=60)
@given(made=runs())
def test_it_is_enough_for_the_run_and_for_printing_it_again(made: Made) -> None:
    build, options = made
    policy = printed(build(), options)
    assert run(build(), options, policy) == run(build(), options)
    again = build()
    again.policy = read_policy(policy)
    assert printed(again, options) == policy
