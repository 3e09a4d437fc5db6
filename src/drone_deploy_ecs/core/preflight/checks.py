"""Which checks there are for what is to run, by the setting `preflight`."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.taskdef import containers, entries
from drone_deploy_ecs.core.preflight.architecture import RUNS, ArchitectureCheck
from drone_deploy_ecs.core.preflight.counts import GraceCheck, PercentsCheck
from drone_deploy_ecs.core.preflight.images import Elsewhere, ImageCheck
from drone_deploy_ecs.core.preflight.repository import stored
from drone_deploy_ecs.core.preflight.there import HookCheck, LogGroupCheck, ParameterCheck, RoleCheck, SecretCheck

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from drone_deploy_ecs.core.calls.ecr import BatchGetImage
    from drone_deploy_ecs.core.preflight.check import Check, Subject
    from drone_deploy_ecs.core.request.request import Request

OFF, IMAGE, ALL = "off", "image", "all"
"""The values of the setting."""
CURRENT = "AWSCURRENT"
SECRETS_AS_PARAMETERS = "/aws/reference/secretsmanager/"
"""Such a parameter can't be read without the secret's value."""
AT_FIRST = "PRE_SCALE_UP"
"""The stage of a hook that a rolling deployment surely comes to."""


def foreseen(request: Request) -> Iterator[tuple[str, BatchGetImage]]:
    """What will be asked whatever is found of the services, with the Region of the run that asks it."""
    if request.preflight == OFF:
        return
    references = [reference for edit in request.edits for reference in edit.references]
    for access, reference in product(request.regions, references):
        if place := stored(reference, access.region):
            yield access.region, place.manifest


def checks(preflight: str, subjects: Iterable[Subject]) -> tuple[Check, ...]:
    """Every check once, however many services share it."""
    if preflight == OFF:
        return ()
    kinds = (_images, _secrets, _roles, _logs, _hooks, _counts) if preflight == ALL else (_images,)
    return tuple(dict.fromkeys(check for subject in subjects for kind in kinds for check in kind(subject)))


def _images(subject: Subject) -> Iterator[Check]:
    """Of the containers that get another image; of all, where none does, for all are pulled again."""
    images, before = containers(subject.body), containers(subject.before)
    changed = [name for name, image in images.items() if image != before.get(name)]
    is_fargate = subject.service.is_fargate
    for container in _containers(subject):
        place = stored(container.image, subject.region)
        if container.name not in (changed or images):
            continue
        if place is None:
            yield Elsewhere(region=subject.region, image=container.image)
            continue
        is_known = container.image in before.values()
        yield ImageCheck(
            region=subject.region,
            image=container.image,
            place=place,
            is_essential=container.is_essential,
            may_be_kept=is_known and not is_fargate,
        )
        if subject.architecture in RUNS:
            yield ArchitectureCheck(
                region=subject.region,
                image=container.image,
                place=place,
                processor=subject.architecture,
                now=stored(before.get(container.name, ""), subject.region),
                is_known=is_known,
                is_essential=container.is_essential,
            )


# --- what else a task needs ---


class _Container(NamedTuple):
    """One of what a service is to run; `said` is it in a sentence."""

    name: str
    image: str
    is_essential: bool
    said: str
    entry: Mapping[str, Any]


def _containers(subject: Subject) -> Iterator[_Container]:
    for entry in entries(subject.body, "containerDefinitions"):
        name = str(entry.get("name") or "")
        said = f"container {name} of service {subject.name}"
        yield _Container(name, str(entry.get("image") or ""), entry.get("essential") is not False, said, entry)


def _secrets(subject: Subject) -> Iterator[Check]:
    """What containers get as variables or for their log, and what their images are pulled with."""
    for container in _containers(subject):
        logs = container.entry.get("logConfiguration") or {}
        named = (*entries(container.entry, "secrets"), *entries(logs, "secretOptions"))
        for secret in named:
            yield from _secret(subject, container, str(secret.get("valueFrom") or ""), str(secret.get("name")))
        login = (container.entry.get("repositoryCredentials") or {}).get("credentialsParameter")
        if login:
            what = f"the login for the image of {container.said}"
            yield _in_secrets_manager(subject, container, str(login), what)


def _secret(subject: Subject, container: _Container, source: str, variable: str) -> Iterator[Check]:
    """What a variable's value is read from; it is told by the variable, never by its own name."""
    if _arn(source).service == "secretsmanager":
        yield _in_secrets_manager(subject, container, source, f"the secret for {variable} in {container.said}")
    elif source and not source.startswith(SECRETS_AS_PARAMETERS):
        arn = _arn(source)
        is_sure = container.is_essential and _is_own(subject, arn)
        at, what = arn.region or subject.region, f"the parameter for {variable} in {container.said}"
        yield ParameterCheck(region=subject.region, at=at, name=source, what=what, is_sure=is_sure)


