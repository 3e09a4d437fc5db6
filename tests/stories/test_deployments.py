"""The deployments that `tests/containers` runs with real containers: the simulator lets the same become of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.core.ports import NEVER
from tests.deployments import CLUSTER, CONTAINER, REPOSITORY, Deployment, deployments, of_side, simulated
from tests.stories.story import NOTHING, NOWHERE

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.model import Service
    from drone_deploy_ecs.simulator.world import World
    from tests.stories.story import Teller


@pytest.mark.parametrize("deployment", deployments("simulator"), ids=lambda one: one.name)
def test_the_same_becomes_of_it_as_with_real_containers(plugin: Teller, deployment: Deployment) -> None:
    name = deployment.name
    world = simulated(deployment, name)
    service = world.service(CLUSTER, name)
    if deployment.kill_when_it_says:
        kill_once_complete(world, service)
    image = f"{REPOSITORY}:{deployment.image}"
    asked = {"cluster": CLUSTER, "service": name, "container": CONTAINER, "image": image, **deployment.settings}
    told = plugin(world, cancellation=NEVER, further=NOWHERE, env=NOTHING, **asked)
    deployment.check(name, told.exit_code, told.stderr, told.report)
    assert deployment.kill_when_it_says in told.stderr
    runs = {world.containers(definition)[CONTAINER]: count for definition, count in service.runs.items()}
    assert runs == {f"{REPOSITORY}:{deployment.serves}": deployment.desired}


def kill_once_complete(world: World, service: Service) -> None:
    """Kill the new containers ten seconds after the next deployment completed, when that was seen."""
    old = service.primary

    def look() -> None:
        if service.primary is not old and service.primary.state == "COMPLETED":
            world.at(10, lambda: world.kill_containers(service))
        else:
            world.at(1, look)

    look()


@pytest.mark.parametrize("own", [{"verdict": "Failed"}, {"verdict": "Completed", "reason": "It says so."}])
def test_a_difference_needs_a_reason_and_has_to_be_one(own: dict[str, str]) -> None:
    common = {"name": "odd", "image": "v2", "exit_code": 0, "verdict": "Completed"}
    assert of_side({**common, "simulator": own}, "ministack").verdict == ("Completed",)
    with pytest.raises(ValueError, match="odd: what is different with simulator"):
        of_side({**common, "simulator": own}, "simulator")
