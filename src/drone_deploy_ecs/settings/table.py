"""Every setting, in ONE table: it makes the `PLUGIN_*` variables, the flags, `--help`, the docs, and the Request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from drone_deploy_ecs.settings.values import (
    BLUE_GREEN,
    COLOURS,
    EXTERNAL_ID,
    PART,
    REGION,
    ROLE,
    ROLLING,
    SESSION,
    choice,
    cluster,
    duration,
    duration_or_none,
    image,
    interval,
    matching,
    mode,
    percent,
    seconds_or_duration,
    service,
    services,
    several,
    text,
    whole,
    whole_or_none,
    words,
    yes_or_no,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "PLUGIN_"


class Setting(NamedTuple):
    """One setting. `type` is for people; `read` turns text into the value, or raises `InvalidValue`.

    `fallbacks` are further variables to read, in order. `modes` use the setting, () means all; `required` holds there.
    """

    name: str
    type: str
    read: Callable[[str], Any]
    help: str
    default: str = ""
    required: bool = False
    modes: tuple[str, ...] = ()
    secret: bool = False
    fallbacks: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable: Drone makes `cluster` into `PLUGIN_CLUSTER`."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The command-line flag."""
        return "--" + self.name.replace("_", "-")

    def is_used_in(self, mode: str) -> bool:
        """Whether this mode uses the setting."""
        return not self.modes or mode in self.modes