def _in_secrets_manager(subject: Subject, container: _Container, source: str, what: str) -> SecretCheck:
    """`source` may go on after the ARN: `:json-key:version-stage:version-id`, each of which may be empty."""
    arn = _arn(source)
    parts = source.split(":")
    _, stage, version = (*parts[7:10], "", "", "")[:3] if arn.service else ("", "", "")
    return SecretCheck(
        region=subject.region,
        at=arn.region or subject.region,
        name=":".join(parts[:7]) if arn.service else source,
        what=what,
        is_sure=container.is_essential and _is_own(subject, arn),
        stage="" if version else stage or CURRENT,
    )


def _roles(subject: Subject) -> Iterator[Check]:
    for member, what in (("taskRoleArn", "the task role"), ("executionRoleArn", "the execution role")):
        role = str(subject.body.get(member) or "")
        if role and _is_own(subject, _arn(role)):
            said = f"{what} of service {subject.name}"
            yield RoleCheck(region=subject.region, at=subject.region, name=short(role), what=said)


def _logs(subject: Subject) -> Iterator[Check]:
    """Log groups that aren't made on the way."""
    for container in _containers(subject):
        logs = container.entry.get("logConfiguration") or {}
        options = logs.get("options") or {}
        group = options.get("awslogs-group")
        if logs.get("logDriver") != "awslogs" or not group or options.get("awslogs-create-group") == "true":
            continue
        yield LogGroupCheck(
            region=subject.region,
            at=options.get("awslogs-region") or subject.region,
            name=group,
            what=f"log group {group} of {container.said}",
            is_sure=container.is_essential,
        )


def _hooks(subject: Subject) -> Iterator[Check]:
    service = subject.service
    for hook in service.strategy.hooks:
        arn = _arn(hook.arn)
        if arn.service == "lambda":
            is_called = service.strategy.shifts or AT_FIRST in hook.stages
            name = hook.arn.split(":")[6:7]
            yield HookCheck(
                region=subject.region,
                at=arn.region,
                name=hook.arn,
                what=f"lifecycle hook {''.join(name)} of service {subject.name}",
                is_sure=is_called and _is_own(subject, arn),
            )


def _counts(subject: Subject) -> Iterator[Check]:
    service = subject.service
    health = [container.entry.get("healthCheck") or {} for container in _containers(subject)]
    start = max((check.get("startPeriod") or 0 for check in health), default=0)
    if service.target_groups and start and service.grace is not None:
        yield GraceCheck(region=subject.region, service=subject.name, grace=service.grace, start=start)
    rolls = service.scheduling == "REPLICA" and not service.strategy.shifts
    if rolls and service.minimum_percent is not None and service.maximum_percent is not None:
        yield PercentsCheck(
            region=subject.region,
            service=subject.name,
            desired=subject.desired,
            running=service.running,
            minimum=service.minimum_percent,
            maximum=service.maximum_percent,
            is_settled=service.last_completed is service.primary,
        )


class _Arn(NamedTuple):
    """What an ARN of any service begins with; all "" where the text is none."""

    service: str = ""
    region: str = ""
    account: str = ""


def _arn(text: str) -> _Arn:
    parts = text.split(":", 5)
    return _Arn(*parts[2:5]) if len(parts) > len(_Arn._fields) + 2 and parts[0] == "arn" else _Arn()


def _is_own(subject: Subject, arn: _Arn) -> bool:
    """Whether that is of the service's own account: what isn't there for others may be."""
    return not arn.service or (bool(arn.account) and arn.account == subject.account)
