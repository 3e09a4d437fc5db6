"""The whole run as one value, with a versioned JSON shape; human outputs are rendered from it or its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from drone_deploy_ecs.core.cause import describe
from drone_deploy_ecs.core.ecs import runs
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.places import places
from drone_deploy_ecs.core.summary import FEW, listed
from drone_deploy_ecs.core.text import safe, tasks
from drone_deploy_ecs.core.verdict import SIGNALLED, Now, Verdict, exit_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from drone_deploy_ecs.core.cause import Cause
    from drone_deploy_ecs.core.counts import Count, Series
    from drone_deploy_ecs.core.event import Event
    from drone_deploy_ecs.core.outcome import Outcome
    from drone_deploy_ecs.core.places import Place
    from drone_deploy_ecs.core.problem import Problem
    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.core.target import Target

MOST_CAUSES = 3
"""Shown to people; the JSON has them all."""
VERSION = 1
"""Of the JSON shape: grows when a member changes its meaning or goes away."""


_WORST_FIRST = (
    Verdict.CANCELLED, Verdict.FAILED, Verdict.ROLLED_BACK, Verdict.TIMED_OUT, Verdict.REFUSED,
    Verdict.UNKNOWN, Verdict.SUPERSEDED, Verdict.WITHDRAWN, Verdict.COMPLETED,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Report:
    """One run. `problems` are the reasons why nothing was written; `cancelled_by` is the signal that came, or 0.

    `counts` are the tasks over time by service ARN, as far as they were looked at.
    """

    request: Request
    started_at: datetime
    finished_at: datetime
    outcomes: tuple[Outcome, ...] = ()
    problems: tuple[Problem, ...] = ()
    cancelled_by: int = 0
    api_calls: Mapping[str, int]
    timeline: tuple[Event, ...]
    counts: Mapping[str, Series] = field(default_factory=dict)

    @property
    def places(self) -> Sequence[Target | Place]:
        """Its services with their clusters and Regions: as found, or where that wasn't tried, as asked for."""
        return tuple(one.target for one in self.outcomes) or places(self.request)

    @property
    def verdict(self) -> Verdict:
        """The verdict on the run: that of the service that fared worst."""
        if self.problems:
            return Verdict.REFUSED
        seen = {one.verdict for one in self.outcomes}
        return next((verdict for verdict in _WORST_FIRST if verdict in seen), Verdict.UNCHANGED)

    @property
    def exit_code(self) -> int:
        """What the process exits with: 128+n when signal n cancelled it, whatever became of the services."""
        return SIGNALLED + self.cancelled_by if self.cancelled_by else exit_code(self.standing.values())

    @property
    def standing(self) -> dict[str, Now]:
        """How each service stands, by name."""
        failed = [one.target for one in self.outcomes if one.failed]
        takes_back = self.request.takes_back
        return {
            one.target.name: one.now(run_failed=any(takes_back(each, one.target) for each in failed))
            for one in self.outcomes
        }

    def counted(self, outcome: Outcome) -> Series:
        """The service's tasks over time. One that nothing was written to is known by its name."""
        if outcome.service is not None:
            return self.counts.get(outcome.service.arn, ())
        named = [series for arn, series in self.counts.items() if short(arn) == outcome.target.service]
        return named[0] if len(named) == 1 else ()


def last_line(report: Report) -> str:
    """The verdict, and what every service runs now."""
    if report.problems:
        return "Refused: nothing was changed."
    standing = report.standing
    if len(report.outcomes) > FEW:
        return f"{report.verdict.value}: {'; '.join(_summed(report, standing))}."
    return f"{report.verdict.value}: {'; '.join(stands(one, standing[one.target.name]) for one in report.outcomes)}."


TOGETHER = {
    Now.NOT_AS_BEFORE: "ARE NOT AS BEFORE, look at them",
    Now.UNSEEN: "are out of sight and were left alone",
    Now.SOMEBODY_ELSES: "were taken over by somebody's newer deployments and left alone",
    Now.LEFT: "were left rolling out",
    Now.AS_BEFORE: "are back on what they ran before",
    Now.UNTOUCHED: "were not changed",
    Now.NEW: "run the new version",
    Now.GAVE_WAY: "gave way",
}
"""What to say of several services that stand alike, the worst first."""


def _summed(report: Report, standing: Mapping[str, Now]) -> Iterator[str]:
    """What failed, and how many stand how; those to look at are named."""
    failed = [one.target.name for one in report.outcomes if one.failed]
    if failed:
        yield f"{listed(failed)} failed"
    for now, said in TOGETHER.items():
        found = [one for one in report.outcomes if standing[one.target.name] is now]
        if len(found) == 1:
            yield stands(found[0], now)
        elif found:
            names = f" ({listed([one.target.name for one in found])})" if now.is_odd else ""
            yield f"{len(found)} services {said}{names}"


def stands(outcome: Outcome, now: Now) -> str:
    """What the service runs now, in a clause: `web runs web:2 (2 of 2 tasks)`."""
    name, runs_now = outcome.target.name, runs(outcome.service)
    match now:
        case Now.NEW:
            return f"{name} {_new(outcome)}"
        case Now.UNTOUCHED:
            return f"{name} was not changed and runs {_untouched(outcome)}"
        case Now.AS_BEFORE:
            return f"{name} is back on {runs_now}{_copy(outcome)}"
        case Now.NOT_AS_BEFORE:
            return f"{name} {_not_as_before(outcome)}, before it ran {_before(outcome.target)}"
        case Now.LEFT:
            return f"{name} was left rolling out to {outcome.forward.revision if outcome.forward else ''}: it runs {runs_now}"
        case Now.GAVE_WAY:
            return f"{name} gave way: it runs {runs_now}"
        case Now.SOMEBODY_ELSES:
            return f"{name} was taken over by somebody's newer deployment and left alone; last seen it ran {runs_now}"
        case Now.UNSEEN:
            return f"{name} is out of sight and was left alone; last seen it ran {runs_now}"
        case never:
            assert_never(never)


