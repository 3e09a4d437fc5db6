"""The revision that a service is to run: what it has, and whether it is there already or one is to be registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.build import of_build
from drone_deploy_ecs.core.ecs.diff import same
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.taskdef import Definition, HasBody
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.request.edits import edit
from drone_deploy_ecs.core.request.image import Image
from drone_deploy_ecs.core.steps.register import RegisterTaskDefinition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.rollout.update import UpdateService
    from drone_deploy_ecs.core.target import Target

Registrations = tuple[RegisterTaskDefinition, ...]


class Revision(HasBody, Struct, frozen=True, kw_only=True):
    """What a service is to run: `body`, which is `source` edited; `what` says how, for people.

    `is_existing`: it is `source` itself that is asked for.
    `named` are the containers whose image the request names: where that is a tag, it may have been pushed again.
    """

    source: Definition
    body: Mapping[str, Any]
    what: str = ""
    named: frozenset[str] = frozenset()
    is_existing: bool = False

    def is_run_by(self, definition: Definition) -> bool:
        """Whether that is this revision."""
        return self.source.arn == definition.arn if self.is_existing else same(self.body, definition.body)

    @property
    def is_certain(self) -> bool:
        """Whether what runs it already runs what is asked for: no tag was named that may have been pushed again."""
        return not self.repushed(self.body)

    def repushed(self, before: Mapping[str, Any]) -> dict[str, Image]:
        """The images, by container, that `before` has by the very tag that is deployed: it may be another image now."""
        present, tags = taskdef.containers(before), dict[str, Image]()
        for name, reference in taskdef.containers(self.body).items():
            image = Image.parse(reference) if name in self.named and present.get(name) == reference else None
            if image and not image.digest:
                tags[name] = image
        return tags


def revision(
    request: Request, service: str, present: Definition, asked: Definition | str
) -> Revision | tuple[Problem, ...]:
    """What the service is to run, or why there is no such revision. `present` is what it runs, or is getting.

    `asked` is the existing revision where the request asks for one, or why that can't be read.
    """
    if problems := tuple(_problems(request, service, present, asked)):
        return problems
    source = asked if isinstance(asked, Definition) else present
    edited = edit.apply(request.edits, source.body)
    body = edited if request.revision else of_build(edited, request.build_number)
    named = frozenset(name for each in request.edits for name in each.images)
    is_whole = bool(request.revision) or any(each.replaces_all for each in request.edits)
    if is_whole and not named and _has_the_same_images(body, present.body):
        # It is deployed for what else is new in it, or for what was pushed to its tags.
        named = frozenset(taskdef.containers(body))
    what = ", ".join(each.told(present.body, body) for each in request.edits)
    return Revision(source=source, body=body, what=what, named=named, is_existing=bool(request.revision))


def _problems(request: Request, service: str, present: Definition, asked: Definition | str) -> Iterator[Problem]:
    if not request.revision:
        body = {**present.body, "family": present.family}
        yield from edit.problems(request.edits, request.containers, body, f"{short(present.arn)} of service {service}")
        return
    name = f"revision {short(request.revision)}"
    if isinstance(asked, str):
        yield Problem(f"{name} can't be read: {asked}", "Check its family and number")
        return
    if not asked.active:
        yield Problem(
            f"{name} has been deregistered, so ECS runs it no more", "Register its content again, or give another"
        )
    if asked.family != present.family:
        what = f"{name} is of another family than service {service}, which runs {short(present.arn)}"
        yield Problem(what, "Give a revision of the service's own family")
        return
    yield from edit.problems((), request.containers, asked.body, name)


def _has_the_same_images(body: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return taskdef.containers(body) == taskdef.containers(other)


def unattested(service: str, revision: Revision) -> Iterator[Problem]:
    """Where containers are changed of which an attestation policy, that isn't, says what may run.

    Isolation CONFIDENTIAL_SANDBOX requires such a policy (ECS API reference, TrustedExecutionConfiguration). That tasks
    which it doesn't name aren't started is unconfirmed.
    """
    before, after = (body.get("trustedExecutionConfiguration") or {} for body in (revision.source.body, revision.body))
    is_attested = isinstance(after, dict) and after.get("isolationMode") == "CONFIDENTIAL_SANDBOX"
    has_changed = revision.source.body.get("containerDefinitions") != revision.body.get("containerDefinitions")
    if is_attested and has_changed and before == after:
        what = f"the tasks of {service} run in a CONFIDENTIAL_SANDBOX, and its attestation policy is left as it is"
        yield Problem(what, "It says which containers may run: give one made for the new ones, with the same edit")


def existing(body: Mapping[str, Any], candidates: Iterable[Definition | None]) -> Definition | None:
    """A usable revision that already is this, so that none is registered twice."""
    usable = (candidate for candidate in candidates if candidate and candidate.active)
    return next((candidate for candidate in usable if same(candidate.body, body)), None)


def pointed_at(
    update: UpdateService,
    revision: Revision,
    candidates: Iterable[Definition | None],
    registrations: Registrations,
    what: str = "",
) -> tuple[UpdateService, Registrations]:
    """The update with this revision, be it one of the candidates; and the registrations with one where it is none.

    The first candidate is what the service runs now: pointed at it once more, ECS has to be told to deploy it again.
    """
    present, *others = candidates
    definition = existing(revision.body, (revision.source, present, *others))
    if definition:
        force = present is not None and definition.arn == present.arn
        return replace(update, definition=definition.arn, force=force), registrations
    registrations, key = register(registrations, update.target, revision.body, revision.source, what or revision.what)
    return replace(update, registration=key), registrations


def register(
    registrations: Registrations, target: Target, body: Mapping[str, Any], source: Definition, what: str
) -> tuple[Registrations, str]:
    """The registrations with one of exactly this body, and its key.

    It is shared by the Region's services that need the same. `body` is `source` edited, `what` says how.
    """
    for index, registration in enumerate(registrations):
        is_near = registration.region == target.region and registration.family == source.family
        if is_near and same(registration.body, body):
            shared = replace(registration, serves=(*registration.serves, target.name))
            return (*registrations[:index], shared, *registrations[index + 1 :]), registration.key
    registration = RegisterTaskDefinition(
        name=f"{source.family}#{len(registrations) + 1}",
        region=target.region,
        family=source.family,
        body=body,
        serves=(target.name,),
        source=source.arn,
        what=what,
    )
    return (*registrations, registration), registration.key
