"""What ECS says, as frozen values: service, deployment, task, service event; and the one place its answers are read.

Every optional member may be absent (`stoppedReason`, `rolloutState`, `exitCode`, `deployments` …) and every enum may
grow: absent text is "", absent numbers of things are 0, unknown enum values pass through as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.launch import Launch
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service_deployment import Strategy
from drone_deploy_ecs.core.ecs.wire import Moment, Wire
from drone_deploy_ecs.core.text import tasks

if TYPE_CHECKING:
    from datetime import datetime


_COMPLETED = re.compile(r"\(deployment (ecs-svc/\d+)\) deployment completed")


def without_service(message: str) -> str:
    """An event's message without the service's name in front, which whoever prints it says anyway."""
    return re.sub(r"^\(service [^()\s]+\) ", "", message)


class Deployment(Wire, frozen=True):
    """One entry of a service's `deployments[]`. `rollout_state` is "" behind a Classic Load Balancer.

    `desired` of PRIMARY is at least what the service wants: ECS's own number is 0 at first, and grows as tasks start.
    """

    id: str = ""
    status: str = ""
    task_definition: str = ""
    desired: int = field(name="desiredCount", default=0)
    pending: int = field(name="pendingCount", default=0)
    running: int = field(name="runningCount", default=0)
    failed_tasks: int = 0
    rollout_state: str = ""
    rollout_reason: str = field(name="rolloutStateReason", default="")
    created_at: Moment | None = None
    volumes: tuple[dict[str, Any], ...] = field(name="volumeConfigurations", default=())

    @property
    def is_at_full_count(self) -> bool:
        """Whether it runs all the tasks it wants and none is still starting."""
        return self.running >= self.desired and self.pending == 0


class ServiceEvent(Wire, frozen=True, kw_only=True):
    """One of the service's latest 100 events."""

    id: str = ""
    at: Moment = field(name="createdAt")
    message: str = ""


class Service(Struct, frozen=True, kw_only=True):
    """A service as one DescribeServices call showed it; deployments newest first, events oldest first.

    `target_groups` are ARNs, `balanced_container` is the container behind them, `alarms` are the deployment's, by name.
    Where traffic is shifted, `production_rules` are the ARNs of the rules, or of Network Load Balancers' listeners.
    `resource_management` is ECS where ECS Express Mode manages the service. `minimum_percent` and `maximum_percent`
    bound what a deployment may stop and start, None where ECS doesn't say. `grace`: seconds for which health checks of
    new tasks don't count, None likewise. `launch` is how its tasks are launched, `tags` are its own, where they were
    asked for. `task_sets` are the task definitions (ARNs) of its task sets, where another controller than ECS deploys.
    """

    name: str
    arn: str
    status: str
    desired: int
    running: int
    task_definition: str
    deployments: tuple[Deployment, ...]
    events: tuple[ServiceEvent, ...]
    controller: str = "ECS"
    scheduling: str = "REPLICA"
    strategy: Strategy = Strategy()
    resource_management: str = "CUSTOMER"
    breaker_is_on: bool = False
    breaker_rolls_back: bool = False
    is_load_balanced: bool = False
    target_groups: tuple[str, ...] = ()
    production_rules: tuple[str, ...] = ()
    balanced_container: str = ""
    alarms: tuple[str, ...] = ()
    is_fargate: bool = False
    minimum_percent: int | None = None
    maximum_percent: int | None = None
    grace: int | None = None
    launch: Launch = Launch()
    tags: tuple[tuple[str, str], ...] = ()
    task_sets: tuple[str, ...] = ()

    @property
    def primary(self) -> Deployment | None:
        """The deployment ECS works towards."""
        return next((deployment for deployment in self.deployments if deployment.status == "PRIMARY"), None)

    @property
    def last_completed(self) -> Deployment | None:
        """The newest deployment known to have finished: what a rollback goes back to.

        Where ECS gives no rolloutState, a sole deployment at full count is taken for finished.
        """
        completed = next(
            (deployment for deployment in self.deployments if deployment.rollout_state == "COMPLETED"), None
        )
        if completed or len(self.deployments) != 1:
            return completed
        (only,) = self.deployments
        return only if not only.rollout_state and only.is_at_full_count else None

    @property
    def completed_by_events(self) -> str:
        """The id of the deployment that ECS last said was completed, listed or not; "" if its events don't tell."""
        matches = (_COMPLETED.search(event.message) for event in reversed(self.events))
        return next((match[1] for match in matches if match), "")

    def completed_at(self, deployment_id: str) -> datetime | None:
        """When ECS said that this deployment was completed; None if its events don't tell."""
        text = f"(deployment {deployment_id}) deployment completed"
        return next((event.at for event in self.events if text in event.message), None)

    @property
    def last_start_at(self) -> datetime | None:
        """When ECS last said that it started tasks; None if its events don't tell."""
        return next((event.at for event in reversed(self.events) if " has started " in event.message), None)

    def is_older_than(self, other: Service | None) -> bool:
        """Whether this read is older than the other: reads are eventually consistent, but events only ever grow."""
        if other is None or not other.events:
            return False
        return not self.events or self.events[-1].at < other.events[-1].at

    def failure_of(self, deployment_id: str) -> str:
        """The event that names this deployment as failed, without the service's name; "" if there is none."""
        text = f"(deployment {deployment_id}) deployment failed"
        return next((without_service(event.message) for event in self.events if text in event.message), "")

    def is_rolling_back(self, deployment_id: str) -> bool:
        """Whether ECS has given up on this deployment and is about to return the service by itself."""
        listed = self.deployment(deployment_id)
        if listed is None or listed.rollout_state != "FAILED":
            return False
        return self.breaker_rolls_back or "rolling back" in listed.rollout_reason

    def is_rolling_back_to(self, deployment_id: str, since: datetime | None) -> bool:
        """Whether an event since then says that ECS rolls back to that deployment."""
        return any(
            event.message.rstrip(".").endswith(f"rolling back to deployment {deployment_id}")
            for event in self.events
            if since is None or event.at >= since
        )

    def deployment(self, deployment_id: str) -> Deployment | None:
        """The entry of that id, if it is (still) listed."""
        return next((deployment for deployment in self.deployments if deployment.id == deployment_id), None)


