"""ECS's own record of a deployment of a service: what becomes of it, and why, also where it isn't listed any more."""

from __future__ import annotations

from math import ceil

from msgspec import field

from drone_deploy_ecs.core.ecs.wire import Moment, Wire

WHOLE = 100.0
"""All of the traffic, in per cent."""
OVER = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
"""The last statuses; there is no FAILED."""
GOING_BACK = frozenset({"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"})
"""A rollback that was asked for, is under way, or has come to its end."""
STOPPABLE = frozenset({"PENDING", "IN_PROGRESS"})
"""Those from which StopServiceDeployment begins a rollback; what is on its way back already just goes on."""


def _is_of(revision_arn: str, deployment: str) -> bool:
    """Whether that is the revision of that deployment: `ecs-svc/N` and the revision `…/N` have the same number.

    No page of AWS's says so; its own Terraform provider relies on it. N may begin with 0, so it stays text.
    """
    number = deployment.rpartition("/")[2]
    return bool(number) and revision_arn.rpartition("/")[2] == number


class ServiceDeployment(Wire, frozen=True, kw_only=True):
    """An entry of ListServiceDeployments. `status` is SUCCESSFUL, STOPPED, ROLLBACK_SUCCESSFUL … there is no FAILED.

    `status_reason` is "" where ECS gives none.
    """

    arn: str = field(name="serviceDeploymentArn", default="")
    target_service_revision_arn: str = ""
    status: str = ""
    status_reason: str = ""
    created_at: Moment | None = None
    finished_at: Moment | None = None

    def is_of(self, deployment: str) -> bool:
        """Whether this is the record of the deployment with that id."""
        return _is_of(self.target_service_revision_arn, deployment)


class RevisionSummary(Wire, frozen=True, kw_only=True):
    """One revision of a service deployment: task counts, and the traffic asked for, in per cent; None for ROLLING.

    Of several sources each may report 100 (kayac/ecspresso 890): only the target's weights mean something.
    """

    arn: str = ""
    requested: int = field(name="requestedTaskCount", default=0)
    running: int = field(name="runningTaskCount", default=0)
    pending: int = field(name="pendingTaskCount", default=0)
    production: float | None = field(name="requestedProductionTrafficWeight", default=None)
    test: float | None = field(name="requestedTestTrafficWeight", default=None)

    @property
    def deployment(self) -> str:
        """The id of its deployment, `ecs-svc/N`: see `_is_of`."""
        return f"ecs-svc/{self.arn.rpartition('/')[2]}"


class HookRun(Wire, frozen=True, kw_only=True):
    """One invocation of a lifecycle hook: AWAITING_ACTION, IN_PROGRESS, SUCCEEDED, FAILED or TIMED_OUT.

    `timeout_action` is ROLLBACK or CONTINUE, done at `expires_at`.
    """

    id: str = field(name="hookId", default="")
    target_type: str = ""
    target_arn: str = ""
    status: str = ""
    expires_at: Moment | None = None
    timeout_action: str = ""


class Rollback(Wire, frozen=True, kw_only=True):
    """Why a service deployment is rolled back, since when, and to which revision."""

    reason: str = ""
    started_at: Moment | None = None
    service_revision_arn: str = ""


class BreakerState(Wire, frozen=True, kw_only=True):
    """What the circuit breaker makes of it: TRIGGERED, MONITORING, MONITORING_COMPLETE or DISABLED."""

    status: str = ""
    failure_count: int = 0
    threshold: int = 0


class AlarmsState(Wire, frozen=True, kw_only=True):
    """What its alarms make of it, with the same statuses."""

    status: str = ""
    alarm_names: tuple[str, ...] = ()
    triggered: tuple[str, ...] = field(name="triggeredAlarmNames", default=())


class Linear(Wire, frozen=True, kw_only=True):
    """Equal steps, and minutes after each but the last."""

    percent: float = field(name="stepPercent", default=10.0)
    bake: int = field(name="stepBakeTimeInMinutes", default=6)


class Canary(Wire, frozen=True, kw_only=True):
    """The first step, and the minutes after it."""

    percent: float = field(name="canaryPercent", default=5.0)
    bake: int = field(name="canaryBakeTimeInMinutes", default=10)


class HookTimeout(Wire, frozen=True, kw_only=True):
    """Minutes after which a hook is over, and what is done then: ROLLBACK or CONTINUE."""

    minutes: int = field(name="timeoutInMinutes", default=1440)
    action: str = "ROLLBACK"


