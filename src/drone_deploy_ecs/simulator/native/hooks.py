"""Lifecycle hooks: Lambda functions that answer, pauses that wait for somebody."""

from __future__ import annotations

import base64
import re
from math import inf
from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator.model import HookRun
from drone_deploy_ecs.simulator.registry import rejected
from drone_deploy_ecs.simulator.shifting import ANSWERS

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.account import Account
    from drone_deploy_ecs.simulator.model import Deployment, Shift

CONTINUE = "ContinueServiceDeployment"
FAILURE = "Service deployment rolled back because {stage} lifecycle hook(s) failed. {why}"
TIMED_OUT = "Service deployment rolled back because {stage} {kind} hook timed out."
"""Documented for a pause hook; for a Lambda function unconfirmed."""
REFUSED = "Service deployment rolled back because {stage} pause hook was answered with ROLLBACK."
"""Unconfirmed: no page says what stands there."""


def invoke(account: Account, deployment: Deployment, shift: Shift, stage: str) -> None:
    """The hooks of a stage begin, all at once. Those that failed are still shown (unconfirmed), others not any more."""
    image = next(iter(account.containers(deployment.task_definition).values()))
    is_back = shift.rolled_back is not None
    now = account.clock.monotonic()
    shift.runs = [run for run in shift.runs if run.status in ("FAILED", "TIMED_OUT")]
    for hook in shift.shifting.hooks:
        # A pause would make the way back wait for somebody: only functions are asked there (developer guide).
        if stage in hook.stages and not (is_back and hook.is_pause):
            kind, status = ("pause", "AWAITING_ACTION") if hook.is_pause else ("lambda", "IN_PROGRESS")
            shift.runs.append(
                HookRun(
                    id=f"ecs-{kind}-{_name(account)}",
                    hook=hook,
                    stage=stage,
                    status=status,
                    began=now,
                    expires=now + hook.timeout_minutes * 60.0,
                    answer=hook.back if is_back else hook.answer if hook.about in image else "SUCCEEDED",
                )
            )


def _name(account: Account) -> str:
    """43 characters, as in the developer guide's example of a pause hook's id."""
    return base64.urlsafe_b64encode(account.random.randbytes(32)).decode().rstrip("=")


def refusal(account: Account, shift: Shift) -> str:
    """Let the hooks answer that are due; why the deployment fails by one of them, "" where none refuses."""
    now, reasons = account.clock.monotonic(), []
    for run in shift.runs:
        if run.is_open and now >= run.expires:
            run.status = "TIMED_OUT"
            kind = "pause" if run.hook.is_pause else "lifecycle"
            reasons += [] if run.hook.timeout_continues else [TIMED_OUT.format(stage=run.stage, kind=kind)]
        elif run.is_open and now >= run.began + (inf if run.hook.is_pause else run.hook.after):
            why = ANSWERS[run.answer].format(arn=run.hook.arn)
            run.status = "FAILED" if why else "SUCCEEDED"
            reasons += [FAILURE.format(stage=run.stage, why=why)] if why else []
    return next(iter(reasons), "")  # unconfirmed: how several are told


def answer(deployment: Deployment, hook_id: str, action: str) -> None:
    """ContinueServiceDeployment. Texts: developer guide, troubleshooting; their error codes are unconfirmed."""
    shift = deployment.shift
    if not re.fullmatch(r"ecs-[a-z]+-.+", hook_id):
        message = "Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}"
        raise rejected(CONTINUE, "InvalidParameterException", message)
    if deployment.finished is not None:
        message = "Continuing a service deployment is not allowed for service deployment in terminal states."
        raise rejected(CONTINUE, "ClientException", message)
    runs = shift.runs if shift and deployment.outcome == "IN_PROGRESS" else []
    run = next((each for each in runs if each.id == hook_id and each.status == "AWAITING_ACTION"), None)
    if run is None:
        message = "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN"
        raise rejected(CONTINUE, "ClientException", message)
    run.status = "SUCCEEDED" if action == "CONTINUE" else "FAILED"  # the status after ROLLBACK is unconfirmed
    if action == "ROLLBACK":
        deployment.outcome, deployment.outcome_reason = "ROLLBACK_REQUESTED", REFUSED.format(stage=run.stage)
