"""Whatever AWS may answer, as hypothesis strategies: services, tasks, faults, and an answer to any call of a step."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import FailedEntry, ListedSchedule, Listing, LogPage, Page, Rule
from drone_deploy_ecs.core.calls.tasks import Started
from drone_deploy_ecs.core.calls.web import Reply
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.schedule import Scheduled
from drone_deploy_ecs.core.ecs.service import Deployment, Service, ServiceEvent
from drone_deploy_ecs.core.ecs.service_deployment import (
    DescribedServiceDeployment,
    HookRun,
    LifecycleHook,
    RevisionSummary,
    Rollback,
    ServiceDeployment,
    ServiceRevision,
    Strategy,
)
from drone_deploy_ecs.core.ecs.task import Container, Task
from drone_deploy_ecs.core.ecs.taskdef import Definition
from tests.core.shown import BEFORE, FOREIGN, NEW, NOON, OLD, OTHER, OURS
from tests.laws.structs import structs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.call import Call

MESSAGES = (
    "(service web) has started 2 tasks: (task a) (task b).",
    f"(service web) (deployment {OURS}) deployment completed.",
    f"(service web) (deployment {OURS}) deployment failed: tasks failed to start.",
    f"(service web) rolling back to deployment {OLD}.",
    "(service web) was unable to place a task because no container instance met all of its requirements.",
    "(service web) has reached a steady state.",
)

seconds = st.integers(0, 200)
counts = st.integers(0, 3)
times = st.none() | seconds.map(lambda after: NOON + timedelta(seconds=after))
deployments = structs(
    Deployment,
    id=st.sampled_from([OLD, OURS, OURS, OTHER]),
    status=st.sampled_from(["PRIMARY", "PRIMARY", "ACTIVE", "DRAINING", ""]),
    task_definition=st.sampled_from([BEFORE, NEW, FOREIGN]),
    desired=counts,
    pending=counts,
    running=counts,
    failed_tasks=counts,
    rollout_state=st.sampled_from(["IN_PROGRESS", "COMPLETED", "FAILED", "", "STRANGE"]),
    rollout_reason=st.sampled_from(["", f"ECS deployment circuit breaker: rolling back to deploymentId {OLD}."]),
    created_at=times,
)
happenings = structs(ServiceEvent, id=st.uuids().map(str), at=seconds.map(lambda after: NOON + timedelta(seconds=after)),
                       message=st.sampled_from(MESSAGES))  # fmt: skip
services = structs(
    Service,
    name=st.just("web"),
    arn=st.just("arn:aws:ecs:eu-west-1:1:service/prod/web"),
    status=st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "", "DRAINING", "INACTIVE"]),
    desired=counts,
    running=counts,
    task_definition=st.just(""),
    deployments=st.lists(deployments, max_size=3, unique_by=lambda deployment: deployment.id).map(tuple),
    events=st.lists(happenings, max_size=3).map(lambda events: tuple(sorted(events, key=lambda event: event.at))),
    breaker_rolls_back=st.booleans(),
)
containers = structs(
    Container, name=st.just("app"), image=st.just("shop:2"), image_digest=st.just(""), status=st.just("STOPPED"),
    exit_code=st.sampled_from([None, 0, 1, 127, 137, 143]), reason=st.sampled_from(["", "CannotPullContainerError: x: not found"]),
    health=st.sampled_from(["UNKNOWN", "HEALTHY", "UNHEALTHY"]),
)  # fmt: skip
arns = st.uuids().map(lambda name: f"arn:aws:ecs:eu-west-1:1:task/prod/{name.hex}")
tasks = structs(
    Task, arn=arns, started_by=st.sampled_from([OLD, OURS, OTHER, ""]), task_definition=st.sampled_from([BEFORE, NEW]),
    status=st.sampled_from(["STOPPED", "STOPPED", "DEPROVISIONING"]), health=st.sampled_from(["UNKNOWN", "HEALTHY"]),
    stop_code=st.sampled_from(["", "EssentialContainerExited", "TaskFailedToStart", "UserInitiated"]),
    stopped_reason=st.sampled_from(["", "Essential container in task exited", "Scaling activity initiated by (deployment ecs-svc/3)"]),
    created_at=times, started_at=times, stopped_at=times, containers=st.lists(containers, max_size=2).map(tuple),
)  # fmt: skip
TASK = "arn:aws:ecs:eu-west-1:1:task/prod/0f"
own_tasks = st.builds(replace, tasks, arn=st.just(TASK), status=st.sampled_from(["PROVISIONING", "RUNNING", "STOPPED"]))
RECORD = "arn:aws:ecs:eu-west-1:1:service-deployment/prod/web/r"
REVISIONS = [
    f"arn:aws:ecs:eu-west-1:1:service-revision/prod/web/{name.rpartition('/')[2]}" for name in (OLD, OURS, OTHER)
]
shapes = structs(
    Strategy, name=st.sampled_from(["BLUE_GREEN", "LINEAR", "CANARY"]), bake=st.integers(0, 5),
    hooks=st.sampled_from([(), (LifecycleHook(target_type="PAUSE", stages=("POST_SCALE_UP",)),)]),
)  # fmt: skip
statuses = st.sampled_from([
    "PENDING", "IN_PROGRESS", "IN_PROGRESS", "IN_PROGRESS", "SUCCESSFUL", "STOP_REQUESTED", "STOPPED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STRANGE",
])  # fmt: skip
entries = structs(
    ServiceDeployment, arn=st.just(RECORD), target_service_revision_arn=st.sampled_from(REVISIONS), status=statuses
)
reasons = st.sampled_from(
    ["", "Service deployment rolled back because of triggered alarm(s): errors.", "it was stopped"]
)
weights = st.sampled_from([None, 0.0, 5.0, 100.0])
hook_runs = structs(
    HookRun, id=st.just("ecs-pause-x"), target_type=st.sampled_from(["PAUSE", "AWS_LAMBDA"]),
    status=st.sampled_from(["AWAITING_ACTION", "IN_PROGRESS", "SUCCEEDED"]), expires_at=times,
)  # fmt: skip
records = structs(
    DescribedServiceDeployment, arn=st.just(RECORD), status=statuses, status_reason=reasons, strategy=shapes,
    stage=st.sampled_from(["", "RECONCILE_SERVICE", "SCALE_UP", "POST_SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP", "STRANGE"]),
    target=structs(RevisionSummary, arn=st.sampled_from(REVISIONS), production=weights),
    hooks=st.lists(hook_runs, max_size=2).map(tuple),
    rollback=structs(Rollback, reason=reasons, service_revision_arn=st.sampled_from(["", *REVISIONS])),
)  # fmt: skip
faults = structs(Fault, kind=st.sampled_from(FaultKind), operation=st.just("Operation"), code=st.just("Code"), message=st.just("why"))  # fmt: skip
tag_denied = Fault(
    FaultKind.DENIED, "RegisterTaskDefinition", "AccessDeniedException", "not authorized: ecs:TagResource"
)

replies = structs(
    Reply, status=st.sampled_from([200, 204, 302, 404, 503]), text=st.sampled_from(["", "shop 2", "else"]),
    location=st.sampled_from(["", "/", "/login", "http://shop.example/", "https://login.example/", "https://[", "//"]),
)  # fmt: skip

BODY: dict[str, Any] = {"family": "web", "containerDefinitions": [{"name": "app", "image": "shop:2"}],
                        "tags": [{"key": "team", "value": "shop"}]}  # fmt: skip
BODIES: list[dict[str, Any]] = [BODY, {name: BODY[name] for name in BODY if name != "tags"}, {"family": "web"}]

BARE = NEW.rpartition(":")[0]
ENDS = [(BEFORE, NEW), (NEW, BEFORE), (BARE, NEW), (NEW, BARE)]
"""What a schedule runs, and what it is to run."""
schedules = st.sampled_from([BEFORE, NEW, BARE, f"{BARE}:9", None]).map(
    lambda arn: Scheduled({"Target": {"EcsParameters": {"TaskDefinitionArn": arn}} if arn else {}})
)
failed_entries = st.builds(
    FailedEntry, st.just("1"), st.sampled_from(["InternalException", "InvalidArgument", ""]), st.just("why")
)

ends = st.sampled_from(["", "", "next", "last"])
"""Tokens of the next page."""
CLUSTER = "arn:aws:ecs:eu-west-1:1:cluster/prod"
SERVICE = "arn:aws:ecs:eu-west-1:1:service/prod/web"
numbered = st.sampled_from(["web:1", "web:2", "web:3", "job:1", "job:2", "webber:1"]).map(
    f"{CLUSTER[:22]}:1:task-definition/{{}}".format
)


def pages_of(entries: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.builds(Listing, st.lists(entries, max_size=2).map(tuple), ends)


BY_OPERATION: Mapping[str, st.SearchStrategy[object]] = {
    "DescribeServices": st.lists(services, max_size=1).map(tuple),
    "UpdateService": services,
    "ListTasks": st.builds(Page, st.lists(arns, max_size=3).map(tuple), st.sampled_from(["", "", "next"])),
    "DescribeTasks": st.lists(tasks | own_tasks, max_size=3).map(tuple),
    "DescribeTaskDefinition": st.sampled_from(BODIES).map(lambda body: Definition(NEW, active=True, body=body)),
    "RegisterTaskDefinition": st.just(NEW),
    "TagResource": st.just(NEW),
    "RegisterScalableTarget": st.none(),
    "ListServiceDeployments": st.lists(entries, max_size=2).map(tuple),
    "DescribeServiceDeployments": st.lists(records, max_size=1).map(tuple),
    "GET": replies,
    "StopServiceDeployment": st.just(RECORD),
    "ContinueServiceDeployment": st.just(RECORD),
    "RunTask": st.builds(Started, st.none() | own_tasks, st.sampled_from([(), ("RESOURCE:MEMORY",)])),
    "StopTask": own_tasks,
    "GetLogEvents": st.builds(
        LogPage,
        st.lists(st.sampled_from(["migrated", "two\nlines", ""]), max_size=3).map(tuple),
        st.just(""),
        st.sampled_from(["", "f/1", "f/2"]),
    ),
    "DeregisterTaskDefinition": st.just(NEW),
    "ListClusters": st.builds(Page, st.just((CLUSTER,)), ends),
    "ListServices": st.builds(Page, st.sampled_from([(), (SERVICE,)]), ends),
    "ListTaskDefinitions": st.builds(Page, st.lists(numbered, max_size=5).map(tuple), ends),
    "DescribeServiceRevisions": st.lists(
        structs(ServiceRevision, arn=st.sampled_from(REVISIONS), task_definition=numbered), max_size=2
    ).map(tuple),
    "ListEventBuses": pages_of(st.just("default")),
    "ListRules": pages_of(st.builds(Rule, st.just("nightly"), st.just("default"))),
    "ListSchedules": pages_of(
        st.builds(ListedSchedule, st.just("jobs"), st.just("h"), st.sampled_from([CLUSTER, "", "arn:aws:sqs:x"]))
    ),
    "GetSchedule": schedules,
    "UpdateSchedule": st.just("arn:aws:scheduler:eu-west-1:1:schedule/jobs/h"),
    "ListTargetsByRule": schedules.map(lambda found: Scheduled({"Targets": [{"Id": "", **found.body["Target"]}]})),
    "PutTargets": st.just(()) | st.lists(failed_entries, min_size=1, max_size=2).map(tuple),
}


def to(call: Call[Any] | None) -> st.SearchStrategy[object]:
    """An answer to this call (whichever, where it isn't one of these), or a fault; None where only time passes."""
    answers = BY_OPERATION.get(call.operation, st.one_of(*BY_OPERATION.values())) if call else st.none()
    return answers | faults | st.just(tag_denied) if call else answers