class LifecycleHook(Wire, frozen=True, kw_only=True):
    """A hook of the configuration, AWS_LAMBDA or PAUSE, and the stages that it is at."""

    target_type: str = "AWS_LAMBDA"
    arn: str = field(name="hookTargetArn", default="")
    stages: tuple[str, ...] = field(name="lifecycleStages", default=())
    timeout: HookTimeout = field(name="timeoutConfiguration", default=HookTimeout())


class Strategy(Wire, frozen=True, kw_only=True):
    """What `deploymentConfiguration` says of a strategy, with ECS's defaults; minutes."""

    name: str = field(name="strategy", default="ROLLING")
    bake: int = field(name="bakeTimeInMinutes", default=0)
    linear: Linear = field(name="linearConfiguration", default=Linear())
    canary: Canary = field(name="canaryConfiguration", default=Canary())
    hooks: tuple[LifecycleHook, ...] = field(name="lifecycleHooks", default=())

    @property
    def shifts(self) -> bool:
        """Whether a new revision is brought up beside the old one, and traffic then shifted to it."""
        return self.name != "ROLLING"

    @property
    def step_bake(self) -> int:
        """Minutes after each step but the last."""
        return {"LINEAR": self.linear.bake, "CANARY": self.canary.bake}.get(self.name, 0)

    @property
    def least(self) -> float:
        """Seconds that its bakes take altogether: no deployment is over sooner."""
        percents = {"LINEAR": self.linear.percent, "CANARY": self.canary.percent}
        percent = percents.get(self.name, WHOLE)
        steps = ceil(round(WHOLE / percent, 6)) if 0 < percent < WHOLE else 1
        bakes = min(steps - 1, 1) if self.name == "CANARY" else steps - 1
        return 60.0 * (self.bake + bakes * self.step_bake)

    @property
    def pauses(self) -> tuple[str, ...]:
        """The stages at which somebody has to let it go on."""
        stages = (stage for hook in self.hooks if hook.target_type == "PAUSE" for stage in hook.stages)
        return tuple(dict.fromkeys(stages))


class DescribedServiceDeployment(Wire, frozen=True, kw_only=True):
    """A service deployment as DescribeServiceDeployments has it. `rollback` is empty where there is none.

    `stage` is "" for ROLLING, may be a name that no enum has, and goes back on a rollback.
    """

    arn: str = field(name="serviceDeploymentArn", default="")
    status: str = ""
    status_reason: str = ""
    stage: str = field(name="lifecycleStage", default="")
    created_at: Moment | None = None
    started_at: Moment | None = None
    finished_at: Moment | None = None
    sources: tuple[RevisionSummary, ...] = field(name="sourceServiceRevisions", default=())
    target: RevisionSummary = field(name="targetServiceRevision", default=RevisionSummary())
    hooks: tuple[HookRun, ...] = field(name="lifecycleHookDetails", default=())
    strategy: Strategy = field(name="deploymentConfiguration", default=Strategy())
    rollback: Rollback = Rollback()
    breaker: BreakerState = field(name="deploymentCircuitBreaker", default=BreakerState())
    alarms: AlarmsState = AlarmsState()

    def is_of(self, deployment: str) -> bool:
        """Whether this is the record of the deployment with that id."""
        return _is_of(self.target.arn, deployment)

    def goes_back_to(self, deployment: str) -> bool:
        """Whether it is rolled back to the deployment with that id."""
        return _is_of(self.rollback.service_revision_arn, deployment)

    @property
    def is_going_back(self) -> bool:
        """Whether it is being rolled back, or has been."""
        return self.status in GOING_BACK

    @property
    def why(self) -> str:
        """What ECS says of its end, and of what began that; "" where nothing."""
        return "; ".join(dict.fromkeys(filter(None, (self.rollback.reason, self.status_reason))))

    @property
    def has_all_traffic(self) -> bool:
        """Whether its revision gets all production traffic, by the weights; where there are none, none is shifted."""
        return self.target.production is None or self.target.production >= WHOLE

    @property
    def is_over(self) -> bool:
        """Whether nothing more will become of it."""
        return self.status in OVER

    @property
    def pauses(self) -> tuple[HookRun, ...]:
        """The PAUSE hooks that somebody has to answer."""
        return tuple(hook for hook in self.hooks if hook.status == "AWAITING_ACTION")


class ContainerImage(Wire, frozen=True, kw_only=True):
    """What a container of a revision runs; `digest` is "" before it was pulled."""

    name: str = field(name="containerName", default="")
    image: str = ""
    digest: str = field(name="imageDigest", default="")


class ServiceRevision(Wire, frozen=True, kw_only=True):
    """A service revision, which never changes."""

    arn: str = field(name="serviceRevisionArn", default="")
    task_definition: str = ""
    images: tuple[ContainerImage, ...] = field(name="containerImages", default=())
    created_at: Moment | None = None
