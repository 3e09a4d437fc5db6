"""What starts tasks by itself in the request's Regions: what to ask AWS for it, and what of the answers it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.calls.events import DescribeRule, ListEventBuses, ListRules, ListTargetsByRule
from drone_deploy_ecs.core.calls.listings import entries, pages
from drone_deploy_ecs.core.calls.schedules import GetSchedule, ListSchedules
from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.ecs.names import read_arn
from drone_deploy_ecs.core.ecs.schedule import Scheduled, ScheduleName, read_name
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.request.request import AUTO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from drone_deploy_ecs.core.calls.answers import Rule
    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.request.request import Request


class Found(Struct, frozen=True, kw_only=True):
    """A rule or schedule as it was read; `managed_by` is the service of AWS that made it for itself, "" for none."""

    region: str
    name: ScheduleName
    scheduled: Scheduled
    managed_by: str = ""


# --- what is asked ---


def asks(request: Request, answers: Answers) -> tuple[Call[Any], ...]:
    """All rules and schedules, or those that are named; asked again with the answers until it asks nothing new."""
    regions = [access.region for access in request.regions]
    return tuple(dict.fromkeys(call for region in regions for call in _asks(request, region, answers)))


def _asks(request: Request, region: str, answers: Answers) -> Iterator[Call[Any]]:
    if request.schedules == AUTO:
        yield from pages(ListEventBuses(region=region), answers)
        for bus in entries(ListEventBuses(region=region), answers):
            yield from pages(ListRules(region=region, bus=bus), answers)
        yield from pages(ListSchedules(region=region), answers)
        yield from (_reading(region, name) for name in _listed(region, answers))
        return
    for name in _named(request, region):
        rule = DescribeRule(region=region, bus=name.group, name=name.name)
        if name.is_rule:
            yield rule
        if not name.is_rule or isinstance(answers.get(rule, Fault), tuple):
            yield _reading(region, name)


def _named(request: Request, region: str) -> Iterator[ScheduleName]:
    names = filter(None, map(read_name, request.schedules))
    yield from (name for name in names if name.region in ("", region))


def _listed(region: str, answers: Answers) -> Iterator[ScheduleName]:
    """What may start tasks, as far as the listings tell: rules that people made, schedules that call a cluster."""
    for bus in entries(ListEventBuses(region=region), answers):
        rules: Iterator[Rule] = entries(ListRules(region=region, bus=bus), answers)
        yield from (ScheduleName(bus, rule.name) for rule in rules if not rule.managed_by)
    for group, name, target in entries(ListSchedules(region=region), answers):
        arn = read_arn(target)
        if arn and arn.kind == "cluster":
            yield ScheduleName(group, name, is_rule=False)


def _reading(region: str, name: ScheduleName) -> ListTargetsByRule | GetSchedule:
    if name.is_rule:
        return ListTargetsByRule(region=region, bus=name.group, name=name.name)
    return GetSchedule(region=region, group=name.group, name=name.name)


# --- what was found ---


def found(request: Request, answers: Answers) -> tuple[Found, ...]:
    """All that is there, in the order of the Regions."""
    return tuple(each for access in request.regions for each in _found(request, access.region, answers))


def _found(request: Request, region: str, answers: Answers) -> Iterator[Found]:
    for name in _listed(region, answers) if request.schedules == AUTO else _named(request, region):
        scheduled = answers.get(_reading(region, name))
        rule = answers.get(DescribeRule(region=region, bus=name.group, name=name.name))
        if isinstance(scheduled, Scheduled):
            managed_by = "" if rule is None else rule.managed_by
            yield Found(region=region, name=name, scheduled=scheduled, managed_by=managed_by)


def unknown(request: Request, there: Iterable[Found]) -> Iterator[Problem]:
    """Names that nothing has, in no Region of the run; and what isn't to be touched."""
    known = {each.name for each in there}
    regions = ", ".join(access.region for access in request.regions)
    for name in filter(None, map(read_name, request.schedules if request.schedules != AUTO else ())):
        if name not in known:
            where = f"on event bus {name.group}" if name.is_rule else f"in schedule group {name.group}"
            what = f"schedules names {name.words}, and there is none {where} in {name.region or regions}"
            yield Problem(what, "Check the name: a rule has one, a schedule is written group/name")
    for each in there:
        if each.managed_by:
            what = f"{each.name.words} is managed by {each.managed_by}, and only that may change it"
            yield Problem(what, "Leave it out of schedules")