def _not_as_before(outcome: Outcome) -> str:
    if outcome.back and outcome.back.verdict is Verdict.UNKNOWN:
        return f"MAY NOT BE AS BEFORE, look at it: it went out of sight on its way back; last seen it ran {runs(outcome.service)}"
    return f"IS NOT AS BEFORE, look at it: it runs {runs(outcome.service)}"


def _before(target: Target) -> str:
    """With the count: what isn't as before may be only that."""
    return f"{short(target.before)} ({tasks(target.desired)})" if target.before else "nothing COMPLETED"


def _untouched(outcome: Outcome) -> str:
    """Not necessarily what it ran at first: somebody else may have deployed."""
    return running(outcome) or "what it ran"


def _new(outcome: Outcome) -> str:
    if outcome.forward is None:
        return f"already runs {short(outcome.target.before)}, nothing was changed"
    if outcome.service and not outcome.service.desired:
        return f"has {outcome.forward.revision}, and desired count 0: nothing runs"
    return f"runs {runs(outcome.service)}"


def _copy(outcome: Outcome) -> str:
    """A word about a way back that had to be registered anew."""
    primary = outcome.service.primary if outcome.service else None
    if primary is None or primary.task_definition == outcome.target.before:
        return ", as before"
    return f", the same as {short(outcome.target.before)} before"


def why_lines(report: Report) -> list[tuple[str, str]]:
    """For every service that failed, its causes and what to do: `(service, line)`.

    Among several, one without a cause has its reason instead: its verdict may be far above.
    """
    return [(one.target.name, line) for one in report.outcomes for line in _why(one, alone=len(report.outcomes) == 1)]


def _why(outcome: Outcome, *, alone: bool) -> Iterator[str]:
    if outcome.failed and not outcome.causes and not alone:
        yield f"why: {outcome.reason}"
    for cause, advice in heaviest(outcome):
        times = f" ({cause.count} times)" if cause.count > 1 else ""
        yield f"why: {describe(cause)}{times}"
        yield from (f"seen: {line}" for line in cause.evidence)
        yield from (f"log: {line}" for line in cause.log)
        if advice:
            yield f"do: {advice}"


def heaviest(outcome: Outcome) -> Iterator[tuple[Cause, str]]:
    """The heaviest causes, each with its advice; "" where one before it gave the same."""
    advised = set()
    for cause in outcome.causes[:MOST_CAUSES]:
        yield cause, "" if cause.advice in advised else cause.advice
        advised.add(cause.advice)


def as_json(report: Report) -> dict[str, Any]:
    """The report in its published shape (docs/report.schema.json)."""
    standing = report.standing
    return {
        "version": VERSION,
        "verdict": report.verdict.value,
        "exit_code": int(report.exit_code),
        "started_at": report.started_at.isoformat(),
        "finished_at": report.finished_at.isoformat(),
        "problems": [{"what": safe(one.what), "do": safe(one.do)} for one in report.problems],
        "services": [_service(report, standing[one.target.name], one) for one in report.outcomes],
        "api_calls": dict(sorted(report.api_calls.items())),
        "timeline": [
            {"at": one.at.isoformat(), "kind": one.kind.value, "service": one.service, "text": one.text}
            for one in report.timeline
        ],
    }


def _service(report: Report, now: Now, one: Outcome) -> dict[str, Any]:
    return {
        "region": one.target.region,
        "cluster": short(one.target.cluster),
        "service": one.target.service,
        "verdict": one.verdict.value,
        "stands": now.value,
        "before": short(one.target.before),
        "target": target(one),
        "running": running(one),
        "deployment_id": one.deployment,
        "reason": one.reason,
        "causes": [_cause(cause) for cause in one.causes],
        "counts": [_count(count) for count in report.counted(one)],
    }


def _count(count: Count) -> dict[str, Any]:
    return {
        "at": count.at.isoformat(),
        "revision": count.revision,
        "deployment_id": count.deployment,
        "desired": count.desired,
        "running": count.running,
        "pending": count.pending,
        "failed": count.failed,
    }


def worst_first(report: Report) -> list[tuple[Outcome, Now]]:
    """The services and how they stand: the odd, those as before, those as asked; the failed first."""
    rank = {verdict: place for place, verdict in enumerate((*_WORST_FIRST, Verdict.UNCHANGED))}
    standing = report.standing
    told = [(one, standing[one.target.name]) for one in report.outcomes]
    return sorted(told, key=lambda pair: (_place(pair[1]), not pair[0].failed, rank[pair[0].verdict]))


def _place(now: Now) -> int:
    return 0 if now.is_odd else 2 if now.is_good else 1


def running(one: Outcome) -> str:
    """The revision of its PRIMARY deployment as last seen."""
    primary = one.service.primary if one.service else None
    return short(primary.task_definition if primary else one.target.before)


def target(one: Outcome) -> str:
    """The revision it was to run, "" where that was never registered."""
    if one.forward is None:
        return short(one.target.before)
    return short(one.forward.definition) if one.forward.definition.startswith("arn:") else ""


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "name": cause.name,
        "weight": cause.weight.value,
        "headline": cause.headline,
        "container": safe(cause.container),
        "exit_code": cause.exit_code,
        "stop_code": safe(cause.stop_code),
        "reason": safe(cause.reason),
        "task": short(cause.task),
        "count": cause.count,
        "advice": cause.advice,
        "log": list(cause.log),
        "evidence": list(cause.evidence),
    }
