"""The whole simulated account and Region: build it, push images, let other people act, and ask it for the truth."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.simulator import scheduler
from drone_deploy_ecs.simulator.autoscaling import ScalableTargets
from drone_deploy_ecs.simulator.clock import VirtualClock
from drone_deploy_ecs.simulator.faults import Faults
from drone_deploy_ecs.simulator.lifecycle import STEADY, SUPPRESSED, kill, say, start, stop
from drone_deploy_ecs.simulator.model import Breaker, Deployment, Event, Service
from drone_deploy_ecs.simulator.registry import Images, TaskDefinitions
from drone_deploy_ecs.simulator.shapes import service_shape
from drone_deploy_ecs.simulator.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.simulator.behaviour import Behaviour

CAPTURED_IDS = 10**18


def task_definition(
    family: str = "web", image: str = "shop:1", container: str = "app", **members: Any
) -> dict[str, Any]:
    """A small task definition to start from; `members` are added at the top."""
    options = {"awslogs-group": f"/ecs/{family}", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"}
    logging = {"logDriver": "awslogs", "options": options}
    app = {
        "name": container,
        "image": image,
        "cpu": 0,
        "essential": True,
        "environment": [],
        "logConfiguration": logging,
    }
    return {"family": family, "containerDefinitions": [app], "cpu": "256", "memory": "512", **members}


class World:
    """Clusters with services, task definitions, images; one account, one Region, one clock, seeded chance."""

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
        self.scaling = ScalableTargets(self)
        self.secrets: dict[str, str] = {}
        self.random = random.Random(seed)
        self._turns = random.Random(seed + 2)
        self.faults = Faults(self.clock, random.Random(seed + 1))

    # --- building ---

    def add_cluster(self, name: str, instances: int = 2) -> None:
        """An empty cluster; `instances` is how many tasks a DAEMON service runs."""
        self.clusters[name] = instances

    def push(self, image: str, behaviour: Behaviour, digest: str = "") -> str:
        """Push an image (again): what its containers will do from now on. The digest."""
        return self.images.push(image, behaviour, digest)

    def register(self, body: Mapping[str, Any]) -> str:
        """Register a task definition; its ARN."""
        return str(self.definitions.register(body, self.clock.monotonic())["taskDefinition"]["taskDefinitionArn"])

    def add_service(
        self,
        cluster: str,
        name: str,
        body: Mapping[str, Any] | str,
        *,
        desired: int = 2,
        history: int = 0,
        idle_events: int = 0,
        **options: Any,
    ) -> Service:
        """A service that has long been running this definition (or ARN), COMPLETED and steady.

        `idle_events` of it say no more than that; a hundred are listed at most. `history` earlier rollouts of it happen
        first, one after the other, which takes their time.
        """
        self.clusters.setdefault(cluster, 2)
        if options.get("scheduling") == "DAEMON":
            options = {"minimum_percent": 0, "maximum_percent": 100, **options}
        arn = body if isinstance(body, str) else self.register(body)
        wanted = self.clusters[cluster] if options.get("scheduling") == "DAEMON" else desired
        service = Service(name=name, cluster=cluster, desired=wanted, **options)
        self.services[cluster, name] = service
        if service.controller == "ECS":
            self._settle(service, arn, idle_events)
        self._tick_on(service)
        self.changed(service)
        for _ in range(history):
            self.roll_out(service, arn)
        return service

    def roll_out(self, service: Service, arn: str, most: float = 3600.0) -> Deployment:
        """A whole rollout, and some quiet time after it; `most` seconds at the most."""
        deployment = self.deploy(service, arn)
        give_up_at = self.clock.monotonic() + most
        while deployment.state == "IN_PROGRESS" and self.clock.monotonic() < give_up_at:
            self.clock.sleep(1.0)
        self.clock.sleep(self.random.uniform(60.0, 120.0))
        return deployment

    def _settle(self, service: Service, arn: str, idle_events: int) -> None:
        deployment = self.deploy(service, arn)
        deployment.state, deployment.created = "COMPLETED", self.clock.monotonic() - 86400.0
        deployment.desired = service.desired
        deployment.reason = f"ECS deployment {deployment.id} completed."
        for _ in range(service.desired):
            task = start(self, service, deployment)
            task.created = task.started = deployment.created
            task.status, task.is_healthy, task.is_registered = "RUNNING", True, bool(service.target_group)
            task.health = "HEALTHY" if task.script.health else "UNKNOWN"
        service.events.clear()
        if not service.classic_elb:
            told = f"(service {service.name}) (deployment {deployment.id}) deployment completed."
            service.events.append(Event(f"{0:036}", deployment.created, told))
        told = f"(service {service.name}) {STEADY}"
        for number in range(1, idle_events + 1):
            service.events.append(Event(f"{number:036}", deployment.created - number * SUPPRESSED, told))
        say(self, service, STEADY)

    def _tick_on(self, service: Service) -> None:
        def turn() -> None:
            scheduler.tick(self, service)
            spread = self.timing.tick_spread
            self.clock.call_in(self.timing.tick * self._turns.uniform(1 - spread, 1 + spread), turn)

        self.clock.call_in(self.random.uniform(0.5, self.timing.tick), turn)

    # --- what happens to a service ---

    def deploy(self, service: Service, arn: str) -> Deployment:
        """A new PRIMARY deployment, as UpdateService makes one."""
        for one in service.deployments:
            one.status = "ACTIVE"
        now = self.clock.monotonic()
        identifier = f"ecs-svc/{self.random.randrange(CAPTURED_IDS, 10 * CAPTURED_IDS)}"
        deployment = Deployment(id=identifier, task_definition=arn, created=now, updated=now)
        deployment.reason = f"ECS deployment {identifier} in progress."
        service.deployments.insert(0, deployment)
        service.history.append(deployment)
        self.changed(service)
        return deployment

    def scale(self, service: Service, desired: int) -> None:
        """Somebody, or autoscaling, changes the desired count. PRIMARY's falls at once, and grows as tasks are started.

        Both recorded: a PRIMARY of 0 that still runs 2; one of 1, COMPLETED, where the service wants 2.
        """
        service.desired = desired
        for one in service.deployments:
            if one.status == "PRIMARY":
                one.desired = min(one.desired, desired)
        self.changed(service)

    def kill_task(self, service: Service, code: str = "UserInitiated", reason: str = "Task stopped by user") -> None:
        """Stop one task from outside, if there is one."""
        for task in [one for one in service.tasks if one.is_alive][:1]:
            stop(self, service, task, code, reason)

    def protect(self, service: Service, count: int) -> None:
        """Protect the first `count` of its tasks from scale-in, as UpdateTaskProtection does; 0 ends it."""
        for place, task in enumerate(one for one in service.tasks if one.is_alive):
            task.is_protected = place < count

    def kill_containers(self, service: Service) -> None:
        """Kill the containers of the PRIMARY deployment's tasks from outside, with no word to ECS."""
        for task in [one for one in service.tasks if one.deployment is service.primary]:
            kill(self, service, task)

    def trip(self, service: Service, alarm: str, why: str) -> None:
        """One of the deployment's alarms goes off, and ECS rolls back."""
        service.tripped[alarm] = why
        failed = service.primary
        failed.reason = "ECS deployment alarms: alarm detected."  # unconfirmed: only the event's wording is documented
        scheduler.fail(self, service, failed, "alarm detected", roll_back=True)

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Have something happen that many seconds from now."""
        self.clock.call_in(seconds, lambda: void(act()))

    def changed(self, service: Service) -> None:
        """Remember what a read would have shown, for reads that will be stale."""
        if self.faults.stale_seconds:
            service.shown.append((self.clock.monotonic(), service_shape(self, service)))

    # --- asking ---

    def service(self, cluster: str, name: str) -> Service:
        """The service itself: the truth."""
        return self.services[cluster, name]

    def containers(self, arn: str) -> dict[str, str]:
        """Image by container of a revision."""
        definition = self.definitions.find("DescribeTaskDefinition", arn)["taskDefinition"]
        return {one["name"]: one["image"] for one in definition["containerDefinitions"]}

    def pulls(self, deployment: Deployment) -> dict[str, str]:
        """Digest by container of the next task of this deployment."""
        images = self.containers(deployment.task_definition)
        return deployment.digests or {name: self.images.resolve(image)[0] for name, image in images.items()}

    def script(self, digests: Mapping[str, str]) -> Behaviour:
        """What a task of these does: its first container stands for it."""
        return self.images.behaviour(next(iter(digests.values())))

    def identifier(self, digits: int) -> str:
        """A random hexadecimal name (36 digits: a UUID's shape)."""
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"


def void(_: object) -> None:
    """Nothing, whatever it is given."""


__all__ = ["Breaker", "World", "task_definition"]
