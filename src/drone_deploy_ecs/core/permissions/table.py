"""What AWS must allow, by feature: the one table behind the action `policy`, `permissions.md` and the README's policy.

What is in capitals stands for what only the account, or the settings, can tell (`place.py`). Source of resources and
condition keys: AWS's service authorization reference.
"""

from __future__ import annotations

from drone_deploy_ecs.core.calls.autoscaling import DescribeScalableTargets, RegisterScalableTarget
from drone_deploy_ecs.core.calls.cloudwatch import DescribeAlarms
from drone_deploy_ecs.core.calls.ecr import BatchGetImage, DescribePullThroughCacheRules, GetDownloadUrlForLayer
from drone_deploy_ecs.core.calls.ecs import (
    DeregisterTaskDefinition,
    DescribeServices,
    DescribeTaskDefinition,
    DescribeTasks,
    ListServices,
    ListTasks,
    RegisterTaskDefinition,
    UpdateService,
)
from drone_deploy_ecs.core.calls.elb import DescribeListeners, DescribeRules, DescribeTargetGroups, DescribeTargetHealth
from drone_deploy_ecs.core.calls.events import DescribeRule, ListEventBuses, ListRules, ListTargetsByRule, PutTargets
from drone_deploy_ecs.core.calls.functions import GetFunctionConfiguration
from drone_deploy_ecs.core.calls.iam import GetRole
from drone_deploy_ecs.core.calls.listings import ListClusters, ListTaskDefinitions
from drone_deploy_ecs.core.calls.logs import DescribeLogGroups, GetLogEvents
from drone_deploy_ecs.core.calls.parameters import GetParameters
from drone_deploy_ecs.core.calls.schedules import GetSchedule, ListSchedules, UpdateSchedule
from drone_deploy_ecs.core.calls.secrets import DescribeSecret, GetSecretValue
from drone_deploy_ecs.core.calls.service_deployments import (
    ContinueServiceDeployment,
    DescribeServiceDeployments,
    DescribeServiceRevisions,
    ListServiceDeployments,
    StopServiceDeployment,
)
from drone_deploy_ecs.core.calls.tags import TagResource
from drone_deploy_ecs.core.calls.tasks import RunTask, StopTask
from drone_deploy_ecs.core.permissions import when
from drone_deploy_ecs.core.permissions.feature import Feature
from drone_deploy_ecs.core.permissions.statement import allow

ECS = "arn:aws:ecs:REGION:ACCOUNT"
SERVICE = f"{ECS}:service/CLUSTER/SERVICE"
FAMILY = f"{ECS}:task-definition/FAMILY:*"
TASKS_ROLES = ("arn:aws:iam::ACCOUNT:role/TASK-ROLE", "arn:aws:iam::ACCOUNT:role/EXECUTION-ROLE")
IN_CLUSTER = {"ecs:cluster": f"{ECS}:cluster/CLUSTER"}


