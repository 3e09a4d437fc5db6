"""One deployment from request to report: plan, do, watch, and take back what failed. The flow on one screen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from drone_deploy_ecs import observe
from drone_deploy_ecs.calls import Calls
from drone_deploy_ecs.core import bluegreen, colours, switch, watch
from drone_deploy_ecs.core.calls.ecs import DescribeTaskDefinition
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.flight import RECALL
from drone_deploy_ecs.core.masking import COMMON, Masks, Secret, secrets, sparing
from drone_deploy_ecs.core.names import region_of, short
from drone_deploy_ecs.core.outcome import Outcome
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.report.report import Report
from drone_deploy_ecs.core.report.sentences import last_line, why_lines
from drone_deploy_ecs.core.rolling_plan import plan
from drone_deploy_ecs.core.step import Plan, RegisterTaskDefinition
from drone_deploy_ecs.core.summary import NAMED
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.undo import take_back, undo, undone
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import Watch
from drone_deploy_ecs.engine import Engine
from drone_deploy_ecs.errors import ApiError, ExitCode, Refused
from drone_deploy_ecs.evidence import Collector
from drone_deploy_ecs.patience import Patient
from drone_deploy_ecs.ports import NEVER
from drone_deploy_ecs.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from drone_deploy_ecs.core.report import outcome
    from drone_deploy_ecs.core.request import Access, Request
    from drone_deploy_ecs.core.rolling_plan import Snapshot
    from drone_deploy_ecs.core.scaling import Counting
    from drone_deploy_ecs.core.step import Handover, Stage
    from drone_deploy_ecs.core.taskdef import Definition
    from drone_deploy_ecs.core.undo import Undone
    from drone_deploy_ecs.ports import Aws, Cancellation, Clock, Listener


REPLANS = 3
"""Times that a switch goes on although somebody else scales its services."""


class Deployment:
    """One run; `connect` reaches AWS, once for each Region. `chance` gives random numbers in 0..1 (for jitter)."""

    def __init__(
        self,
        request: Request,
        connect: Callable[[Access], Aws],
        clock: Clock,
        listener: Listener,
        chance: Callable[[], float],
        *,
        cancellation: Cancellation = NEVER,
    ) -> None:
        self._request = request
        self._connect = connect
        self._clock = clock
        self._telling = Telling(clock, listener)
        self._telling.masks = Masks(request.secrets)
        self._counted: Counter[str] = Counter()
        self._calls: dict[str, Calls] = {}
        self._reads: dict[str, Patient] = {}
        self._engine = Engine(request, self._calls, clock, self._telling, chance, cancellation=cancellation)
        self._cancellation = cancellation
        self._definitions: list[Definition] = []
        self._bodies: dict[str, Mapping[str, Any]] = {}
        self._live = ""
        self._started_at = clock.now()
        self._seen_at = clock.monotonic()

    def prepare(self) -> Plan:
        """The plan; nothing is written. Raises `Refused` with every reason why nothing may be."""
        self._reach()
        self._seen_at = self._clock.monotonic()
        try:
            self._choose_colour()
            found = observe.snapshots(self._reads, self._request)
            self._know(found)
            planned = self._plan(found)
        except ApiError as error:
            raise Refused((self._masked(observe.unreadable(error)),)) from error
        if not isinstance(planned, Plan):
            raise Refused(tuple(map(self._masked, planned)))
        self._bodies = {one.name: one.edited.body for one in found if one.service and one.edited}
        registered = (one for one in planned.steps if isinstance(one, RegisterTaskDefinition))
        self._bodies |= {name: one.body for one in registered for name in one.serves}
        return planned

    def _reach(self) -> None:
        """Every Region, before anything is asked of one."""
        try:
            aws = {access.region: self._connect(access) for access in self._request.regions}
        except ApiError as error:
            raise Refused((self._masked(Problem(str(error), "Check the credentials and aws_region")),)) from error
        self._calls |= {region: Calls(one, self._clock, self._counted) for region, one in aws.items()}
        told, budget = self._telling, self._request.budget
        self._reads |= {region: Patient(calls, self._clock, told, budget) for region, calls in self._calls.items()}

    @property
    def _here(self) -> Patient:
        return self._reads[self._request.access.region]

    def _choose_colour(self) -> None:
        """Where a secret names the live colour, the other one's service is what this run is about."""
        asked = self._request.colours
        if asked is None:
            return
        text = observe.secret(self._here, self._request, asked.secret)
        live = colours.live_colour(asked, text)
        if isinstance(live, Problem):
            raise Refused((live,))
        hidden = (Secret(name, value) for name, value in colours.members_to_hide(text))
        self._live = live
        self._request = replace(self._request.for_colour(live), secrets=(*self._request.secrets, *hidden))

    def _plan(self, found: tuple[Snapshot, ...]) -> Plan | tuple[Problem, ...]:
        asked = self._request.blue_green
        if self._request.colours:
            problems = colours.must_be_idle(self._request.colours, self._live, found[0].service)
            return problems or plan(self._request, found)
        if asked is None:
            return plan(self._request, found)
        return bluegreen.plan(self._request, asked, found, observe.limits(self._here, self._request))

    def _know(self, found: Sequence[Snapshot]) -> None:
        """What mustn't be printed from now on, and what there was before."""
        self._definitions = [each for one in found for each in (one.edited, one.before, one.newest) if each]
        self._telling.masks = sparing(self._secrets(), self._public())
        self._telling.count(*(one.service for one in found))

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
        self._telling.introduce(self._request, planned)
        self._cancellation.defer()
        flown, handover = self._forward(planned)
        outcomes = [Outcome(target=one) for one in planned.unchanged]
        if handover:
            outcomes += switch.outcomes(handover, flown, None, left=self._request.leave_on_cancel)
        else:
            outcomes += [Outcome(target=one.target, forward=one) for one in _watches(flown)]
        collector = self._collector()
        outcomes = collector.at_verdict(outcomes) if collector else outcomes
        if handover:
            outcomes = self._switch_back(handover, flown, outcomes)
        elif any(one.failed or one.verdict is Verdict.CANCELLED for one in outcomes):
            outcomes = self._take_back(outcomes)
        collector = self._collector()
        outcomes = collector.logs(outcomes) if collector else outcomes
        self._telling.unused(self._unused(_watches(flown)))
        return self._conclude(outcomes)

    def _forward(self, planned: Plan) -> tuple[list[Watch | Counting], Handover | None]:
        """The plan done; where somebody scales the side that gives way meanwhile, what is left is planned anew."""
        flown = self._engine.run(planned.stages, forward=True, seen_at=self._seen_at)
        handover = planned.handover
        for _ in range(REPLANS):
            more = switch.go_on(handover, flown) if handover else None
            if more is None:
                return flown, handover
            handover = more.handover
            self._telling.tell(Kind.PLAN, more.service, f"{safe(more.why)}: going on from there")
            flown = [*more.done, *self._engine.run(more.stages, forward=True, standing=more.standing)]
        now = self._clock.monotonic()
        standing = (watch.recall(one, Verdict.WITHDRAWN, RECALL, now) for one in _watches(flown))
        return [*standing, *(one for one in flown if not isinstance(one, Watch))], handover

    def _unused(self, watches: Sequence[Watch]) -> list[str]:
        """The revisions that no service was ever pointed at, by name."""
        updated = {one.definition for one in watches if one.deployment}
        arns = sorted({one.definition for one in watches} & self._engine.registered - updated)
        return [f"{region_of(one)}/{short(one)}" if self._request.further else short(one) for one in arns]

    def _collector(self) -> Collector | None:
        """None when the run is to end soon."""
        if self._cancellation.signal:
            return None
        return Collector(
            self._request,
            self._calls,
            self._clock,
            self._telling,
            bodies=self._bodies,
            masks=Masks(self._secrets()),
        )

    # --- the way back ---

    def _take_back(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Every service that we changed, back to what it ran before."""
        told, returning = take_back(self._request, outcomes)
        if not returning:
            return told
        self._telling.returning(returning)
        back = self._engine.run(self._way_back(returning), forward=False)
        returned = {one.target.name: one for one in _watches(back)}
        return [replace(one, back=returned.get(one.target.name)) for one in told]

    def _switch_back(
        self, handover: Handover, flown: Sequence[Watch | Counting], found: list[Outcome]
    ) -> list[Outcome]:
        """Both sides as they were, the live one first. Nothing is undone that can't be seen, or was to be left."""
        verdicts = {one.verdict for one in found}
        is_left = Verdict.CANCELLED in verdicts and self._request.leave_on_cancel
        if is_left or Verdict.UNKNOWN in verdicts or all(one.is_good for one in verdicts):
            return found
        told = [one.forward or each for one, each in zip(found[:1], _watches(flown), strict=False)]
        flown = [*told, *(one for one in flown if not isinstance(one, Watch))]
        idle = found[0].forward
        can_return = idle and idle.deployment and not idle.target.back.impossible
        own = self._way_back([undone(self._request, idle)]) if idle and can_return else ()
        stages = switch.undo(handover, flown, own)
        if not stages:
            return found
        self._telling.tell(Kind.UNDO, handover.idle.name, switch.undoing(handover, flown))
        back = self._engine.run(stages, forward=False)
        return switch.outcomes(handover, flown, back, left=False)

    def _way_back(self, returning: Sequence[Undone]) -> tuple[Stage, ...]:
        unusable, newest = self._look_at_definitions(returning)
        return undo(returning, unusable, newest).stages

    def _look_at_definitions(self, undone: Sequence[Undone]) -> tuple[frozenset[str], list[Definition]]:
        """Which of the recorded revisions were deregistered meanwhile, and the newest ones of their families.

        What can't be read counts as usable: the write itself will tell.
        """
        unusable, newest = set(), {}
        for one in {one.target.back.definition: one for one in undone}.values():
            back, region = one.target.back, one.target.region
            calls = self._calls[region]
            try:
                recorded = calls.send(DescribeTaskDefinition(region=region, name=back.definition))
                if not recorded.active:
                    unusable.add(back.definition)
                if back.must_copy or not recorded.active:
                    call = DescribeTaskDefinition(region=region, name=recorded.family)
                    newest[region, recorded.family] = calls.send(call)
            except ApiError:
                continue
        return frozenset(unusable), list(newest.values())

    # --- the end ---

    def _conclude(self, outcomes: Sequence[Outcome], problems: tuple[Problem, ...] = ()) -> Report:
        report = Report(
            request=self._request,
            started_at=self._started_at,
            finished_at=self._clock.now(),
            outcomes=self._plain([self._presentable(one) for one in outcomes]),
            problems=problems,
            cancelled_by=self._cancellation.signal,
            api_calls=self._counted,
            timeline=(),
        )
        for problem in problems:
            self._telling.tell(Kind.WARNING, "", safe(str(problem)))
        why = why_lines(report)
        told = list(dict.fromkeys(service for service, _ in why))[:NAMED]
        for service, line in why:
            self._telling.tell(Kind.CAUSE, service, line, is_loud=service in told)
        if self._request.colours and report.exit_code == ExitCode.DONE:
            name = report.outcomes[0].target.name
            self._telling.tell(Kind.WARNING, name, colours.how_to_switch(self._request.colours, self._live, name))
        self._telling.tell(Kind.END, "", last_line(report))
        return replace(report, timeline=tuple(self._telling.timeline), counts=self._telling.counts)

    def _plain(self, outcomes: Sequence[Outcome]) -> tuple[outcome.Outcome, ...]:
        failed = [one.target for one in outcomes if one.failed]
        takes_back = self._request.takes_back
        return tuple(one.plain(run_failed=any(takes_back(each, one.target) for each in failed)) for one in outcomes)

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


def _watches(flown: Sequence[Watch | Counting]) -> list[Watch]:
    return [one for one in flown if isinstance(one, Watch)]
