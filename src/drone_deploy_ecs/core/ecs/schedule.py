"""What starts tasks by itself: rules of EventBridge and schedules of EventBridge Scheduler, as the JSON they are.

Nothing here names the members that it keeps, so that those that AWS adds tomorrow survive. Sources: the API references
of EventBridge (`Target`) and of EventBridge Scheduler (`GetScheduleOutput`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.taskdef import HasBody

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BUS = "default"
"""The bus of rules that name none."""
LATEST = ("", "*")
"""What stands in the place of a revision's number where a family's newest ACTIVE one is meant."""


class ScheduleName(NamedTuple):
    """A rule on the bus `group`, or a schedule of the group `group`; `region` is "" where it may be in any."""

    group: str
    name: str
    region: str = ""
    is_rule: bool = True

    def __str__(self) -> str:
        """As it is written in the settings: `nightly`, `rule/orders/nightly`, `default/nightly`."""
        return f"rule/{self.path}" if self.is_rule and self.group != BUS else self.path

    @property
    def path(self) -> str:
        """What follows `rule/` or `schedule/` in its ARN."""
        return self.name if self.is_rule and self.group == BUS else f"{self.group}/{self.name}"

    @property
    def words(self) -> str:
        """`rule nightly`, `rule orders/nightly`, `schedule default/nightly`."""
        return f"{'rule' if self.is_rule else 'schedule'} {self.path}"


_PART = r"[\w.-]{1,64}"
_FORMS = (
    rf"(?P<rule>{_PART})",
    rf"(?P<group>{_PART})/(?P<schedule>{_PART})",
    rf"(arn:[\w-]+:events:(?P<region>[\w-]+):\d+:)?rule/(?P<bus>[/\w.-]{{1,256}})/(?P<rule>{_PART})",
    rf"arn:[\w-]+:events:(?P<region>[\w-]+):\d+:rule/(?P<rule>{_PART})",
    rf"(arn:[\w-]+:scheduler:(?P<region>[\w-]+):\d+:)?schedule/(?P<group>{_PART})/(?P<schedule>{_PART})",
)
"""How rules and schedules may be named: shortly, or as in their ARNs. Patterns of the parts: the API references."""


def read_name(text: str) -> ScheduleName | None:
    """The name that people wrote, or the ARN; None where it is neither."""
    found = next(filter(None, (re.fullmatch(form, text, re.ASCII) for form in _FORMS)), None)
    if found is None:
        return None
    parts = found.groupdict()
    region = parts.get("region") or ""
    if rule := parts.get("rule"):
        return ScheduleName(parts.get("bus") or BUS, rule, region, is_rule=True)
    return ScheduleName(parts["group"], parts["schedule"], region, is_rule=False)


class EcsTarget(NamedTuple):
    """A target that starts tasks: `id` is "" where there can be but one; the others are ARNs, or "" for none.

    `definition` is a task definition, mostly of a revision; without a number it is the family's newest one.
    """

    id: str
    cluster: str
    definition: str
    role: str

    @property
    def family(self) -> str:
        """The family of what it runs."""
        return family_of(self.definition)

    @property
    def is_bare(self) -> bool:
        """Whether it runs the family's newest ACTIVE revision, whichever that is."""
        return is_bare(self.definition)


def family_of(definition: str) -> str:
    """The family in a task definition's ARN."""
    return short(definition).partition(":")[0]


def is_bare(definition: str) -> bool:
    """Whether that ARN names no revision."""
    return short(definition).partition(":")[2] in LATEST


def listed(definitions: Iterable[str]) -> str:
    """`web:1`, `web:1 and worker:3`."""
    return " and ".join(dict.fromkeys(map(short, definitions)))


class Scheduled(HasBody, Struct, frozen=True):
    """A rule's targets (`{"Targets": […]}`), or a whole schedule (with its `Target`), as AWS answered them."""

    body: Mapping[str, Any]

    @property
    def targets(self) -> tuple[EcsTarget, ...]:
        """Those that start tasks."""
        return tuple(_ecs_target(target) for target in self.listed if _parameters(target))

    @property
    def listed(self) -> tuple[Mapping[str, Any], ...]:
        """All targets, whatever they are."""
        listed = self.body.get("Targets") if "Targets" in self.body else [self.body.get("Target")]
        return tuple(target for target in listed or () if isinstance(target, dict))

    def definition(self, target: str) -> str | None:
        """What the target of that id runs; None where it is none that starts tasks."""
        return next((each.definition for each in self.targets if each.id == target), None)

    def pointed(self, definitions: Mapping[str, str]) -> Scheduled:
        """The same with these targets (by id) running these definitions; of a rule, only those."""
        if "Targets" not in self.body:
            return Scheduled({**self.body, "Target": _pointed(self.body["Target"], definitions[""])})
        targets = (target for target in self.listed if target.get("Id") in definitions)
        return Scheduled({"Targets": [_pointed(target, definitions[target["Id"]]) for target in targets]})


def _parameters(target: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = target.get("EcsParameters")
    return parameters if isinstance(parameters, dict) and isinstance(parameters.get("TaskDefinitionArn"), str) else {}


def _ecs_target(target: Mapping[str, Any]) -> EcsTarget:
    identifier, cluster, role = (str(target.get(member) or "") for member in ("Id", "Arn", "RoleArn"))
    return EcsTarget(identifier, cluster, _parameters(target)["TaskDefinitionArn"], role)


def _pointed(target: Mapping[str, Any], definition: str) -> dict[str, Any]:
    return {**target, "EcsParameters": {**target["EcsParameters"], "TaskDefinitionArn": definition}}
