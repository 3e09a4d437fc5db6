"""One deployment from request to report: plan, do, watch, and take back what failed. The flow on one screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from drone_deploy_ecs import observe
from drone_deploy_ecs.calls import Calls
from drone_deploy_ecs.core.events import Kind
from drone_deploy_ecs.core.fault import FaultKind
from drone_deploy_ecs.core.masking import COMMON, Masks, secrets, sparing
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.plan import Definition, plan
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.report import Outcome, Report, last_line, why_lines
from drone_deploy_ecs.core.step import Plan
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.undo import Undone, undo
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.engine import Engine
from drone_deploy_ecs.errors import ApiError, Refused
from drone_deploy_ecs.evidence import Collector
from drone_deploy_ecs.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from drone_deploy_ecs.core.masking import Secret
    from drone_deploy_ecs.core.plan import Snapshot
    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.core.watch import Watch
    from drone_deploy_ecs.ports import Cancellation, Clock, EcsApi, Listener, Witness


class Never:
    """The `Cancellation` that doesn't come."""

    signal = 0

    def defer(self) -> None:
        """Nothing to defer."""


NEVER = Never()


class Deployment:
    """One run over one API. `chance` gives random numbers in 0..1 (for jitter)."""

    def __init__(
        self,
        request: Request,
        api: EcsApi,
        clock: Clock,
        listener: Listener,
        chance: Callable[[], float],
        *,
        cancellation: Cancellation = NEVER,
        witness: Witness | None = None,
    ) -> None:
        self._request = request
        self._clock = clock
        self._telling = Telling(clock, listener)
        self._telling.masks = Masks(request.secrets)
        self._calls = Calls(api, clock, self._telling)
        self._engine = Engine(request, self._calls, clock, self._telling, chance, cancellation=cancellation)
        self._cancellation = cancellation
        self._witness = witness
        self._definitions: list[Definition] = []
        self._bodies: dict[str, Mapping[str, Any]] = {}
        self._started_at = clock.now()
        self._seen_at = clock.monotonic()

    def prepare(self) -> Plan:
        """The plan; nothing is written. Raises `Refused` with every reason why nothing may be."""
        self._seen_at = self._clock.monotonic()
        try:
            found = observe.snapshots(self._calls, self._request)
        except ApiError as error:
            raise Refused((self._masked(_unreadable(error)),)) from error
        self._know(found)
        planned = plan(self._request, found)
        if not isinstance(planned, Plan):
            raise Refused(tuple(map(self._masked, planned)))
        return planned

    def _know(self, found: Sequence[Snapshot]) -> None:
        """What mustn't be printed from now on, and where the containers' logs are."""
        self._bodies = {one.service.name: one.edited.body for one in found if one.service and one.edited}
        self._definitions = [each for one in found for each in (one.edited, one.before, one.newest) if each]
        self._telling.masks = sparing(self._secrets(), self._public())

    def _secrets(self) -> list[Secret]:
        return [*self._request.secrets, *(one for each in self._definitions for one in secrets(each.body))]

    def _public(self) -> str:
        """What is printed anyway."""
        asked = self._request
        names = (asked.cluster, asked.access.region, asked.container, asked.image.reference, *asked.services)
        return " ".join((COMMON, *names, *(short(one.arn) for one in self._definitions)))

    def _masked(self, problem: Problem) -> Problem:
        hide = self._telling.masks.hide
        return Problem(hide(problem.what), hide(problem.do))

    def deploy(self) -> Report:
        """Plan, do, watch, and take back what failed. Whatever happens is in the report; only defects are raised."""
        try:
            planned = self.prepare()
        except Refused as refusal:
            return self._conclude((), refusal.problems)
        self._introduce(planned)
        self._cancellation.defer()
        watches = self._engine.run(planned.stages, forward=True, seen_at=self._seen_at)
        outcomes = [Outcome(target=one) for one in planned.unchanged]
        outcomes += [Outcome(target=one.target, forward=one) for one in watches]
        collector = self._collector()
        outcomes = collector.at_verdict(outcomes) if collector else outcomes
        if any(one.failed or one.verdict is Verdict.CANCELLED for one in outcomes):
            outcomes = self._take_back(outcomes)
        collector = self._collector()
        outcomes = collector.logs(outcomes) if collector else outcomes
        self._name_unused(watches)
        return self._conclude(outcomes)

    def _collector(self) -> Collector | None:
        """None where nobody has been told whom to ask, and when the run is to end soon."""
        if self._witness is None or self._cancellation.signal:
            return None
        return Collector(
            self._request,
            self._calls,
            self._clock,
            self._telling,
            witness=self._witness,
            bodies=self._bodies,
            masks=Masks(self._secrets()),
        )

    def _introduce(self, planned: Plan) -> None:
        asked = self._request
        services = ", ".join(target.name for target in planned.targets)
        where = f"in cluster {asked.cluster_name}, {asked.access.region}"
        self._telling.tell(
            Kind.PLAN, "", f"{asked.image.reference} for container {asked.container} of {services} {where}"
        )
        for problem in planned.warnings:
            self._telling.tell(Kind.WARNING, "", f"Warning: {safe(str(problem))}")
        for target in planned.unchanged:
            self._telling.tell(Kind.PLAN, target.name, f"runs {short(target.before)} already: nothing to do")

    def _name_unused(self, watches: Sequence[Watch]) -> None:
        """Revisions that no service was ever pointed at."""
        updated = {one.definition for one in watches if one.deployment}
        for arn in sorted({one.definition for one in watches} & self._engine.registered - updated):
            text = f"{short(arn)} was registered for nothing; it is left, and the next run may reuse it"
            self._telling.tell(Kind.WARNING, "", text)

    # --- the way back ---

    def _take_back(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Every service that we changed, back to what it ran before; what can't be is marked as stranded."""
        outcomes = [self._strand(one) for one in outcomes]
        undone = [self._undone(one.forward) for one in outcomes if one.forward and self._must_return(one)]
        if not undone:
            return outcomes
        for one in undone:
            to = short(one.target.back.definition)
            what = "making sure that ECS returns it" if one.ecs_returns_it else "rolling back"
            self._telling.tell(Kind.UNDO, one.target.name, f"{what} to {to}")
        known = {one.target.name: _deployments(one.forward) for one in outcomes if one.forward}
        unusable, newest = self._look_at_definitions(undone)
        back = self._engine.run(undo(undone, known, unusable, newest).stages, forward=False)
        returned = {one.target.name: one for one in back}
        return [replace(one, back=returned.get(one.target.name)) for one in outcomes]

    def _must_return(self, outcome: Outcome) -> bool:
        """Whether something of ours is to be taken back; ECS's own rollback is confirmed even with ours disabled."""
        watch = outcome.forward
        if watch is None or not watch.deployment or watch.target.back.impossible or self._is_left(outcome):
            return False
        if not self._request.roll_back:
            return outcome.verdict is Verdict.ROLLED_BACK
        return outcome.verdict not in (Verdict.SUPERSEDED, Verdict.UNKNOWN)

    def _strand(self, outcome: Outcome) -> Outcome:
        """Say so where there is no way back."""
        watch = outcome.forward
        if watch is None or not watch.deployment or self._is_left(outcome):
            return outcome
        if outcome.verdict in (Verdict.SUPERSEDED, Verdict.UNKNOWN):
            return outcome
        if not self._request.roll_back:
            return (
                outcome
                if outcome.verdict is Verdict.ROLLED_BACK
                else replace(outcome, stranded="rollbacks are disabled")
            )
        impossible = watch.target.back.impossible
        return replace(outcome, stranded=f"no way back: {impossible}") if impossible else outcome

    def _is_left(self, outcome: Outcome) -> bool:
        return outcome.verdict is Verdict.CANCELLED and self._request.leave_on_cancel

    def _undone(self, watch: Watch) -> Undone:
        return Undone(
            watch.target,
            watch.deployment,
            watch.since,
            ecs_returns_it=watch.verdict is Verdict.ROLLED_BACK,
            confirm_only=not self._request.roll_back,
        )

    def _look_at_definitions(self, undone: Sequence[Undone]) -> tuple[frozenset[str], list[Definition]]:
        """Which of the recorded revisions were deregistered meanwhile, and the newest ones of their families.

        What can't be read counts as usable: the write itself will tell.
        """
        unusable, newest = set(), {}
        for back in {one.target.back.definition: one.target.back for one in undone}.values():
            try:
                recorded = observe.definition(self._calls, back.definition)
                if not recorded.active:
                    unusable.add(back.definition)
                if back.must_copy or not recorded.active:
                    newest[recorded.family] = observe.definition(self._calls, recorded.family)
            except ApiError:
                continue
        return frozenset(unusable), list(newest.values())

    # --- the end ---

    def _conclude(self, outcomes: Sequence[Outcome], problems: tuple[Problem, ...] = ()) -> Report:
        report = Report(
            request=self._request,
            started_at=self._started_at,
            finished_at=self._clock.now(),
            outcomes=tuple(map(self._presentable, outcomes)),
            problems=problems,
            cancelled_by=self._cancellation.signal,
            api_calls=self._calls.counted,
            timeline=(),
        )
        for problem in problems:
            self._telling.tell(Kind.WARNING, "", safe(str(problem)))
        for service, line in why_lines(report):
            self._telling.tell(Kind.CAUSE, service, line)
        self._telling.tell(Kind.END, "", last_line(report))
        return replace(report, timeline=tuple(self._telling.timeline))

    def _presentable(self, outcome: Outcome) -> Outcome:
        """The outcome without what mustn't be printed: AWS's reasons may quote the container."""

        def presentable(watch: Watch) -> Watch:
            causes = (
                replace(one, reason=hide(one.reason), evidence=tuple(map(hide, one.evidence))) for one in watch.causes
            )
            return replace(watch, reason=hide(watch.reason), causes=tuple(causes))

        hide = self._telling.masks.hide
        forward, back = outcome.forward, outcome.back
        return replace(outcome, forward=forward and presentable(forward), back=back and presentable(back))


def _deployments(watch: Watch | None) -> frozenset[str]:
    seen = watch.service.deployments if watch and watch.service else ()
    return frozenset(one.id for one in seen)


_ADVICE = {
    FaultKind.DENIED: "Allow it for the deploying identity (see the IAM policy in the README)",
    FaultKind.NO_CREDENTIALS: "Give the step AWS credentials, or check that they haven't expired",
    FaultKind.UNREACHABLE: "Check aws_region and the network",
    FaultKind.REJECTED: "Check the cluster's name and the region",
}


def _unreadable(error: ApiError) -> Problem:
    return Problem(f"the services can't be read: {error}", _ADVICE.get(error.fault.kind, "Try again"))