def runs(service: Service | None) -> str:
    """What the service runs: `web:42 (2 of 2 tasks)`, and where several revisions run, all of them."""
    if service is None:
        return "an unknown revision"
    alive = [deployment for deployment in service.deployments if deployment.running or deployment.status == "PRIMARY"]
    if len(alive) == 1:
        (only,) = alive
        return f"{short(only.task_definition)} ({only.running} of {tasks(only.desired)})"
    running: Counter[str] = Counter()
    for deployment in alive:  # of one revision, where what is rolled out is what ran before
        running[deployment.task_definition] += deployment.running
    return " and ".join(f"{short(arn)} ({tasks(count)})" for arn, count in running.items()) or "nothing"


class _Controller(Wire, frozen=True):
    """A deployment controller."""

    type: str = "ECS"


class _Breaker(Wire, frozen=True):
    enable: bool = False
    rollback: bool = False


class _Alarms(Wire, frozen=True):
    enable: bool = False
    alarm_names: tuple[str, ...] = ()


class _Configuration(Strategy, frozen=True, kw_only=True):
    deployment_circuit_breaker: _Breaker = _Breaker()
    alarms: _Alarms = _Alarms()
    minimum_healthy_percent: int | None = None
    maximum_percent: int | None = None

    def of_strategy(self) -> Strategy:
        return Strategy(name=self.name, bake=self.bake, linear=self.linear, canary=self.canary, hooks=self.hooks)


class _Tag(Wire, frozen=True):
    key: str = ""
    value: str = ""


class _Advanced(Wire, frozen=True):
    alternate_target_group_arn: str = ""
    production_listener_rule: str = ""


class _Balancer(Wire, frozen=True):
    target_group_arn: str = ""
    container_name: str = ""
    advanced_configuration: _Advanced = _Advanced()


class _TaskSet(Wire, frozen=True):
    task_definition: str = ""


