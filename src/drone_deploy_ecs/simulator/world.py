"""The whole simulated account and Region: build it, push images, let other people act, and ask it for the truth."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.simulator.account import Account
from drone_deploy_ecs.simulator.autoscaling import ScalableTargets
from drone_deploy_ecs.simulator.lifecycle import STEADY, SUPPRESSED, kill, say, start, stop
from drone_deploy_ecs.simulator.model import Breaker, Event, Hook, Service
from drone_deploy_ecs.simulator.native import turn
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from drone_deploy_ecs.simulator.strategies import stop as stop_deployment
from drone_deploy_ecs.simulator.strategies import strategy_of
from drone_deploy_ecs.simulator.traffic import PRODUCTION, by_deployment, by_revision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.simulator.behaviour import Behaviour
    from drone_deploy_ecs.simulator.clock import VirtualClock
    from drone_deploy_ecs.simulator.model import Deployment
    from drone_deploy_ecs.simulator.timing import Timing


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


class World(Account):
    """A whole account and Region, with the schedulers and scaling policies that run there."""

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
        super().__init__(seed=seed, timing=timing, region=region, account=account, partition=partition, clock=clock)
        self.scaling = ScalableTargets(self)
        self._turns = random.Random(seed + 2)

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

        `idle_events`: how many older events say that it is steady, six hours apart; ECS lists a hundred in all.
        `history`: how many rollouts are carried out before this returns; the clock moves on meanwhile.
        """
        self.clusters.setdefault(cluster, 2)
        if options.get("scheduling") == "DAEMON":
            options = {"minimum_percent": 0, "maximum_percent": 100, **options}
        arn = body if isinstance(body, str) else self.register(body)
        wanted = self.clusters[cluster] if options.get("scheduling") == "DAEMON" else desired
        service = Service(name=name, cluster=cluster, arn_prefix=self.arn_prefix, desired=wanted, **options)
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
        deployment = super().deploy(service, arn)
        deployment.state, deployment.created = "COMPLETED", self.clock.monotonic() - 86400.0
        deployment.desired = service.desired
        deployment.reason = f"ECS deployment {deployment.id} completed."
        deployment.end("SUCCESSFUL", deployment.created)
        for _ in range(service.desired):
            task = start(self, service, deployment)
            task.created = task.started = deployment.created
            task.status, task.is_healthy, task.is_registered = "RUNNING", True, bool(service.target_group)
            task.health = "HEALTHY" if task.script.health else "UNKNOWN"
        service.events.clear()
        if not service.classic_elb:
            message = f"(service {service.name}) (deployment {deployment.id}) deployment completed."
            service.events.append(Event(f"{0:036}", deployment.created, message))
        message = f"(service {service.name}) {STEADY}"
        for number in range(1, idle_events + 1):
            service.events.append(Event(f"{number:036}", deployment.created - number * SUPPRESSED, message))
        say(self, service, STEADY)

    def _tick_on(self, service: Service) -> None:
        def turn() -> None:
            strategy_of(service).tick(self, service)
            spread = self.timing.tick_spread
            self.clock.call_in(self.timing.tick * self._turns.uniform(1 - spread, 1 + spread), turn)

        self.clock.call_in(self.random.uniform(0.5, self.timing.tick), turn)

    # --- what happens to a service ---

    def deploy(self, service: Service, arn: str) -> Deployment:
        """A new PRIMARY deployment, which its service's strategy takes from there."""
        primary = super().deploy(service, arn)
        strategy_of(service).begin(self, service, primary)
        return primary

    def kill_task(self, service: Service, code: str = "UserInitiated", reason: str = "Task stopped by user") -> None:
        """Stop one task from outside, if there is one."""
        for task in [candidate for candidate in service.tasks if candidate.is_alive][:1]:
            stop(self, service, task, code, reason)

    def protect(self, service: Service, count: int) -> None:
        """Protect the first `count` of its tasks from scale-in, as UpdateTaskProtection does; 0 ends it."""
        for index, task in enumerate(task for task in service.tasks if task.is_alive):
            task.is_protected = index < count

    def kill_containers(self, service: Service) -> None:
        """Kill the containers of the PRIMARY deployment's tasks from outside, with no word to ECS."""
        for task in [candidate for candidate in service.tasks if candidate.deployment is service.primary]:
            kill(self, service, task)

    def trip(self, service: Service, alarm: str, why: str) -> None:
        """One of the deployment's alarms goes off, and ECS fails the deployment."""
        service.tripped[alarm] = why
        strategy_of(service).alarm(self, service)

    def stop_deployment(self, service: Service, kind: str = "ROLLBACK") -> None:
        """Somebody stops what is being deployed."""
        stop_deployment(self, service, service.history[-1], kind)

    def answer_pauses(self, service: Service, action: str = "CONTINUE") -> int:
        """Somebody answers every pause that is waited at: CONTINUE or ROLLBACK. How many there were."""
        return turn.answer_pauses(service.history[-1], action)

    def reroute(self, service: Service, shares: Mapping[str, float], listener: str = PRODUCTION) -> None:
        """Somebody else writes a listener's rule: per cent by target group. ECS reads it when it must."""
        service.weights[listener] = dict(shares)

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Have something happen that many seconds from now."""
        self.clock.call_in(seconds, lambda: void(act()))

    # --- asking ---

    def service(self, cluster: str, name: str) -> Service:
        """The service itself: the truth."""
        return self.services[cluster, name]

    def traffic(self, service: Service, listener: str = PRODUCTION) -> dict[str, float]:
        """The truth: per cent of the requests by `family:revision`, "" for what nobody is there to answer."""
        return by_revision(service, listener)

    def traffic_by_deployment(self, service: Service, listener: str = PRODUCTION) -> dict[str, float]:
        """The same by deployment id, for revisions that are deployed again."""
        return by_deployment(service, listener)


def void(_: object) -> None:
    """Nothing, whatever it is given."""


__all__ = ["Breaker", "Hook", "LifecycleHook", "Shifting", "World", "task_definition"]
