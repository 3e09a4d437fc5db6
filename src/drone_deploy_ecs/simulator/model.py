"""What the simulated ECS keeps: services, deployments, tasks. Answers show them as `shapes` has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from drone_deploy_ecs.simulator.shifting import Shifting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from drone_deploy_ecs.simulator.behaviour import Behaviour
    from drone_deploy_ecs.simulator.shifting import LifecycleHook
    from drone_deploy_ecs.simulator.stages import Stage

GATE = "arn:aws:lambda:eu-west-1:123456789012:function:gate"
BOUNDED_PERCENT, FEWEST, MOST = 50, 3, 200
PENDING_STATES = ("PROVISIONING", "PENDING", "ACTIVATING")


@dataclass(slots=True, kw_only=True)
class Task:
    """One task; times are seconds of the world, None for what hasn't happened."""

    id: str
    deployment: Deployment
    task_definition: str
    containers: Mapping[str, str]
    digests: Mapping[str, str]
    script: Behaviour
    created: float
    status: str = "PROVISIONING"
    health: str = "UNKNOWN"
    is_healthy: bool = False
    started: float | None = None
    stopping: float | None = None
    stopped: float | None = None
    stop_code: str = ""
    stopped_reason: str = ""
    container_reason: str = ""
    exit_code: int | None = None
    is_protected: bool = False
    """From scale-in: neither autoscaling nor a deployment stops it (developer guide, task scale-in protection)."""
    is_registered: bool = False
    """A target of the service's load balancer."""

    @property
    def digest(self) -> str:
        """What its first container runs: that container stands for the task."""
        return next(iter(self.digests.values()))

    @property
    def is_alive(self) -> bool:
        """Neither stopped nor on its way there."""
        return self.stopping is None and self.stopped is None

    @property
    def is_draining(self) -> bool:
        """On its way out, while its load balancer still lets requests end."""
        return self.status == "DEACTIVATING"

    @property
    def is_running(self) -> bool:
        """Counted in runningCount."""
        return self.status == "RUNNING"

    @property
    def is_pending(self) -> bool:
        """Counted in pendingCount."""
        return self.status in PENDING_STATES


@dataclass(slots=True, kw_only=True)
class HookRun:
    """One invocation of a hook: it ends SUCCEEDED, FAILED or TIMED_OUT."""

    id: str
    hook: LifecycleHook
    stage: str
    status: str
    began: float
    expires: float
    answer: str
    """What it will answer: a name of `terms.ANSWERS`."""

    @property
    def is_open(self) -> bool:
        """Whether it is waited for."""
        return self.status in ("IN_PROGRESS", "AWAITING_ACTION")


@dataclass(slots=True, kw_only=True)
class Shift:
    """The way of one service deployment through its stages; times are seconds of the world, None for what isn't yet.

    `production` and `test` are the weights that it has asked for, in per cent of the target: the listener follows.
    `kept` are the deployments whose tasks are replaced when they die, `gone` those that are taken away. `live` is the
    target group that served when it began, "" while that isn't known; `returns_to` is what a rollback goes back to.
    """

    strategy: str
    shifting: Shifting
    """As they were when it began."""
    stages: Sequence[Stage]
    """The present one first; empty before the first."""
    kept: list[Deployment]
    ignored: frozenset[str]
    """Alarms that were in ALARM before it began: they are ignored all along (developer guide, alarms)."""
    gone: list[Deployment] = field(default_factory=list)
    live: str = ""
    started: float | None = None
    entered: float = 0.0
    moved: float | None = None
    stage: Stage | None = None
    production: float = 0.0
    test: float = 0.0
    runs: list[HookRun] = field(default_factory=list)
    triggered: list[str] = field(default_factory=list)
    is_tripped: bool = False
    rolled_back: float | None = None
    rollback_reason: str = ""
    returns_to: Deployment | None = None

    @property
    def is_watched(self) -> bool:
        """Whether alarms and circuit breaker still have a say. Unconfirmed: from the first stage to CLEAN_UP."""
        return self.rolled_back is None and self.stage is not None and self.stage.name != "CLEAN_UP"


@dataclass(slots=True, kw_only=True)
class Deployment:
    """One deployment; `desired` of a new one grows as its tasks are started, of an old one falls as it is replaced.

    `failed_tasks` goes on counting after it is COMPLETED, and `created` stays when ECS returns to it: both unconfirmed.
    """

    id: str
    task_definition: str
    created: float
    updated: float
    desired: int = 0
    status: str = "PRIMARY"
    state: str = "IN_PROGRESS"
    reason: str = ""
    failed_tasks: int = 0
    died: int = 0
    tasks: list[Task] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    """What its containers run, by name: fixed by the first task that starts ("version consistency")."""
    not_before: float = 0.0
    start_failures: int = 0
    outcome: str = "IN_PROGRESS"
    """The status of its service deployment: that is kept when the deployment isn't listed any more."""
    outcome_reason: str = ""
    finished: float | None = None
    sources: list[Deployment] = field(default_factory=list)
    """What was listed when it began."""
    target_group: str = ""
    """Where its tasks are registered; "" is the service's group."""
    shift: Shift | None = None
    """How far it is, by a strategy of ECS's own that shifts traffic; None for ROLLING."""

    @property
    def number(self) -> str:
        """The number that its id and its service revision share: text, since it may begin with 0.

        No page of AWS's says that they do; its own Terraform provider relies on it.
        """
        return self.id.rpartition("/")[2]

    @property
    def alive(self) -> list[Task]:
        """Its tasks that aren't stopping."""
        return [task for task in self.tasks if task.is_alive]

    @property
    def present(self) -> list[Task]:
        """Its tasks that aren't STOPPED yet."""
        return [task for task in self.tasks if task.stopped is None]

    def end(self, outcome: str, now: float, reason: str = "") -> None:
        """Its service deployment has come to this, and stays so."""
        if self.finished is None:
            self.outcome, self.outcome_reason, self.finished = outcome, reason, now


