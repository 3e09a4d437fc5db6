"""One deployment from request to report: plan, do, watch, and take back what failed. The flow on one screen.

It knows no strategy and no kind of step: what is read, done, taken back and concluded, the plan's strategy says.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.causes.evidence import tail
from drone_deploy_ecs.core.ecs.names import region_of, short
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.errors import ApiError, Refused
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.masking import COMMON, Masks, Secret, secrets, sparing
from drone_deploy_ecs.core.plan.order import came_too_late
from drone_deploy_ecs.core.plan.refusals import refine
from drone_deploy_ecs.core.plan.strategies import afterwards, strategy_for
from drone_deploy_ecs.core.plan.strategy import Plan
from drone_deploy_ecs.core.plan.subjects import subjects
from drone_deploy_ecs.core.ports import NEVER, NOWHERE, at_once
from drone_deploy_ecs.core.preflight.check import Result
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.report.report import Report
from drone_deploy_ecs.core.report.sentences import last_line, stays_lines, why_lines
from drone_deploy_ecs.core.steps.coordination import ANOTHER_FAILED
from drone_deploy_ecs.core.steps.result import merged
from drone_deploy_ecs.core.steps.summary import NAMED
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.run import snapshot
from drone_deploy_ecs.run.calls import Calls
from drone_deploy_ecs.run.engine import Engine
from drone_deploy_ecs.run.event_log import EventLog
from drone_deploy_ecs.run.evidence import Collector
from drone_deploy_ecs.run.patience import Patient, answered
from drone_deploy_ecs.run.preflight import Preflight
from drone_deploy_ecs.run.system import unique
from drone_deploy_ecs.run.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.plan.snapshot import Ready, Snapshot
    from drone_deploy_ecs.core.ports import Aws, Beside, Cancellation, Clock, Listener, Web
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.request.request import Access, Request
    from drone_deploy_ecs.core.steps.result import StepResult
    from drone_deploy_ecs.core.steps.step import Execution

REPLANS = 3
"""Times that a run goes on although somebody else interferes with it."""


class Deployment:
    """One run; `connect` reaches AWS, once for each Region. `chance` gives random numbers in 0..1 (for jitter).

    `beside` does reads while others go on; `web` asks what isn't AWS; `unique` gives a text that no other run has.
    """

    def __init__(
        self,
        request: Request,
        connect: Callable[[Access], Aws],
        clock: Clock,
        listener: Listener,
        chance: Callable[[], float],
        *,
        cancellation: Cancellation = NEVER,
        beside: Beside = at_once,
        unique: Callable[[], str] = unique,
        web: Web = NOWHERE,
    ) -> None:
        self._asked = self._request = request
        self._connect = connect
        self._clock = clock
        self._masks = Masks(request.secrets)
        self._log = EventLog(clock, listener, self._masks)
        self._counted: Counter[str] = Counter()
        self._calls: dict[str, Calls] = {}
        self._reads: dict[str, Patient] = {}
        self._chance = chance
        self._attempt = request.attempt or unique()
        self._engine: Engine
        self._cancellation = cancellation
        self._beside = beside
        self._web = web
        self._definitions: list[Definition] = []
        self._bodies: dict[str, Mapping[str, Any]] = {}
        self._started_at = clock.now()
        self._seen_at = clock.monotonic()
        self.ready: tuple[Ready, ...] = ()

    def deploy(self) -> Report:
        """Plan, do, watch, and take back what failed. Whatever happens is in the report; only defects are raised."""
        turn = Turn(self._clock, self._log, self._cancellation)
        try:
            plan = turn.wait(self.prepare(), self._prepared)
            self._log.introduce(plan)
            self._cancellation.defer()
            plan, done = self._do(plan)
            unused: set[str] = set()
            while not plan.conflicts and came_too_late(plan.request, done):
                unused |= self._unused_revisions(done, ())
                plan, done = self._do(turn.wait(self._prepared(), self._prepared))
        except Refused as refusal:
            return self._conclude(None, (), refusal.problems)
        if collector := self._collector():
            done = collector.at_verdict(done)
        undone = self._undo(plan, done)
        if collector := self._collector():
            done = collector.logs(done)
        unused |= self._unused_revisions(done, undone or ())
        self._log.unused_revisions(self._names(unused, done))
        results = merged(self._results(done), self._results(undone or ()))
        outcomes = plan.strategy.outcomes(plan, done, undone)
        ended_by = self._cancellation.signal
        verdicts = [*(outcome.verdict for outcome in outcomes), *(result.verdict for result in results)]
        if plan.afterwards and not ended_by and all(verdict.is_good for verdict in verdicts):
            self._engine.run(plan.afterwards, forward=True)
        return self._conclude(plan, outcomes, results=results, ended_by=ended_by)

    # --- the plan ---

    def prepare(self) -> Plan:
        """The plan; nothing is written. Raises `Refused` with every reason why nothing may be."""
        self._reach()
        return self._prepared()

    def _prepared(self) -> Plan:
        self._seen_at = self._clock.monotonic()
        try:
            plan = self._plan()
        except ApiError as error:
            raise Refused((self._masked(snapshot.unreadable(error)),)) from error
        if not isinstance(plan, Plan):
            raise Refused(tuple(map(self._masked, plan)))
        self._bodies |= {name: revision.body for name, revision in plan.revisions.items()}
        self._hide(revision.source for revision in plan.revisions.values())
        self._request = plan.request
        self._engine = Engine(
            plan.request,
            self._calls,
            self._clock,
            self._log,
            self._chance,
            cancellation=self._cancellation,
            attempt=self._attempt,
        )
        return plan

    def _reach(self) -> None:
        """Connect to every Region, before the first call to any of them."""
        try:
            aws = {access.region: self._connect(access) for access in self._request.regions}
        except ApiError as error:
            raise Refused((self._masked(Problem(str(error), "Check the credentials and aws_region")),)) from error
        for region, connection in aws.items():
            self._calls[region] = Calls(connection, self._clock, self._counted, self._web)
            self._reads[region] = Patient(self._calls[region], self._clock, self._log, self._request.budget)

    def _plan(self) -> Plan | tuple[Problem, ...]:
        strategy = strategy_for(self._asked)
        answers = answered(partial(strategy.asks, self._asked), self._read_patiently)
        request = strategy.resolve(self._asked, answers)
        if isinstance(request, tuple):
            return request
        self._request = request
        preflight = Preflight(self._calls, self._clock, self._log, self._beside)
        preflight.begin(request)
        snapshots = snapshot.snapshots(self._reads, request)
        self._know(snapshots)
        self.ready, _ = refine(request, snapshots)
        answers |= answered(partial(strategy.plan_asks, request, snapshots), self._read_patiently)
        answers |= answered(partial(strategy.may_ask, request, snapshots), self._read)
        plan = strategy.plan(request, snapshots, answers)
        findings = preflight.findings(request, subjects(request, snapshots, plan))
        doomed = tuple(finding.problem for finding in findings if finding.result is Result.DOOMED)
        if isinstance(plan, Plan):
            return doomed or replace(plan, findings=findings, afterwards=afterwards(plan, snapshots))
        return (*plan, *doomed)

    def _read_patiently(self, call: Call[Any]) -> Any:
        return self._reads[call.region].ask(call)

    def _know(self, snapshots: Sequence[Snapshot]) -> None:
        """Keep, of what was read, what must not be printed, and the task counts before the run."""
        revisions = (
            revision for entry in snapshots for revision in (entry.edited, entry.before, entry.newest, entry.asked)
        )
        self._bodies = {entry.name: entry.edited.body for entry in snapshots if entry.service and entry.edited}
        self._hide(revision for revision in revisions if isinstance(revision, Definition))
        self._log.count(*(entry.service for entry in snapshots))

    def _hide(self, definitions: Iterable[Definition]) -> None:
        """From now on, what these have that must not be printed."""
        self._definitions += definitions
        self._masks = sparing(self._secrets(), self._public())
        self._log.hide(self._masks, Masks(self._secrets()))

    def _secrets(self) -> list[Secret]:
        in_definitions = (secret for definition in self._definitions for secret in secrets(definition.body))
        return [*self._request.secrets, *in_definitions]

    def _public(self) -> str:
        """Names that are printed anyway, so that masks must spare them."""
        request = self._request
        names = (
            request.cluster, request.access.region, *request.containers, request.subject, *request.services
        )  # fmt: skip
        return " ".join((COMMON, *names, *(short(definition.arn) for definition in self._definitions)))

    def _masked(self, problem: Problem) -> Problem:
        return Problem(self._masks.hide(problem.what), self._masks.hide(problem.do))

    # --- forward, and back ---

    def _do(self, plan: Plan) -> tuple[Plan, tuple[Execution, ...]]:
        """Run the plan, if it is its turn; where somebody interferes meanwhile, what is left is planned anew."""
        if plan.conflicts:
            return plan, self._engine.withhold(plan)
        done = self._engine.run(plan.stages, forward=True, seen_at=self._seen_at)
        for _ in range(REPLANS):
            replan = plan.strategy.replan(plan, done)
            if replan is None:
                break
            plan = replace(replan.plan, afterwards=plan.afterwards)
            self._log.record(Kind.PLAN, replan.service, f"{safe(replan.why)}: going on from there")
            done = (*replan.done, *self._engine.run(plan.stages, forward=True, standing=replan.standing))
        now = self._clock.monotonic()
        return plan, tuple(
            execution if execution.verdict else execution.abort(Verdict.WITHDRAWN, ANOTHER_FAILED, now)
            for execution in done
        )

    def _undo(self, plan: Plan, done: tuple[Execution, ...]) -> tuple[Execution, ...] | None:
        """Run the strategy's way back; None where nothing is to be taken back."""
        undo = plan.strategy.undo(plan, done, {})
        if not undo.stages:
            return None
        # Said before anything is read for it: AWS may take its time.
        self._log.undoing(undo.sentences)
        answers = answered(partial(plan.strategy.undo_asks, plan, done), self._read)
        undo = plan.strategy.undo(plan, done, answers)
        return self._engine.run(undo.stages, forward=False, obeys=undo.may_be_left)

    def _read(self, call: Call[Any]) -> Any:
        """The answer, or the fault: a way back does without what can't be read."""
        try:
            return self._calls[call.region].send(call)
        except ApiError as error:
            return error.fault

    def _collector(self) -> Collector | None:
        """What collects evidence; None after a cancellation, when the run is to end soon."""
        if self._cancellation.signal:
            return None
        masks = Masks(self._secrets())
        return Collector(self._request, self._calls, self._clock, self._log, bodies=self._bodies, masks=masks)

    def _unused_revisions(self, done: Sequence[Execution], undone: Sequence[Execution]) -> set[str]:
        """ARNs of revisions that were registered, and that no service was then pointed at; without the deregistered."""
        deregistered = {execution.output for execution in undone}
        users: dict[str, list[Execution]] = {}
        for execution in done:
            # A task of it is no service's: the revision is still nobody's.
            for key in execution.step.needs if execution.is_monitored else ():
                users.setdefault(key, []).append(execution)
        made = ((execution.output, users.get(execution.step.key, ())) for execution in done if execution.output)
        return {arn for arn, needing in made if needing and not any(user.output for user in needing)} - deregistered

    def _names(self, arns: Iterable[str], done: Iterable[Execution]) -> list[str]:
        """The revisions' names, without those that a service runs by now: another run may have deployed them."""
        services = (execution.service for execution in done if execution.service)
        deployed = {deployment.task_definition for service in services for deployment in service.deployments}
        left = sorted(set(arns) - deployed)
        return [f"{region_of(arn)}/{short(arn)}" if self._request.further else short(arn) for arn in left]

    # --- the end ---

    def _results(self, executions: Iterable[Execution]) -> tuple[StepResult, ...]:
        now, at = self._clock.monotonic(), self._clock.now()
        results = (result for execution in executions for result in execution.results(now, at))
        masks = Masks(self._secrets())
        shown = (replace(result, log=tail(result.log, self._request.log_lines, masks)) for result in results)
        return tuple(result.hidden(self._masks.hide) for result in shown)

    def _conclude(
        self,
        plan: Plan | None,
        outcomes: Sequence[Outcome],
        problems: tuple[Problem, ...] = (),
        results: tuple[StepResult, ...] = (),
        ended_by: int | None = None,
    ) -> Report:
        """The run as one value. `ended_by` is the signal that cancelled it; a later signal ended only what follows."""
        report = Report(
            request=self._request,
            started_at=self._started_at,
            finished_at=self._clock.now(),
            outcomes=tuple(map(self._presentable, outcomes)),
            steps=results,
            problems=problems,
            cancelled_by=self._cancellation.signal if ended_by is None else ended_by,
            api_calls=self._counted,
            timeline=(),
        )
        self._record_end(report, plan)
        log = self._log
        return replace(
            report,
            timeline=tuple(log.timeline),
            counts=log.counts,
            traffic=log.traffic,
            served=log.served,
            ended=log.ended,
        )

    def _record_end(self, report: Report, plan: Plan | None) -> None:
        """The log's last lines: what was refused, why something failed, what stays as it is, and the verdict."""
        for problem in report.problems:
            self._log.record(Kind.WARNING, "", safe(str(problem)))
        why = why_lines(report)
        important = list(dict.fromkeys(service for service, _ in why))[:NAMED]
        for service, line in why:
            self._log.record(Kind.CAUSE, service, line, important=service in important)
        for sentence in stays_lines(report):
            self._log.record(Kind.WARNING, "", sentence)
        epilogue = plan.strategy.epilogue(report) if plan else ()
        important = list(dict.fromkeys(service for service, _ in epilogue))[:NAMED]
        for service, sentence in epilogue:
            self._log.record(Kind.WARNING, service, sentence, important=service in important)
        self._log.record(Kind.END, "", last_line(report))

    def _presentable(self, outcome: Outcome) -> Outcome:
        """The outcome without what mustn't be printed."""
        hide = self._masks.hide
        causes = tuple(cause.hidden(hide) for cause in outcome.causes)
        return replace(outcome, reason=hide(outcome.reason), causes=causes)
