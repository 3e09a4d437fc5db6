"""A service that is asked for, and what of it could be read: that takes the place of a statement's placeholders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.names import read_arn, short
from drone_deploy_ecs.core.ecs.schedule import read_name
from drone_deploy_ecs.core.ecs.taskdef import containers, entries
from drone_deploy_ecs.core.preflight.repository import stored
from drone_deploy_ecs.core.request.request import AUTO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drone_deploy_ecs.core.ecs.schedule import EcsTarget
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.plan.scheduled import Found
    from drone_deploy_ecs.core.request.request import Access, Request
    from drone_deploy_ecs.core.request.services import ServiceRef

PARTITIONS = {
    "cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e", "eusc-": "aws-eusc",
}  # fmt: skip
"""By how its Regions' names begin (AWS's list of partitions); all others are in `aws`."""

ROLES = {"taskRoleArn": "TASK-ROLE", "executionRoleArn": "EXECUTION-ROLE"}
"""The members of a task definition that name a role to pass, and what stands for each."""


class Place(Struct, frozen=True, kw_only=True):
    """What is known of one service that was asked for. None, or "", is what couldn't be read.

    `pattern` is how the request asks for it, where that is a pattern. `definitions` are those that it is being moved
    between; `is_autoscaled` is asked only where autoscaling is moved, `schedules` are those of the Region
    that are named, or may be meant, where they follow.
    """

    request: Request
    access: Access
    ref: ServiceRef
    pattern: str = ""
    account: str = ""
    service: Service | None = None
    definitions: tuple[Definition, ...] | None = None
    is_autoscaled: bool | None = None
    schedules: tuple[Found, ...] | None = None

    @property
    def known(self) -> dict[str, tuple[str, ...]]:
        """By the text that a pattern has for it, the values to put there; none where there is none."""
        region, account = self.access.region, self.account or "ACCOUNT"
        known: dict[str, tuple[str, ...]] = {
            "arn:aws:": (f"arn:{partition_of(self)}:",),
            "REGION": (region,),
            "ACCOUNT": (account,),
            "CLUSTER": (short(self.ref.cluster),),
            "CLUSTER/SERVICE": (self._path,),
        }
        if families := self._families:
            known["FAMILY"] = families
        if self.request.colours:
            known["BRANCH-SERVICE"] = (self.request.colours.secret,)
        if role := read_role(self.access.role_arn):
            known["iam::ACCOUNT:role/ROLE"] = (role,)
        if self.request.schedules:
            known |= self._scheduled
        if self.definitions is not None:
            bodies = [definition.body for definition in self.definitions]
            for member, text in ROLES.items():
                roles = (body.get(member) or "" for body in bodies)
                known[f"iam::ACCOUNT:role/{text}"] = _each(
                    read_role(role) or f"iam::{account}:role/{role}" for role in roles if role
                )
            known["REGION:ACCOUNT:repository/REPOSITORY"] = self.repositories
            known["REGION:ACCOUNT:log-group:LOG-GROUP"] = _each(
                f"{where or region}:{account}:log-group:{group}" for where, group in self._log_groups()
            )
        return known

    @property
    def _scheduled(self) -> dict[str, tuple[str, ...]]:
        """What may be moved, and the roles that start it. By `auto` that may be any, tomorrow."""
        request, region = self.request, self.access.region
        named = [name for name in map(read_name, request.schedules) if name and name.region in ("", region)]
        is_auto = request.schedules == AUTO
        rules = ["*"] if is_auto else [name.path for name in named if name.is_rule]
        schedules = ["*"] if is_auto else [name.path for name in named if not name.is_rule]
        known = {"rule/RULE": _each(f"rule/{rule}" for rule in rules)}
        known["schedule/SCHEDULE"] = _each(f"schedule/{schedule}" for schedule in schedules)
        for text, is_rule in (("RULES-ROLE", True), ("SCHEDULES-ROLE", False)):
            if self.schedules is not None:
                roles = (target.role for is_one, target in self._starting if is_one is is_rule and target.role)
                known[f"iam::ACCOUNT:role/{text}"] = _each(map(read_role, roles))
        return known

    @property
    def _starting(self) -> tuple[tuple[bool, EcsTarget], ...]:
        """The targets that start this service's family, each with whether a rule has it."""
        return tuple(
            (each.name.is_rule, target)
            for each in self.schedules or ()
            for target in each.scheduled.targets
            if target.family in self._families or not self._families
        )

    @property
    def names_families_alone(self) -> bool:
        """Whether one of them names the family alone, as far as is known."""
        if not self.request.schedules:
            return False
        return self.schedules is None or any(target.is_bare for _, target in self._starting)

    @property
    def _path(self) -> str:
        """Cluster and service; IAM knows no brackets in patterns."""
        arn = read_arn(self.service.arn) if self.service and not self.pattern else None
        if arn:
            return arn.rest
        name = re.sub(r"\[.*?\]", "?", self.pattern or short(self.ref.asked))
        return f"{short(self.ref.cluster)}/{name}"

    @property
    def _families(self) -> tuple[str, ...]:
        if self.definitions:
            return _each(definition.family for definition in self.definitions)
        revision = short(self.service.task_definition) if self.service else ""
        return (revision.rpartition(":")[0],) if revision else ()

    @property
    def repositories(self) -> tuple[str, ...]:
        """Where in ECR the images are, as `REGION:ACCOUNT:repository/REPOSITORY`."""
        images = (image for definition in self.definitions or () for image in containers(definition.body).values())
        places = (stored(str(image), self.access.region) for image in images)
        return _each(f"{place.region}:{place.registry}:repository/{place.repository}" for place in places if place)

    def _log_groups(self) -> Iterator[tuple[str, str]]:
        """Region ("": the service's) and group of every container that logs to CloudWatch."""
        for definition in self.definitions or ():
            for container in entries(definition.body, "containerDefinitions"):
                logging = container.get("logConfiguration") or {}
                options = logging.get("options") or {}
                if logging.get("logDriver") == "awslogs" and options.get("awslogs-group"):
                    yield options.get("awslogs-region") or "", options["awslogs-group"]


def partition_of(place: Place) -> str:
    """By an ARN that is known, else by the Region."""
    arns = (place.service.arn if place.service else "", place.ref.asked, place.ref.cluster, place.access.role_arn)
    read = (arn.split(":")[1] for arn in arns if arn.startswith("arn:"))
    by_region = (name for start, name in PARTITIONS.items() if place.access.region.startswith(start))
    return next(read, "") or next(by_region, "aws")


def account_of(place: Place) -> str:
    """By an ARN that is known; "" where there is none."""
    arns = (place.service.arn if place.service else "", place.ref.asked, place.ref.cluster, place.access.role_arn)
    return next((arn.split(":")[4] for arn in arns if arn.startswith("arn:")), "")


def with_accounts(places: Iterable[Place]) -> tuple[Place, ...]:
    """The places, each with its account: what one of them tells is true of all that are reached in the same way."""
    places = tuple(places)
    accounts = {place.access: account for place in places if (account := account_of(place))}
    return tuple(replace(place, account=account_of(place) or accounts.get(place.access, "")) for place in places)


def read_role(arn: str) -> str:
    """The part of a role's ARN that stands for `iam::ACCOUNT:role/ROLE`; "" where the text is no ARN."""
    return arn.split(":", 2)[2] if arn.startswith("arn:") else ""


def _each(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
