"""What the laws compare a run's claims with: the simulator's own state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs import taskdef
from tests.edits import with_image

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.model import Deployment
    from drone_deploy_ecs.simulator.world import World

Content = tuple[dict[str, Any], frozenset[str]]


def content(world: World, deployment: Deployment) -> Content:
    """What a deployment runs, whatever its revision is called: the body without its image, and its tasks' digests.

    A revision pinned to a digest has the content of the tag that was that digest when its tasks started. Where no task
    is left, a deployment has the digests that its first one fixed.
    """
    body = taskdef.registrable(world.definitions.describe(deployment.task_definition))
    (container,) = taskdef.containers(body)
    present = frozenset(task.digest for task in deployment.tasks if task.is_alive)
    fixed = frozenset(deployment.digests.values())
    return with_image(body, container, ""), present or fixed or frozenset({world.images.resolve(image(body))[0]})


def image(body: dict[str, Any]) -> str:
    (found,) = taskdef.containers(body).values()
    return found