class Breaker(Struct, frozen=True):
    """The deployment circuit breaker's configuration."""

    rollback: bool = True
    threshold: int | None = None
    """COUNT; None is BOUNDED_PERCENT 50, the default."""
    reset_on_healthy: bool = True


class Hook(Struct, frozen=True):
    """A Lambda hook at PRE_SCALE_UP, the one stage that ROLLING services have, which refuses every deployment.

    It answers after so many seconds. `refusal` is what ECS then adds to "lifecycle hook(s) failed."; `emits_event`
    says whether a service event tells of it, too.
    """

    refusal: str = f"Lifecycle hook target {GATE} returned FAILED status."
    after: float = 3.0
    emits_event: bool = True


class Event(Struct, frozen=True):
    """A service event."""

    id: str
    at: float
    message: str


@dataclass(slots=True, kw_only=True)
class Service:
    """One service. `history` keeps every deployment, `deployments` those that ECS would still list."""

    name: str
    cluster: str
    arn_prefix: str
    """Of everything in its account and Region: `arn:aws:ecs:eu-west-1:123456789012:`."""
    desired: int
    breaker: Breaker | None = None
    hook: Hook | None = None
    minimum_percent: int = 100
    maximum_percent: int = 200
    target_group: str = ""
    launch_type: str = "FARGATE"
    grace: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    """What else DescribeServices shows of it: its network configuration, capacity providers and the like."""
    alarms: tuple[str, ...] = ()
    tripped: dict[str, str] = field(default_factory=dict)
    """Of the deployment's alarms, those in ALARM, and why."""
    alarms_roll_back: bool = True
    classic_elb: bool = False
    scheduling: str = "REPLICA"
    controller: str = "ECS"
    strategy: str = "ROLLING"
    shifting: Shifting = field(default_factory=Shifting)
    """What a strategy of ECS's own shifts traffic by."""
    weights: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of the production and the test listener: per cent by target group. See `traffic`."""
    listed_after: float = 0.0
    """Seconds after which a new deployment is in ListServiceDeployments: it is late (kayac/ecspresso 929)."""
    current_after: float = 0.0
    """Seconds after which `currentServiceDeployment` is the new one: it may be stale (kayac/ecspresso 945)."""
    resource_management: str = "CUSTOMER"
    """ECS for a service of ECS Express Mode."""
    status: str = "ACTIVE"
    counts_exits: bool = False
    """Whether ECS counts exits after RUNNING as failed tasks: it didn't (containers-roadmap 1206), it may now."""
    deployments: list[Deployment] = field(default_factory=list)
    history: list[Deployment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    shown: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """What DescribeServices would have answered, and from which second on: for stale reads."""

    @property
    def arn(self) -> str:
        """The service's own ARN."""
        return f"{self.arn_prefix}service/{self.cluster}/{self.name}"

    @property
    def primary(self) -> Deployment:
        """The deployment worked towards."""
        return next(deployment for deployment in self.deployments if deployment.status == "PRIMARY")

    @property
    def others(self) -> list[Deployment]:
        """The deployments being replaced."""
        return [deployment for deployment in self.deployments if deployment.status != "PRIMARY"]

    @property
    def threshold(self) -> int:
        """How many failed tasks trip the breaker: BOUNDED_PERCENT 50 unless a COUNT is set."""
        assert self.breaker is not None
        bounded = min(max(ceil(self.desired * BOUNDED_PERCENT / 100), FEWEST), MOST)
        return bounded if self.breaker.threshold is None else self.breaker.threshold

    def group_of(self, deployment: Deployment) -> str:
        """The target group of its tasks, "" for none."""
        return deployment.target_group or self.target_group

    def revision_arn(self, deployment: Deployment) -> str:
        """The ARN of the service revision that it brings."""
        return f"{self.arn_prefix}service-revision/{self.cluster}/{self.name}/{deployment.number}"

    def deployment_arn(self, deployment: Deployment) -> str:
        """The ARN of its service deployment, whose own name says nothing."""
        return f"{self.arn_prefix}service-deployment/{self.cluster}/{self.name}/{deployment.number[::-1]}"

    @property
    def runs(self) -> dict[str, int]:
        """The truth for tests: running tasks by `family:revision`."""
        counts: dict[str, int] = {}
        for task in self.tasks:
            if task.is_running:
                name = task.task_definition.rpartition("/")[2]
                counts[name] = counts.get(name, 0) + 1
        return counts
