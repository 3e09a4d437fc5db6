"""Every setting, in ONE table: it makes the `PLUGIN_*` variables, the flags, `--help`, the docs, and the Request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from drone_deploy_ecs.settings import edits
from drone_deploy_ecs.settings.actions import ACTIONS, DEPLOY
from drone_deploy_ecs.settings.values import (
    BLUE_GREEN,
    COLOURS,
    EXTERNAL_ID,
    PART,
    REGION,
    ROLE,
    ROLLING,
    SESSION,
    action,
    addresses,
    choice,
    cluster,
    command,
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
    two_or_more,
    urls,
    whole,
    whole_or_none,
    word,
    words,
    yes_or_no,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "PLUGIN_"


class Setting(NamedTuple):
    """One setting. `type` is for people; `read` turns text into the value, or raises `InvalidValue`.

    `fallbacks` are further variables to read, in order. `modes` use the setting, () means all; `required` holds there,
    except where one of `unless` is set. `secret`: neither the value nor what can't be read of it is ever shown.
    `is_command`: on the command line it is the command itself, and no flag.
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
    is_command: bool = False
    unless: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable: Drone makes `cluster` into `PLUGIN_CLUSTER`."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The command-line flag; "" where it has none."""
        return "" if self.is_command else "--" + self.name.replace("_", "-")

    @property
    def repeats(self) -> bool:
        """Whether the flag may be given several times: once for each member of a map."""
        return self.type == "map"

    def is_used_in(self, mode: str) -> bool:
        """Whether this mode uses the setting."""
        return not self.modes or mode in self.modes