SETTINGS: tuple[Setting, ...] = (
    Setting(name="aws_region", type="list", read=several(REGION, "an AWS region"), required=True,
            fallbacks=("AWS_REGION", "AWS_DEFAULT_REGION"),
            help="the region of the cluster; several, separated by commas, are waves: each must be completed before the next begins; falls back to AWS_REGION, then AWS_DEFAULT_REGION"),
    Setting(name="cluster", type="text", read=cluster, required=True,
            help="the ECS cluster, by name or ARN; of services that don't name their own"),
    Setting(name="service", type="list", read=services, required=True, modes=(ROLLING,),
            help="the services, by name, ARN, cluster/name or pattern (tenant-*), separated by commas; they land or return together"),
    Setting(name="container", type="text", read=text, required=True,
            help="the container, in the services' task definitions, whose image changes"),
    Setting(name="image", type="text", read=image, required=True, modes=(ROLLING, BLUE_GREEN),
            help="the new image, as a whole reference; a digest (…@sha256:…) is the surest"),
    Setting(name="mode", type="text", read=mode, default=ROLLING,
            help="how to deploy: rolling; blue-green: of two services the idle one takes over; blue-green-cluster: the one that a secret doesn't name as live is updated"),
    Setting(name="blue_service", type="text", read=service, required=True, modes=(BLUE_GREEN, COLOURS),
            help="one of the two services, by name or ARN"),
    Setting(name="green_service", type="text", read=service, required=True, modes=(BLUE_GREEN, COLOURS),
            help="the other one"),
    Setting(name="scale_down_percent", type="number", read=percent, required=True, modes=(BLUE_GREEN,),
            help="the share of the live count that each step takes away, 1 to 100; at least one task"),
    Setting(name="scale_down_interval", type="seconds", read=seconds_or_duration, required=True, modes=(BLUE_GREEN,),
            help="how long to wait between two steps, 0 for not at all; the new side is watched meanwhile"),
    Setting(name="scale_down_wait_period", type="seconds", read=seconds_or_duration, required=True, modes=(BLUE_GREEN,),
            help="how long to wait before the first step, 0 for not at all; the new side is watched meanwhile"),
    Setting(name="checks_to_pass", type="number", read=whole_or_none, required=True, modes=(BLUE_GREEN,),
            help="how many looks in a row must find the new side up before anything is taken away; 0 for none"),
    Setting(name="check_interval", type="seconds", read=interval, default="10s", modes=(BLUE_GREEN,),
            help="how long to wait between two of these looks; at least 1s"),
    Setting(name="blue_image", type="text", read=image, required=True, modes=(COLOURS,),
            help="the new image of blue_service, for when it is the idle one"),
    Setting(name="green_image", type="text", read=image, required=True, modes=(COLOURS,),
            help="the new image of green_service, for when it is the idle one"),
    Setting(name="secret_service", type="text", read=matching(PART, "part of a secret's name"), required=True, modes=(COLOURS,),
            help="the end of the secret's name, after the branch and a dash (branch main is called production); the branch is in DRONE_COMMIT_BRANCH, CI_COMMIT_BRANCH or GITHUB_REF_NAME"),
    Setting(name="allow_pull_request", type="yes/no", read=yes_or_no, default="false", modes=(COLOURS,),
            help="deploy for pull requests, too, by the secret of the branch that they are to be merged into"),
    Setting(name="max_deploy_checks", type="number", read=whole, default="60",
            help="the budget of a deployment, in units of 10 seconds; its rollback gets the same again"),
    Setting(name="timeout", type="duration", read=duration,
            help="the same budget in plain units (90s, 15m); instead of max_deploy_checks"),
    Setting(name="disable_rollbacks", type="yes/no", read=yes_or_no, default="false",
            help="leave a failed deployment as it is, and exit 4; no effect in blue-green"),
    Setting(name="on_cancel", type="text", read=choice("rollback", "leave"), default="rollback",
            help="what becomes of a deployment under way when the CI system cancels the step: rollback or leave"),
    Setting(name="canary_services", type="number", read=whole_or_none, default="0", modes=(ROLLING,),
            help="the first so many services go alone, and must be completed before the others begin"),
    Setting(name="max_parallel", type="number", read=whole, modes=(ROLLING,),
            help="how many services may be rolling out at the same time; all, if not set"),
    Setting(name="on_failure", type="text", read=choice("all", "failed"), default="all", modes=(ROLLING,),
            help="what a failure takes back: all services of the run, or only those that failed; the others go on"),
    Setting(name="waves", type="text", read=choice("undo", "stop"), default="undo", modes=(ROLLING,),
            help="what a failure in one region means for those before it: undo takes them back too, stop leaves them"),
    Setting(name="max_failed_tasks", type="number", read=whole,
            help="fail when this many of the new tasks have failed, instead of judging by the evidence; 1 is what the Go plugin did"),
    Setting(name="stable_for", type="duration", read=duration_or_none, default="0s",
            help="keep watching for this long after it is complete; a container that dies in that time fails it"),
    Setting(name="wait_for", type="text", read=choice("completed", "shifted", "healthy"), default="completed",
            help="when it is done: completed (old tasks drained too), shifted (all production traffic is on it, and the bake has begun; where none is shifted: healthy) or healthy (all new tasks up, old ones may drain)"),
    Setting(name="skip_unchanged", type="yes/no", read=yes_or_no, default="false",
            help="do nothing where the service runs this very image reference; without it, a tag is deployed again (it may have been re-pushed)"),
    Setting(name="dry_run", type="yes/no", read=yes_or_no, default="false",
            help="print the plan and write nothing"),
    Setting(name="log_lines", type="number", read=whole_or_none, default="20",
            help="how many of the last lines of a failed container's log to show; 0 for none"),
    Setting(name="report", type="list", read=words,
            help="write the run to this file: as a page to look at where its name ends in .html, else as JSON; - is JSON on standard output; several, separated by commas"),
    Setting(name="aws_role_arn", type="list", read=several(ROLE, "a role's ARN"),
            help="a role to assume for everything; or one for each region, in the same order"),
    Setting(name="aws_role_external_id", type="text", read=matching(EXTERNAL_ID, "an external id"), secret=True,
            help="the external id that the role's trust policy asks for"),
    Setting(name="aws_role_session_name", type="text", read=matching(SESSION, "a session name of 2 to 64 characters"),
            default="drone-deploy-ecs-<build>",
            help="the session's name in CloudTrail"),
)  # fmt: skip

BY_NAME = {setting.name: setting for setting in SETTINGS}
