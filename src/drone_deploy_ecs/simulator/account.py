"""The state of the simulated account in its Region, and the few methods that change it. Imports nothing built on it.

`lifecycle`, `scheduler` and `autoscaling` change it as time passes, `operations` when it is called, and `world` for
people.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator.clock import VirtualClock
from drone_deploy_ecs.simulator.faults import Faults
from drone_deploy_ecs.simulator.model import Deployment
from drone_deploy_ecs.simulator.one_off import OneOffs
from drone_deploy_ecs.simulator.registry import Images, TaskDefinitions
from drone_deploy_ecs.simulator.schedules import Schedules
from drone_deploy_ecs.simulator.shapes import service_shape
from drone_deploy_ecs.simulator.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.simulator.behaviour import Behaviour
    from drone_deploy_ecs.simulator.model import Service
    from drone_deploy_ecs.simulator.pages import Asked, Page, Site
    from drone_deploy_ecs.simulator.permissions import Policy

CAPTURED_IDS = 10**18


class Account:
    """Clusters with services, task definitions, images, secrets; one Region, one clock, seeded chance.

    `clusters`: how many tasks a DAEMON service runs, by cluster name. `secrets`: a secret's text, by its name.
    `schedules`: what starts tasks by itself, and here never does. What
    else tasks need is there, but for what `absent` names (repositories, secrets, parameters, roles, log groups,
    functions); `trusts` has by role who may assume it where that isn't ECS, `caches` the prefixes of repositories that
    are filled from another registry. `address` is where what is downloaded is.
    `sites` are the hosts that users ask, `pages` what they are answered, by image; `asked` has all their requests: who
    answers one is chance (`visitors`).
    `numbers`: those of the next deployments, before chance gives them; one may begin with 0 (kayac/ecspresso 890).
    `commands`: what a one-off task's container does that is given this command (words, with blanks between).
    `policy`: all that callers may do; None allows everything.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        timing: Timing | None = None,
        region: str = "eu-west-1",
        account: str = "123456789012",
        partition: str = "aws",
        clock: VirtualClock | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.timing = timing or Timing()
        self.arn_prefix = f"arn:{partition}:ecs:{region}:{account}:"
        self.images = Images()
        self.definitions = TaskDefinitions(self.arn_prefix)
        self.services: dict[tuple[str, str], Service] = {}
        self.clusters: dict[str, int] = {}
        self.secrets: dict[str, str] = {}
        self.schedules = Schedules(self.arn_prefix)
        self.numbers: list[str] = []
        self.policy: Policy | None = None
        self.absent: set[str] = set()
        self.trusts: dict[str, str] = {}
        self.caches: list[str] = []
        self.commands: dict[str, Behaviour] = {}
        self.one_offs = OneOffs()
        self.sites: dict[str, Site] = {}
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []
        self.visitors = random.Random(seed + 3)
        self.address = "https://simulator.invalid"
        self.random = random.Random(seed)
        self.faults = Faults(self.clock, random.Random(seed + 1))

    # --- what changes a service ---

    def deploy(self, service: Service, arn: str) -> Deployment:
        """A new PRIMARY deployment, as UpdateService makes one."""
        now = self.clock.monotonic()
        for deployment in service.deployments:
            deployment.status = "ACTIVE"
            if deployment.outcome == "IN_PROGRESS":
                deployment.end("STOPPED", now)  # seen of two updates ten seconds apart (kayac/ecspresso 929)
        number = self.numbers.pop(0) if self.numbers else self.random.randrange(CAPTURED_IDS, 10 * CAPTURED_IDS)
        identifier, sources = f"ecs-svc/{number}", list(service.deployments)
        primary = Deployment(id=identifier, task_definition=arn, created=now, updated=now, sources=sources)
        primary.reason = f"ECS deployment {identifier} in progress."
        service.deployments.insert(0, primary)
        service.history.append(primary)
        self.changed(service)
        return primary

    def scale(self, service: Service, desired: int) -> None:
        """Change the service's desired count. PRIMARY's own falls at once, but grows only as tasks are started.

        Captures show both: a PRIMARY with desiredCount 0 that runs 2 tasks; one with 1, COMPLETED, in a service of 2.
        """
        service.desired = desired
        for deployment in service.deployments:
            if deployment.status == "PRIMARY":
                deployment.desired = min(deployment.desired, desired)
        self.changed(service)

    def changed(self, service: Service) -> None:
        """Remember what a read would have shown, for reads that will be stale."""
        if self.faults.stale_seconds:
            now = self.clock.monotonic()
            service.shown.append((now, service_shape(service, now)))

    # --- what its tasks run ---

    def containers(self, arn: str) -> dict[str, str]:
        """Image by container of a revision."""
        definition = self.definitions.find("DescribeTaskDefinition", arn)["taskDefinition"]
        return {container["name"]: container["image"] for container in definition["containerDefinitions"]}

    def pulls(self, deployment: Deployment) -> dict[str, str]:
        """Digest by container of the next task of this deployment."""
        images = self.containers(deployment.task_definition)
        return deployment.digests or {name: self.images.resolve(image)[0] for name, image in images.items()}

    def script(self, digests: Mapping[str, str]) -> Behaviour:
        """The behaviour of a task with these digests (by container): its first container stands for it."""
        return self.images.behaviour(next(iter(digests.values())))

    def identifier(self, digits: int) -> str:
        """A random hexadecimal name (36 digits: a UUID's shape)."""
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"