class DescribedService(Wire, frozen=True):
    """A service in an answer of DescribeServices or UpdateService: deployments and events in whatever order."""

    service_name: str = ""
    service_arn: str = ""
    status: str = ""
    desired_count: int = 0
    running_count: int = 0
    task_definition: str = ""
    deployments: tuple[Deployment, ...] = ()
    events: tuple[ServiceEvent, ...] = ()
    deployment_controller: _Controller = _Controller()
    scheduling_strategy: str = "REPLICA"
    resource_management_type: str = "CUSTOMER"
    deployment_configuration: _Configuration = _Configuration()
    load_balancers: tuple[_Balancer, ...] = ()
    service_registries: tuple[Any, ...] = ()
    launch_type: str = ""
    capacity_provider_strategy: tuple[dict[str, Any], ...] = ()
    platform_version: str = ""
    network_configuration: dict[str, Any] | None = None
    placement_constraints: tuple[dict[str, Any], ...] = ()
    enable_execute_command: bool = False
    enable_ecs_managed_tags: bool = field(name="enableECSManagedTags", default=False)
    propagate_tags: str = ""
    tags: tuple[_Tag, ...] = ()
    task_sets: tuple[_TaskSet, ...] = ()
    health_check_grace_period_seconds: int | None = None

    def service(self) -> Service:
        """It as a value to decide on."""
        configuration, breaker = self.deployment_configuration, self.deployment_configuration.deployment_circuit_breaker
        # Newest first is how captures look, but no page promises it.
        deployments = sorted((self._wanted(deployment) for deployment in self.deployments), key=_created, reverse=True)
        balancers = self.load_balancers
        return Service(
            name=self.service_name or short(self.service_arn),
            arn=self.service_arn,
            status=self.status,
            desired=self.desired_count,
            running=self.running_count,
            task_definition=self.task_definition,
            deployments=tuple(deployments),
            events=tuple(reversed(self.events)),
            controller=self.deployment_controller.type,
            scheduling=self.scheduling_strategy,
            strategy=configuration.of_strategy(),
            resource_management=self.resource_management_type,
            is_load_balanced=bool(balancers or self.service_registries),
            target_groups=tuple(
                group
                for balancer in balancers
                for group in (balancer.target_group_arn, balancer.advanced_configuration.alternate_target_group_arn)
                if group
            ),
            production_rules=tuple(
                rule for balancer in balancers if (rule := balancer.advanced_configuration.production_listener_rule)
            ),
            balanced_container=next(filter(None, (balancer.container_name for balancer in balancers)), ""),
            alarms=configuration.alarms.alarm_names if configuration.alarms.enable else (),
            breaker_is_on=breaker.enable,
            breaker_rolls_back=breaker.enable and breaker.rollback,
            is_fargate=self._is_fargate(),
            minimum_percent=configuration.minimum_healthy_percent,
            maximum_percent=configuration.maximum_percent,
            grace=self.health_check_grace_period_seconds,
            launch=self._launch(deployments),
            tags=tuple((tag.key, tag.value) for tag in self.tags if tag.key),
            task_sets=tuple(each.task_definition for each in self.task_sets if each.task_definition),
        )

    def _launch(self, deployments: list[Deployment]) -> Launch:
        primary = next((deployment for deployment in deployments if deployment.status == "PRIMARY"), None)
        return Launch(
            launch_type=self.launch_type,
            providers=self.capacity_provider_strategy,
            platform_version=self.platform_version,
            network=self.network_configuration or {},
            constraints=self.placement_constraints,
            volumes=primary.volumes if primary else (),
            has_exec=self.enable_execute_command,
            has_managed_tags=self.enable_ecs_managed_tags,
            propagates=self.propagate_tags,
        )

    def _is_fargate(self) -> bool:
        """By its launch type, or by its capacity providers, which aren't mixed with others (API reference)."""
        providers = [provider.get("capacityProvider") for provider in self.capacity_provider_strategy]
        return self.launch_type == "FARGATE" or (bool(providers) and set(providers) <= {"FARGATE", "FARGATE_SPOT"})

    def _wanted(self, deployment: Deployment) -> Deployment:
        """It with the service's desired count, behind which PRIMARY's stays for as long as tasks aren't started.

        Recorded answers show so since 2025; against its own number a deployment without a task would be at full count.
        """
        if deployment.status != "PRIMARY" or deployment.desired >= self.desired_count:
            return deployment
        return replace(deployment, desired=self.desired_count)


def _created(deployment: Deployment) -> float:
    return deployment.created_at.timestamp() if deployment.created_at else 0.0
