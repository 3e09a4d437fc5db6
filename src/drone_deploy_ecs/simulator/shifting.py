"""What a service with one of ECS's own strategies is configured with, and what is scripted of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECK = "arn:aws:lambda:eu-west-1:123456789012:function:check"
ROLE = "arn:aws:iam::123456789012:role/ecsInfrastructureRole"
ANSWERS: Mapping[str, str] = {
    "SUCCEEDED": "",
    "FAILED": "Lifecycle hook target {arn} returned FAILED status.",
    "UNPARSABLE": "ECS was unable to parse the response from {arn} due to HookStatus must not be null",
    "UNASSUMABLE": f"ECS was unable to assume role {ROLE}",
    "UNINVOKABLE": "ECS was unable to invoke hook target {arn} due to User: arn:aws:sts::123456789012:assumed-role/"
    "hooks/ECS-Lambda-Execution is not authorized to perform: lambda:InvokeFunction on resource: {arn}",
}
"""What a Lambda hook may come to, and what ECS then adds to its reason (developer guide, troubleshooting blue/green).

A function that raises or times out is told as an unparsable answer.
"""
HOOK_STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
)
"""Where hooks may be (ECS API reference); a pause not at the two shifts, which are run on the way back, too."""
BALANCERS = ("ALB", "NLB", "SERVICE_CONNECT", "")
STEP_PERCENT: Mapping[str, float] = {"LINEAR": 10.0, "CANARY": 5.0}
STEP_BAKE: Mapping[str, int] = {"LINEAR": 6, "CANARY": 10}
"""Defaults of `linearConfiguration` and `canaryConfiguration` (ECS API reference)."""


class LifecycleHook(Struct, frozen=True, kw_only=True):
    """A hook at some stages: a Lambda function that answers after so many seconds, or a pause until somebody does.

    Until a function gives its last answer it says IN_PROGRESS. `answer` (a name of `ANSWERS`) is that to deployments
    whose first image has `about` in its name, `back` that on the way back, where it is asked again. When its time is
    over the deployment is rolled back, unless `timeout_continues`.
    """

    stages: tuple[str, ...]
    is_pause: bool = False
    arn: str = CHECK
    after: float = 3.0
    answer: str = "SUCCEEDED"
    back: str = "SUCCEEDED"
    about: str = ""
    timeout_minutes: int = 1440
    timeout_continues: bool = False


class Shifting(Struct, frozen=True, kw_only=True):
    """How traffic is shifted. Percents and minutes that are None are ECS's defaults.

    `alternate` is the second target group's ARN ("": made of the first one's), `balancer` what shifts the traffic, one
    of `BALANCERS`: "" for a service without any, whose stages pass without a shift. `obstacles`: the deployment fails
    on reaching this stage, with this `statusReason`; an infrastructure role that may not modify the rules, say.
    """

    bake_minutes: int = 5
    step_percent: float | None = None
    step_bake_minutes: int | None = None
    hooks: tuple[LifecycleHook, ...] = ()
    balancer: str = "ALB"
    alternate: str = ""
    obstacles: dict[str, str] = field(default_factory=dict)
    breaker_counts: bool = True
    """Whether the circuit breaker works: the API reference says for ROLLING only; Terraform's acceptance test and one
    recorded run show it working here, too."""

    def percent(self, strategy: str) -> float:
        """Of one step."""
        return STEP_PERCENT[strategy] if self.step_percent is None else self.step_percent

    def step_bake(self, strategy: str) -> int:
        """Minutes after a step."""
        return STEP_BAKE[strategy] if self.step_bake_minutes is None else self.step_bake_minutes
