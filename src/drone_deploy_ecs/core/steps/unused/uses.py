"""What uses revisions of a family in a Region: what to ask AWS for it, and who uses which by the answers.

Services and what they would go back to, by their own record; tasks; rules of EventBridge, schedules of EventBridge
Scheduler. What names a family alone runs its newest revision, and uses no other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.calls.ecs import DescribeServices, DescribeTasks, ListServices, ListTasks
from drone_deploy_ecs.core.calls.events import ListEventBuses, ListRules, ListTargetsByRule
from drone_deploy_ecs.core.calls.listings import ListClusters, entries, is_whole, pages
from drone_deploy_ecs.core.calls.schedules import GetSchedule, ListSchedules
from drone_deploy_ecs.core.ecs.names import read_arn, short
from drone_deploy_ecs.core.ecs.schedule import Scheduled, ScheduleName
from drone_deploy_ecs.core.request.services import ServiceRef
from drone_deploy_ecs.core.steps import former

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.ecs.service import Service

Families = tuple[str, ...]
CALLS_ECS = ":aws-sdk:ecs:"
"""In the ARN of a schedule's target that calls an operation of ECS, as `aws-sdk:ecs:runTask`."""


# --- what is asked ---


def asks(region: str, families: Families, answers: Answers) -> Iterator[Call[Any]]:
    """All that may use a revision of these families; asked again with the answers until it asks nothing new."""
    for listing in _listings(region, families, answers):
        yield from pages(listing, answers)
    for cluster in _clusters(region, answers):
        yield from _describing(region, cluster, answers)
        for family in families:
            yield from _describing_tasks(region, cluster, family, answers)
    for ref, service in _services(region, answers):
        if _has_record(service):
            yield from former.asks(ref, answers)
    yield from (_reading(region, name) for name in _names(region, answers))


def _listings(region: str, families: Families, answers: Answers) -> Iterator[Call[Any]]:
    """The first page of each listing."""
    yield ListClusters(region=region)
    for cluster in _clusters(region, answers):
        yield ListServices(region=region, cluster=cluster)
        yield from (_tasks_of(region, cluster, family) for family in families)
    buses = ListEventBuses(region=region)
    yield buses
    yield from (ListRules(region=region, bus=bus) for bus in entries(buses, answers))
    yield ListSchedules(region=region)


def _clusters(region: str, answers: Answers) -> Iterator[str]:
    """Their names."""
    return map(short, entries(ListClusters(region=region), answers))


def _describing(region: str, cluster: str, answers: Answers) -> Iterator[DescribeServices]:
    arns = tuple(entries(ListServices(region=region, cluster=cluster), answers))
    for chunk in _chunks(arns, DescribeServices.most):
        yield DescribeServices(region=region, cluster=cluster, services=chunk)


def _tasks_of(region: str, cluster: str, family: str) -> ListTasks:
    return ListTasks(region=region, cluster=cluster, family=family, status="RUNNING")


def _describing_tasks(region: str, cluster: str, family: str, answers: Answers) -> Iterator[DescribeTasks]:
    arns = tuple(entries(_tasks_of(region, cluster, family), answers))
    for chunk in _chunks(arns, DescribeTasks.MOST):
        yield DescribeTasks(region=region, cluster=cluster, tasks=chunk)


