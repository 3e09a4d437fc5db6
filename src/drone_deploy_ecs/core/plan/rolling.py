"""The rolling deployment: every service gets the new revision, canaries first, then Region by Region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.diff import diff
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.plan import native, order, probes, tasks, terms, undo
from drone_deploy_ecs.core.plan.deployed import deployed, outcome, unchanged
from drone_deploy_ecs.core.plan.refusals import refine
from drone_deploy_ecs.core.plan.revision import pointed_at, unattested
from drone_deploy_ecs.core.plan.strategy import Plan, Undo
from drone_deploy_ecs.core.plan.undo import Return, returning
from drone_deploy_ecs.core.plan.way_back import undo_sentence, way_back
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.report.sentences import ways_on
from drone_deploy_ecs.core.steps.coordination import fails_run
from drone_deploy_ecs.core.steps.native.update import FollowServiceDeployment, ShiftTraffic
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.target import Target, WayBack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.plan.order import Conflict
    from drone_deploy_ecs.core.plan.revision import Registrations
    from drone_deploy_ecs.core.plan.snapshot import Ready, Snapshot
    from drone_deploy_ecs.core.plan.strategy import Replan, Sentence
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution, Step
    from drone_deploy_ecs.core.steps.tag import TagRevision

Update = UpdateService | FollowDeployment


class Rolling(Struct, frozen=True):
    """See `Strategy`. Services that fail return, and with them what the request says that a failure takes back."""

    def asks(self, _request: Request, _answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`: nothing."""
        return ()

    def resolve(self, request: Request, _answers: Answers, /) -> Request | tuple[Problem, ...]:
        """See `Strategy`: all is known."""
        return request

    def plan_asks(
        self, _request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /
    ) -> tuple[Call[Any], ...]:
        """See `Strategy`: of services whose strategy shifts traffic, their service deployments."""
        return native.asks(snapshots, answers)

    def may_ask(self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`: of such services, who gets the traffic; and whether what will be probed answers from here."""
        return (*native.may_ask(snapshots, answers), *probes.may_ask(request))

    def plan(
        self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /
    ) -> Plan | tuple[Problem, ...]:
        """See `Strategy`."""
        return plan_rolling(self, request, snapshots, answers)

    def replan(self, _plan: Plan, _done: tuple[Execution, ...], /) -> Replan | None:
        """See `Strategy`: nobody's change calls for that."""
        return None

    def undo_asks(self, plan: Plan, done: tuple[Execution, ...], answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`."""
        return undo.asks(_returns(plan, done), answers)

    def undo(self, plan: Plan, done: tuple[Execution, ...], answers: Answers, /) -> Undo:
        """See `Strategy`."""
        returns = _returns(plan, done)
        stages = (*tasks.stops(done), *undo.stages(plan.request, returns, answers))
        return Undo(stages=stages, sentences=tuple(way.sentence for way in returns))

    def outcomes(
        self, plan: Plan, done: tuple[Execution, ...], undone: tuple[Execution, ...] | None, /
    ) -> tuple[Outcome, ...]:
        """See `Strategy`."""
        return tuple(_outcomes(plan, done, undone or ()))

    def epilogue(self, report: Report, /) -> tuple[Sentence, ...]:
        """See `Strategy`: how to go on from a pause, and how to go back."""
        return tuple(ways_on(report.outcomes))


# --- the plan ---


def plan_rolling(
    strategy: Rolling, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers
) -> Plan | tuple[Problem, ...]:
    """The plan of a rolling deployment by that strategy, or every reason why nothing may be written."""
    services, problems = refine(request, snapshots)
    if problems:
        return (*problems, *_objections(request, services, answers))
    return plan_ready(strategy, request, services, answers)


def plan_ready(
    strategy: Rolling, request: Request, services: Sequence[Ready], answers: Answers
) -> Plan | tuple[Problem, ...]:
    """The same of services against which nothing else speaks."""
    if problems := tuple(_objections(request, services, answers)):
        return problems
    plan = _plan(strategy, request, services, answers)
    return tuple(native.halves(request, plan.stages)) or plan


def _objections(request: Request, services: Sequence[Ready], answers: Answers) -> Iterator[Problem]:
    yield from native.problems(services, answers)
    yield from tasks.problems(request, services)


def _plan(strategy: Rolling, request: Request, services: Sequence[Ready], answers: Answers) -> Plan:
    registrations: Registrations = ()
    updates: list[Update] = []
    same: list[Target] = []
    diffs: list[tuple[str, tuple[str, ...]]] = []
    conflicts: dict[str, Conflict] = {}
    retagged: dict[str, TagRevision] = {}
    for service in services:
        later = order.later_build(request, service)
        step, registrations = _step(request, service, registrations, must_write=bool(later))
        if isinstance(step, Target):
            same.append(step)
        else:
            updates.append(step)
            diffs.append((step.target.name, _diff(service)))
        if isinstance(step, UpdateService) and (conflict := later or _conflict(request, service, answers)):
            conflicts[service.name] = conflict
        retagged |= order.tags(request, service, service.edited.arn if isinstance(step, Target) else step.definition)
    first: tuple[Step, ...] = (*registrations, *retagged.values())
    return Plan(
        request=request,
        strategy=strategy,
        stages=tuple(_stages(request, first, updates, services)),
        unchanged=tuple(same),
        warnings=(
            *(
                warning
                for service in services
                for warning in _warnings(request, service, answers, conflicts.get(service.name))
            ),
            *(probes.warnings(request, answers) if updates else ()),
        ),
        diffs=tuple(diffs),
        revisions={service.name: service.revision for service in services},
        conflicts=tuple(conflicts.values()),
    )


def _conflict(request: Request, service: Ready, answers: Answers) -> Conflict | None:
    """The rollout that is in the way of writing to that service."""
    if request.on_conflict == "replace":
        return None
    return order.another_rollout(service, native.newest(service, answers))


def _stages(
    request: Request, first: tuple[Step, ...], updates: Sequence[Update], services: Sequence[Ready]
) -> Iterator[Stage]:
    if first:
        yield Stage(first)
    yield from tasks.before(request, updates, services)
    waves = tuple(filter(None, _waves(request, updates)))
    for number, wave in enumerate(waves, 1):
        later = (update.target.region for further in waves[number:] for update in further)
        yield Stage((*wave, *tasks.after(request, wave, services), *probes.probes(request, wave, later)))


def _waves(request: Request, updates: Sequence[Update]) -> Iterator[Sequence[Update]]:
    """What goes together: the canaries first, then Region by Region."""
    yield updates[: request.canaries]
    rest = updates[request.canaries :]
    for access in request.regions:
        yield [update for update in rest if update.target.region == access.region]


def _step(
    request: Request, service: Ready, registrations: Registrations, *, must_write: bool
) -> tuple[Update | Target, Registrations]:
    """The step for one service, a bare Target if nothing is to be done; and the registrations with what it needs.

    `must_write`: that it runs it, or is getting it, isn't enough.
    """
    target, primary = _target(service), service.primary
    if service.runs_it and not must_write and (service.revision.is_certain or request.skip_unchanged):
        if service.is_settled and primary.is_at_full_count:
            return target, registrations
        if service.is_settled:
            target = replace(target, back=WayBack(impossible="it ran this before"))
        if primary.rollout_state != "FAILED":
            return _follow(request, target, service), registrations
    what = "the same content, as it was deregistered" if service.runs_it else ""
    return pointed_at(
        _update(request, target, service), service.revision, order.candidates(request, service), registrations, what
    )


def _update(request: Request, target: Target, service: Ready) -> UpdateService:
    forward, strategy = terms.forward(request), service.service.strategy
    looks_first, build = request.on_conflict != "replace", request.build_number
    if strategy.shifts:
        undo_text = native.undo_of(request, target, strategy)
        return ShiftTraffic(
            target=target, terms=forward, undo=undo_text, looks_first=looks_first, build=build, strategy=strategy
        )
    undo_text = undo_sentence(request, target)
    return UpdateService(target=target, terms=forward, undo=undo_text, looks_first=looks_first, build=build)


def _follow(request: Request, target: Target, service: Ready) -> FollowDeployment:
    forward, strategy = terms.forward(request), service.service.strategy
    definition, deployment = service.primary.task_definition, service.primary.id
    if strategy.shifts:
        undo_text = native.undo_of(request, target, strategy)
        return FollowServiceDeployment(
            target=target,
            terms=forward,
            definition=definition,
            deployment=deployment,
            undo=undo_text,
            strategy=strategy,
        )
    undo_text = undo_sentence(request, target)
    return FollowDeployment(target=target, terms=forward, definition=definition, deployment=deployment, undo=undo_text)


def _target(service: Ready) -> Target:
    settled = service.service.last_completed
    before = settled.task_definition if settled else service.before.arn if service.before else ""
    return service.target(before, way_back(service))


def _diff(service: Ready) -> tuple[str, ...]:
    """Against what the service settled on last (what a rollback would bring back), so that nothing is hidden."""
    return diff((service.before or service.edited).body, service.revision.body)


# --- what a person would want to know before a service is written to ---


def _warnings(request: Request, service: Ready, answers: Answers, conflict: Conflict | None) -> Iterator[Problem]:
    if service.service.desired == 0 and service.service.scheduling == "REPLICA":
        yield Problem(f"{service.name} has desired count 0", "Nothing will be started, so nothing will be proved")
    if conflict:
        yield order.warning(request, conflict)
    else:
        yield from _on_its_deployments(service)
    yield from native.warnings(service, answers)
    yield from unattested(service.name, service.revision)
    yield from _on_its_way_back(service)


def _on_its_deployments(service: Ready) -> Iterator[Problem]:
    settled, primary, name = service.service.last_completed, service.primary, service.name
    if settled is None and service.before is None:
        yield Problem(f"{name} has no COMPLETED deployment", "If this fails there is nothing to go back to")
    elif settled is None:
        last = f"by ECS's events the last one was {_before(service)}"
        yield Problem(f"{name} has no COMPLETED deployment any more; {last}", "A rollback goes to it")
    elif settled.id != primary.id:
        other = f"{primary.id}, {short(primary.task_definition)}"
        back = f"a rollback goes to {short(settled.task_definition)}"
        yield Problem(f"{name} has another deployment in progress ({other})", f"The edit starts from it; {back}")


def _on_its_way_back(service: Ready) -> Iterator[Problem]:
    back = way_back(service)
    if service.before is None:
        return
    if back.impossible:
        advice = "Deploy by digest, or with a tag of its own"
        yield Problem(f"{service.name} could not be rolled back: {back.impossible}", advice)
    elif back.must_copy:
        yield Problem(f"{service.name} would be rolled back to a copy of {_before(service)}", back.must_copy)


def _before(service: Ready) -> str:
    return short(service.before.arn) if service.before else ""


# --- the way back, and what became of it ---


def _returns(plan: Plan, done: tuple[Execution, ...]) -> tuple[Return, ...]:
    ways = returning(plan.request, deployed(done), everything=any(map(fails_run, done))).values()
    return tuple(way for way in ways if isinstance(way, Return))


def _outcomes(plan: Plan, done: Sequence[Execution], undone: Sequence[Execution]) -> Iterator[Outcome]:
    services = deployed(done)
    everything = any(map(fails_run, done))
    ways = returning(plan.request, services, everything=everything)
    backs = {back.target.name: back for back in deployed(undone)}
    failed = [service.target for service in services if service.verdict.fails_the_run]

    def run_failed(target: Target) -> bool:
        return everything or any(plan.request.takes_back(culprit, target) for culprit in failed)

    for target in plan.unchanged:
        yield unchanged(target, run_failed=run_failed(target))
    in_the_way = {conflict.name: f"was left alone, as {conflict.what}" for conflict in plan.conflicts}
    for service in services:
        name, target = service.target.name, service.target
        why = ways.get(name)
        stranded = why if isinstance(why, str) else ""
        told = outcome(service, backs.get(name), stranded=stranded, run_failed=run_failed(target))
        yield replace(told, unfinished=in_the_way.get(name, told.unfinished))