FEATURES = (
    Feature(
        "Every deployment",
        "What the plan reads, and the two writes. `plan`, `dry_run`, `watch` and `status` need only what reads; `rollback` "
        "and `continue` register only a copy to return to, where what runs has been deregistered.",
        (
            allow("ReadServices", [DescribeServices], SERVICE),
            allow("ReadTaskDefinitions", [DescribeTaskDefinition]),
            allow("UpdateServices", [UpdateService], SERVICE, when=when.writes),
            allow("RegisterTaskDefinitions", [RegisterTaskDefinition], FAMILY, when=when.registers),
            allow(
                "PassTheTasksRoles",
                ["iam:PassRole"],
                TASKS_ROLES,
                when=when.registers,
                StringEquals={"iam:PassedToService": "ecs-tasks.amazonaws.com"},
            ),
        ),
        "Refused, exit code 2: nothing was changed. The writes are refused when AWS refuses them.",
    ),
    Feature(
        "Reasons",
        "Why tasks stopped, so that a doomed deployment fails within seconds rather than when its budget ends.",
        (
            allow("FindTasks", [ListTasks], when=when.follows, ArnEquals=IN_CLUSTER),
            allow("ReadTasks", [DescribeTasks], f"{ECS}:task/CLUSTER/*", when=when.follows),
        ),
        "The log says that reasons can't be shown. A crashing container isn't recognised then: the deployment fails when "
        "ECS gives up on it or the budget ends. A same-tag deployment has no way back.",
    ),
    Feature(
        "Tags",
        "Only where task definitions have tags: the new revision keeps them.",
        (
            allow(
                "KeepTags",
                [TagResource],
                FAMILY,
                when=lambda place: when.has_tags(place) and not when.has_order(place),
                StringEquals={"ecs:CreateAction": RegisterTaskDefinition.operation},
            ),
        ),
        "The new revision is registered without tags, with a warning.",
    ),
    Feature(
        "Order",
        "Only with `build_number`: revisions are tagged with it, those that are used again, too. In the place of the former.",
        (allow("TagBuilds", [TagResource], FAMILY, when=when.has_order),),
        "A warning. Nobody can tell of which build the revision is, so a lower one replaces it.",
    ),
    Feature(
        "Patterns",
        "Only where `service` has patterns such as `tenant-*`: which services there are.",
        (allow("FindServices", [ListServices], when=lambda place: bool(place.pattern), ArnEquals=IN_CLUSTER),),
        "Refused, exit code 2.",
    ),
    Feature(
        "Logs",
        "The last lines of a failed container's log (`log_lines`).",
        (
            allow(
                "ReadTheContainersLog",
                [GetLogEvents],
                "arn:aws:logs:REGION:ACCOUNT:log-group:LOG-GROUP:log-stream:*",
                when=lambda place: (when.starts_tasks(place) and place.request.log_lines > 0) or when.runs_tasks(place),
            ),
        ),
        "One line says that the log can't be shown, and names the permission.",
    ),
    Feature(
        "One-off tasks",
        "`before`, `after` and the action `run` only: the task, its end, and its log "
        "([Reasons](#reasons) and [Logs](#logs) are needed, too).",
        (
            allow("RunTasks", [RunTask], FAMILY, when=when.runs_tasks, ArnEquals=IN_CLUSTER),
            allow("StopTasks", [StopTask], f"{ECS}:task/CLUSTER/*", when=when.runs_tasks, ArnEquals=IN_CLUSTER),
            allow(
                "TagTasks",
                ["ecs:TagResource"],
                f"{ECS}:task/CLUSTER/*",
                when=when.tags_tasks,
                StringEquals={"ecs:CreateAction": RunTask.operation},
            ),
        ),
        "RunTask: before the services are updated refused, exit code 2: no service was changed; after it, everything goes "
        "back, exit code 3. StopTask: the log says that the task goes on. TagResource: the task is run without tags, with a "
        "warning.",
    ),
    Feature(
        "Target health",
        "What the load balancer said of the new tasks.",
        (allow("ReadTargetHealth", [DescribeTargetHealth, DescribeTargetGroups], when=when.is_balanced),),
        "One line says so, and names the permission.",
    ),
    Feature(
        "Alarms",
        # CloudWatch's permissions reference: with a narrower scope nothing is told of composite alarms.
        "Which deployment alarm went off. CloudWatch tells of composite alarms only where the resource is `*`.",
        (allow("ReadAlarms", [DescribeAlarms], when=when.has_alarms),),
        "One line says so, and names the permission.",
    ),
    Feature(
        "Service deployments",
        "Why ECS took a deployment back before it started a task, as it does when a lifecycle hook refuses it.",
        (allow("ReadServiceDeployments", [ListServiceDeployments], SERVICE),),
        "One line says so, and names the permission. The reason is then what a service event tells, if there is one. "
        "`rollback` is refused where the events don't tell what ran before.",
    ),
    Feature(
        "What ran before",
        "`rollback` and `status` only, beside [Service deployments](#service-deployments): what each of them ran.",
        (
            allow(
                "ReadServiceRevisions",
                [DescribeServiceRevisions],
                f"{ECS}:service-revision/CLUSTER/SERVICE/*",
                when=when.looks_back,
            ),
        ),
        "`rollback` is refused where the events don't tell what ran before. `status` shows images without digests.",
    ),
    Feature(
        "ECS's own strategies",
        "Only services with the strategy BLUE_GREEN, LINEAR or CANARY, beside [Service deployments](#service-deployments), which "
        "they need, too. `ContinueServiceDeployment` answers PAUSE hooks (`on_pause: continue`), and takes one back that waits "
        "there; the listeners' rules are read before anything is written, and so is the [target health](#target-health) of the "
        "group that they serve.",
        (
            allow(
                "FollowShiftingDeployments",
                [DescribeServiceDeployments],
                f"{ECS}:service-deployment/CLUSTER/SERVICE/*",
                when=when.shifts,
            ),
            allow(
                "TakeBackShiftingDeployments",
                [StopServiceDeployment, ContinueServiceDeployment],
                f"{ECS}:service-deployment/CLUSTER/SERVICE/*",
                when=when.shifts_and_writes,
            ),
            allow(
                "ReadListenerRules",
                [DescribeRules, DescribeListeners],
                when=lambda place: when.shifts(place) and when.plans(place),
            ),
        ),
        "List or Describe: refused, exit code 2: nothing was changed. Stop or Continue: taken back by a whole new deployment "
        "instead; pauses are left to somebody's answer. The rules: they aren't checked.",
    ),
    Feature(
        "Blue/green",
        "`mode: blue-green` only: the limits of autoscaling move along, where the services have any.",
        (
            allow("ReadAutoscaling", [DescribeScalableTargets], when=when.switches),
            allow(
                "MoveAutoscaling",
                [RegisterScalableTarget],
                when=lambda place: when.switches(place) and when.writes(place) and place.is_autoscaled is not False,
            ),
        ),
        "Refused, exit code 2, or undone.",
    ),
    Feature(
        "Live colour",
        "`mode: blue-green-cluster` only: the secret that names the live colour.",
        (
            allow(
                "ReadTheLiveColour",
                [GetSecretValue],
                "arn:aws:secretsmanager:REGION:ACCOUNT:secret:BRANCH-SERVICE-??????",
                when=lambda place: place.request.colours is not None and when.knows_modes(place),
            ),
        ),
        "Refused, exit code 2: nothing was changed.",
    ),
    Feature(
        "Preflight",
        "Whether the image is in ECR and built for the tasks' processor (`preflight: image`, which is the default).",
        (
            allow(
                "ReadImages",
                [BatchGetImage, GetDownloadUrlForLayer],
                "arn:aws:ecr:REGION:ACCOUNT:repository/REPOSITORY",
                when=when.looks_at_images,
            ),
            allow("ReadPullThroughCaches", [DescribePullThroughCacheRules], when=when.looks_at_images),
        ),
        "The image isn't looked at: one line in the plan says so. Without the last one, an image that isn't there is a "
        "warning.",
    ),
    Feature(
        "Preflight of everything",
        "What else tasks need is there (`preflight: all`). Values of secrets and parameters are never kept; "
        "`ssm:GetParameters` does let them be read.",
        (
            allow(
                "ReadAboutSecrets",
                [DescribeSecret],
                "arn:aws:secretsmanager:REGION:ACCOUNT:secret:*",
                when=when.looks_at_all,
            ),
            allow("ReadParameters", [GetParameters], "arn:aws:ssm:REGION:ACCOUNT:parameter/*", when=when.looks_at_all),
            allow("ReadTheTasksRoles", [GetRole], TASKS_ROLES, when=when.looks_at_all),
            allow("FindLogGroups", [DescribeLogGroups], when=when.looks_at_all),
            allow(
                "ReadHooks",
                [GetFunctionConfiguration],
                "arn:aws:lambda:REGION:ACCOUNT:function:*",
                when=when.looks_at_all,
            ),
        ),
        "One line names the permissions that lack, and the run goes on.",
    ),
    Feature(
        "Schedules",
        "`schedules` only: rules of EventBridge and schedules of EventBridge Scheduler get the new revision, too. Those that "
        "find them are for `auto`. `DeregisterTaskDefinition` takes a revision of a failed run out of the way of what names its "
        "family alone.",
        (
            allow("FindWhatStartsTasks", [ListEventBuses, ListRules, ListSchedules], when=when.finds_schedules),
            allow(
                "MoveRules",
                [DescribeRule, ListTargetsByRule, PutTargets],
                "arn:aws:events:REGION:ACCOUNT:rule/RULE",
                when=when.has_schedules,
            ),
            allow(
                "MoveSchedules",
                [GetSchedule, UpdateSchedule],
                "arn:aws:scheduler:REGION:ACCOUNT:schedule/SCHEDULE",
                when=when.has_schedules,
            ),
            allow(
                "PassTheRulesRoles",
                ["iam:PassRole"],
                "arn:aws:iam::ACCOUNT:role/RULES-ROLE",
                when=when.has_schedules,
                StringEquals={"iam:PassedToService": "events.amazonaws.com"},
            ),
            allow(
                "PassTheSchedulesRoles",
                ["iam:PassRole"],
                "arn:aws:iam::ACCOUNT:role/SCHEDULES-ROLE",
                when=when.has_schedules,
                StringEquals={"iam:PassedToService": "scheduler.amazonaws.com"},
            ),
            allow("DeregisterWhatFailed", [DeregisterTaskDefinition], when=lambda place: place.names_families_alone),
        ),
        "To read: refused, exit code 2: nothing was changed. To write, or to pass the role: all of it goes back, exit code 3. To "
        "deregister: exit code 4, and the schedule is named.",
    ),
    Feature(
        "Old revisions",
        "`keep_revisions` only: old revisions, and all that may use one, in all clusters of the Region. They take the "
        "place of the narrower statements that they cover.",
        (
            allow(
                "ListWhatUsesRevisions",
                [ListTaskDefinitions, ListClusters, ListServices, ListTasks],
                when=when.cleans_up,
            ),
            allow(
                "ReadWhatUsesRevisions",
                [DescribeServices, DescribeTasks, ListServiceDeployments, DescribeServiceRevisions],
                (f"{ECS}:service/*", f"{ECS}:task/*", f"{ECS}:service-revision/*"),
                when=when.cleans_up,
            ),
            allow(
                "ReadWhatStartsRevisions",
                [ListEventBuses, ListRules, ListTargetsByRule, ListSchedules, GetSchedule],
                when=when.cleans_up,
            ),
            allow("DeregisterOldRevisions", [DeregisterTaskDefinition], when=when.cleans_up),
        ),
        "Nothing is deregistered: one line says so, and names the permission. The verdict and the exit code stay.",
    ),
    Feature(
        "Another role",
        "`aws_role_arn` only: for the identity that the step starts with. The role itself gets all the others.",
        (
            allow(
                "AssumeTheRole",
                ["sts:AssumeRole"],
                "arn:aws:iam::ACCOUNT:role/ROLE",
                when=lambda place: bool(place.access.role_arn),
            ),
        ),
        "Refused, exit code 2: nothing was changed.",
    ),
)