def _chunks(items: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    return (tuple(items[start : start + size]) for start in range(0, len(items), size))


def _names(region: str, answers: Answers) -> Iterator[ScheduleName]:
    """All rules, AWS's own included; of the schedules those that may start tasks."""
    for bus in entries(ListEventBuses(region=region), answers):
        for rule in entries(ListRules(region=region, bus=bus), answers):
            yield ScheduleName(bus, rule.name)
    for group, name, target in entries(ListSchedules(region=region), answers):
        if not target or CALLS_ECS in target or read_arn(target):
            yield ScheduleName(group, name, is_rule=False)


def _reading(region: str, name: ScheduleName) -> ListTargetsByRule | GetSchedule:
    if name.is_rule:
        return ListTargetsByRule(region=region, bus=name.group, name=name.name)
    return GetSchedule(region=region, group=name.group, name=name.name)


# --- what is known then ---


def uses(region: str, families: Families, answers: Answers) -> dict[str, str]:
    """By `family:revision` who uses it, in a clause: `service prod/web runs it`."""
    found: dict[str, str] = {}
    for revision, who in _uses(region, families, answers):
        found.setdefault(short(revision), who)
    return found


def _uses(region: str, families: Families, answers: Answers) -> Iterator[tuple[str, str]]:
    services = tuple(_services(region, answers))
    for ref, service in services:
        yield from ((revision, f"{_named(ref)} runs it") for revision in _run_by(service))
    for cluster in _clusters(region, answers):
        for family in families:
            for call in _describing_tasks(region, cluster, family, answers):
                tasks = _listed(answers.get(call))
                yield from ((task.task_definition, f"a task in cluster {cluster} runs it") for task in tasks)
    for name in _names(region, answers):
        scheduled = answers.get(_reading(region, name))
        if isinstance(scheduled, Scheduled):
            yield from ((revision, f"{name.words} names it") for revision in _mentioned(scheduled.body, families))
    for ref, service in services:
        if _has_record(service):
            yield from ((back, f"{_named(ref)} would go back to it") for back in _ways_back(ref, service, answers))


def unknown(region: str, families: Families, answers: Answers) -> str:
    """What isn't known although all was answered, in a clause; "" where all is."""
    for listing in _listings(region, families, answers):
        if not is_whole(listing, answers):
            return f"{listing.operation} repeats its pages, and has no last one"
    for what in _undescribed(region, families, answers):
        return f"{what} isn't described"
    for ref, service in _services(region, answers):
        if _has_record(service) and _has_forgotten(ref, service, answers):
            return f"what {_named(ref)} ran before its rollout isn't known"
    return ""


def _undescribed(region: str, families: Families, answers: Answers) -> Iterator[str]:
    """Services and tasks that are listed, and whose description, where there is one, names no revision."""
    for cluster in _clusters(region, answers):
        for call in _describing(region, cluster, answers):
            services = _listed(answers.get(call))
            known = {service.name for service in services if _run_by(service) or not _has_record(service)}
            # It was listed a moment ago. Only that its whole cluster is gone (no tuple then) is certain.
            if isinstance(answers.get(call), tuple):
                yield from (f"service {cluster}/{name}" for name in map(short, call.services) if name not in known)
        for asked in (asked for family in families for asked in _describing_tasks(region, cluster, family, answers)):
            known = {task.arn for task in _listed(answers.get(asked)) if task.task_definition}
            if isinstance(answers.get(asked), tuple):
                yield from (f"task {short(task)} in cluster {cluster}" for task in asked.tasks if task not in known)


def _services(region: str, answers: Answers) -> Iterator[tuple[ServiceRef, Service]]:
    for cluster in _clusters(region, answers):
        for call in _describing(region, cluster, answers):
            for service in _listed(answers.get(call)):
                yield ServiceRef(region, cluster, service.arn), service


def _listed(answer: object) -> tuple[Any, ...]:
    return answer if isinstance(answer, tuple) else ()


def _named(ref: ServiceRef) -> str:
    return f"service {ref.cluster}/{short(ref.asked)}"


def _run_by(service: Service) -> tuple[str, ...]:
    """The ARNs of all revisions that it runs, or is getting."""
    deployed = (deployment.task_definition for deployment in service.deployments)
    return tuple(filter(None, (service.task_definition, *deployed, *service.task_sets)))


def _has_record(service: Service) -> bool:
    """Whether ECS deploys it, and so keeps a record of what it ran. It may have run another family then."""
    return service.controller == "ECS"


def _ways_back(ref: ServiceRef, service: Service, answers: Answers) -> Iterator[str]:
    """What ECS itself would return to, and where the action `rollback` goes from each revision that it runs.

    Where that isn't certain, all that `rollback` would name to choose from.
    """
    history, running = former.history(ref, service, answers), service.task_definition
    others = history.others(running)
    yield from (success.revision for success in (others if history.gap else others[:1]))
    for revision in _run_by(service):
        yield from (success.revision for success in history.before(revision)[:1])


def _has_forgotten(ref: ServiceRef, service: Service, answers: Answers) -> bool:
    """Whether it is in the middle of a rollout, and what was completed before is neither listed nor in its record."""
    completed = service.completed_by_events
    if not completed or service.deployment(completed):
        return False
    return not former.history(ref, service, answers).others(service.task_definition)


def _mentioned(value: object, families: Families) -> Iterator[str]:
    """Every `family:revision` in any text of it: in an ARN, or in what is handed to whom it calls."""
    match value:
        case str():
            yield from (
                found
                for family in families
                for found in re.findall(rf"(?<![\w-]){re.escape(family)}:\d+", value, re.ASCII)
            )
        case dict():
            yield from (found for member in value.values() for found in _mentioned(member, families))
        case list():
            yield from (found for member in value for found in _mentioned(member, families))
        case _:
            return