_ANYWHERE = ("images", "patch", "task_definition", "revision")
"""What changes a task definition without a container being named."""
SETTINGS: tuple[Setting, ...] = (
    Setting(name="action", type="text", read=action, default=DEPLOY.name, is_command=True,
            help=f"what to do: {', '.join(ACTIONS)}; --help tells what each does"),
    Setting(name="aws_region", type="list", read=several(REGION, "an AWS region"), required=True,
            fallbacks=("AWS_REGION", "AWS_DEFAULT_REGION"),
            help="the region of the cluster; several, separated by commas, are waves: each must be completed before the next begins; falls back to AWS_REGION, then AWS_DEFAULT_REGION"),
    Setting(name="cluster", type="text", read=cluster, required=True,
            help="the ECS cluster, by name or ARN; of services that don't name their own"),
    Setting(name="service", type="list", read=services, required=True, modes=(ROLLING,),
            help="the services, by name, ARN, cluster/name or pattern (tenant-*), separated by commas; a deployment lands on all of them or returns, run takes one"),
    Setting(name="container", type="list", read=words, required=True, unless=_ANYWHERE,
            help="the containers, in the services' task definitions, that image, tag, environment and secrets go to, separated by commas"),
    Setting(name="image", type="text", read=image, required=True, modes=(ROLLING, BLUE_GREEN),
            unless=("tag", "environment", "secrets", *_ANYWHERE),
            help="the new image, as a whole reference; a digest (…@sha256:…) is the surest; without it, and with another edit, the image stays"),
    Setting(name="tag", type="text", read=matching(edits.TAG, "an image's tag"), modes=(ROLLING, BLUE_GREEN),
            help="instead of image: another tag of the repository that the container has its image from"),
    Setting(name="images", type="map or file", read=edits.images, modes=(ROLLING, BLUE_GREEN),
            help="images of several containers: a JSON object, web=…,proxy=…, or the path of a file such as imagedefinitions.json"),
    Setting(name="environment", type="map", read=edits.environment, secret=True,
            help="variables to set, by name; null removes one; numbers and booleans become text"),
    Setting(name="secrets", type="map", read=edits.secrets, secret=True,
            help="variables that ECS fetches, each with the ARN of its secret (Secrets Manager) or parameter (SSM); null removes one"),
    Setting(name="patch", type="JSON or file", read=edits.patch, secret=True,
            help="a JSON merge patch (RFC 7396) over the task definition, or the path of a file with one; in lists of named things, such as containerDefinitions, an object patches by name"),
    Setting(name="task_definition", type="file", read=edits.task_definition, modes=(ROLLING, BLUE_GREEN),
            help="start from the task definition in this file instead of from the one that runs; of the services' own family, in one region"),
    Setting(name="revision", type="text", read=edits.revision, modes=(ROLLING, BLUE_GREEN),
            help="deploy this existing revision (family:number or ARN) as it is: nothing is edited or registered; of the services' own family, in one region"),
    Setting(name="schedules", type="list", read=edits.schedules, modes=(ROLLING, BLUE_GREEN),
            help="what starts tasks by itself and gets the new revision, too, once the services are up: EventBridge rules (name, rule/bus/name) and schedules of EventBridge Scheduler (group/name), separated by commas; auto: all that run the same families in the same clusters"),
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
    Setting(name="before", type="command", read=command,
            help="a command that a one-off task of the new revision runs before any service is updated (migrations, say): text as a shell would take it, or a JSON list; without exit code 0 nothing is deployed"),
    Setting(name="after", type="command", read=command, modes=(ROLLING, BLUE_GREEN),
            help="the same once the new version serves (smoke tests, say): after the canaries, and after each region; without exit code 0 everything goes back"),
    Setting(name="command", type="command", read=command,
            help="what the action run runs, in one task with a service's settings: text as a shell would take it, or a JSON list"),
    Setting(name="task_timeout", type="duration", read=duration, default="1h",
            help="how long a one-off task may take; then it is stopped, and has failed"),
    Setting(name="task_container", type="text", read=word,
            help="the container whose command a one-off task replaces, and whose exit code decides; the first of container, if not set"),
    Setting(name="max_deploy_checks", type="number", read=whole, default="60",
            help="the budget of a deployment, in units of 10 seconds; its rollback gets the same again"),
    Setting(name="timeout", type="duration", read=duration,
            help="instead of max_deploy_checks: the budget in plain units (90s, 15m); a rollback gets the same again"),
    Setting(name="disable_rollbacks", type="yes/no", read=yes_or_no, default="false",
            help="leave a failed deployment as it is, and exit 4; no effect in blue-green"),
    Setting(name="on_cancel", type="text", read=choice("rollback", "leave"), default="rollback",
            help="what becomes of a deployment under way when the CI system cancels the step: rollback or leave; one that only waits at a pause is left, too, unless rollback is set"),
    Setting(name="on_conflict", type="text", read=choice("replace", "wait", "refuse"), default="replace",
            help="what becomes of another rollout that is in progress already: replace it; wait for its end, one budget at most; or refuse to deploy (exit 5)"),
    Setting(name="build_number", type="number", read=whole_or_none,
            help="the number of the build, kept as a tag of the revision: where a service has one of a higher build, nothing is written (exit 5), and of two at the same time the higher one wins"),
    Setting(name="keep_revisions", type="number", read=two_or_more,
            help="how many of a family's newest revisions stay in any case, 2 at the least: once all is well, older ones are deregistered that no service, way back, task, rule or schedule of the region uses; all stay, if not set"),
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
    Setting(name="probe", type="list", read=urls, modes=(ROLLING, BLUE_GREEN), secret=True,
            help="a URL, or one for each region, that the new version answers: 2xx or 3xx three times in a row, within 60 s from when it should serve, and until the run is over; else it is taken back; only scheme, host and path are shown"),
    Setting(name="probe_expect", type="text", read=str, modes=(ROLLING, BLUE_GREEN),
            help="text that the body of such an answer has, the version say"),
    Setting(name="on_pause", type="text", read=choice("wait", "continue", "leave"), default="wait",
            help="what to do at a PAUSE hook of a service's own strategy: wait for somebody's answer, continue, or leave it there and end: Paused, exit code 0, not yet serving"),
    Setting(name="deployment", type="list", read=words,
            help="with action continue: the deployment that must be what waits, an output of the step that left it there (deployment_id), or a service deployment's ARN"),
    Setting(name="skip_unchanged", type="yes/no", read=yes_or_no, default="false",
            help="do nothing where the service runs exactly this already; without it, a tag that is named is deployed again (it may have been re-pushed)"),
    Setting(name="dry_run", type="yes/no", read=yes_or_no, default="false",
            help="print the plan and write nothing"),
    Setting(name="preflight", type="text", read=choice("image", "all", "off"), default="image",
            help="what to look at before anything is written: image, whether it is in ECR and built for the tasks' processor; all, what else they need, too; off; refused is only what would surely fail"),
    Setting(name="log_lines", type="number", read=whole_or_none, default="20",
            help="how many of the last lines of a failed container's log to show; 0 for none"),
    Setting(name="report", type="list", read=words,
            help="write the run to this file: as a page to look at where its name ends in .html, else as JSON; - is JSON on standard output; several, separated by commas"),
    Setting(name="notify", type="list", read=addresses, secret=True,
            help="addresses of chats, mailboxes or telephones, in Apprise's syntax, that are told at the end what became of the run; needs the extra drone-deploy-ecs[notify]"),
    Setting(name="aws_role_arn", type="list", read=several(ROLE, "a role's ARN"),
            help="a role to assume for everything; or one for each region, in the same order"),
    Setting(name="aws_role_external_id", type="text", read=matching(EXTERNAL_ID, "an external id"), secret=True,
            help="the external id that the role's trust policy asks for"),
    Setting(name="aws_role_session_name", type="text", read=matching(SESSION, "a session name of 2 to 64 characters"),
            default="drone-deploy-ecs-<build>",
            help="the session's name in CloudTrail"),
)  # fmt: skip

BY_NAME = {setting.name: setting for setting in SETTINGS}
GROUPS = {
    "What is done, and where": "action",
    "What is deployed": "container",
    "How": "mode",
    "Blue and green": "blue_service",
    "One-off tasks": "before",
    "Time and failure": "max_deploy_checks",
    "Order and cleanup": "on_conflict",
    "Several services": "canary_services",
    "How it is judged": "max_failed_tasks",
    "What is told": "dry_run",
    "Access to AWS": "aws_role_arn",
}
"""What settings are for, by the first setting of each group."""


def grouped() -> list[tuple[str, list[Setting]]]:
    """The settings by what they are for, in the table's order."""
    titles = {name: title for title, name in GROUPS.items()}
    groups: list[tuple[str, list[Setting]]] = []
    for setting in SETTINGS:
        if setting.name in titles:
            groups.append((titles[setting.name], []))
        groups[-1][1].append(setting)
    return groups
