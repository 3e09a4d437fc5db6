"""A service whose deployments a Lambda judges before their first task (a PRE_SCALE_UP hook), and it refuses ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import GATE, Hook
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import small_world

if TYPE_CHECKING:
    from tests.stories.story import Teller

RECORD = "ListServiceDeployments"


def guarded(hook: Hook) -> World:
    world = small_world()
    world.service("prod", "web").hook = hook
    return world


def test_a_hook_refuses_it(tell: Teller) -> None:
    world = guarded(Hook())
    told = tell(world)
    assert told.exit_code == 3
    assert told.report["verdict"] == "RolledBack"
    assert (
        "why: a lifecycle hook ended the deployment: Service deployment rolled back because PRE_SCALE_UP" in told.stderr
    )
    assert world.faults.calls["UpdateService"] == 1


def test_a_hook_refuses_it_and_the_record_may_not_be_read(tell: Teller) -> None:
    world = guarded(Hook())
    world.faults.add(Effect.DENY, RECORD)
    told = tell(world)
    assert told.exit_code == 3
    assert told.report["verdict"] == "RolledBack"
    assert told.report["services"][0]["causes"][0]["name"] == "hook-failed"
    assert told.stderr.count("ecs:ListServiceDeployments isn't allowed") == 1


def test_a_hook_refuses_it_and_no_event_tells(tell: Teller) -> None:
    told = tell(guarded(Hook(emits_event=False)))
    assert told.exit_code == 3
    assert told.report["services"][0]["causes"][0]["name"] == "hook-failed"


def test_a_hook_refuses_it_and_nothing_tells(tell: Teller) -> None:
    world = guarded(Hook(emits_event=False))
    world.faults.add(Effect.DENY, RECORD)
    told = tell(world)
    assert told.exit_code == 3
    assert told.report["verdict"] == "RolledBack"
    assert told.report["services"][0]["causes"] == []


def test_a_hook_s_role_is_refused(tell: Teller) -> None:
    role = "arn:aws:iam::123456789012:role/gate"
    told = tell(guarded(Hook(refusal=f"ECS was unable to assume role {role} to invoke {GATE}.")))
    assert told.exit_code == 3
    assert told.report["services"][0]["causes"][0]["name"] == "hook-role"


def test_a_hook_refuses_it_and_somebody_deploys(tell: Teller) -> None:
    world = guarded(Hook())
    web = world.service("prod", "web")

    def deploy() -> None:
        web.hook = None  # the Lambda lets theirs pass
        world.deploy(web, world.register(task_definition("web", "shop:9")))

    world.at(12.7, deploy)
    told = tell(world)
    assert told.exit_code == 5
    assert told.report["verdict"] == "Superseded"
    assert RECORD not in world.faults.calls


def test_a_hook_refuses_it_and_somebody_forces_the_former_revision_whose_tag_was_pushed_again(plugin: Teller) -> None:
    """Which is another image, though a copy with the former one is there already."""
    world = guarded(Hook())
    web = world.service("prod", "web")
    world.register(task_definition("web", f"shop@{web.tasks[0].digest}"))
    fresh = world.push("shop:1", Behaviour())

    def deploy() -> None:
        web.hook = None
        world.deploy(web, web.history[0].task_definition)

    world.at(12.7, deploy)
    told = plugin(world, image="shop:1")
    assert told.exit_code == 5
    assert told.report["verdict"] == "Superseded"
    world.clock.sleep(120)
    assert {task.digest for task in web.tasks if task.is_running} == {fresh}


def test_a_hook_refuses_the_way_back_too(tell: Teller) -> None:
    world = small_world()
    web = world.service("prod", "web")

    def freeze() -> None:
        web.hook = Hook()

    world.at(13, freeze)
    told = tell(world, image="shop:crash")
    assert told.exit_code == 3
    assert told.report["services"][0]["stands"] == "as before"
    assert world.faults.calls["UpdateService"] == 2


def test_of_two_services_one_is_refused_by_a_hook(plugin: Teller) -> None:
    world = guarded(Hook())
    world.add_service("prod", "api", task_definition("api", "shop:1"))
    told = plugin(world, service="web,api")
    assert told.exit_code == 3
    assert {name: world.service("prod", name).runs for name in ("web", "api")} == {
        "web": {"web:1": 2},
        "api": {"api:1": 2},
    }


def test_a_good_deployment_asks_for_no_record(plugin: Teller) -> None:
    world = small_world()
    assert plugin(world).exit_code == 0
    assert RECORD not in world.faults.calls
