"""The whole run as one value. What people read, the JSON and the exit code are all made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.exit_code import SIGNALLED, ExitCode
from drone_deploy_ecs.core.report.traffic import Traffic
from drone_deploy_ecs.core.request.services import service_refs
from drone_deploy_ecs.core.verdict import EndState, Verdict, exit_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from drone_deploy_ecs.core.event import Event
    from drone_deploy_ecs.core.problem import Problem
    from drone_deploy_ecs.core.report.counts import Series
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.request.services import ServiceRef
    from drone_deploy_ecs.core.steps.result import StepResult
    from drone_deploy_ecs.core.target import Target

_WORST_FIRST = (
    Verdict.CANCELLED, Verdict.FAILED, Verdict.ROLLED_BACK, Verdict.TIMED_OUT, Verdict.REFUSED,
    Verdict.UNKNOWN, Verdict.SUPERSEDED, Verdict.WITHDRAWN, Verdict.PAUSED, Verdict.COMPLETED, Verdict.UNCHANGED,
)  # fmt: skip


class Report(Struct, frozen=True, kw_only=True):
    """One run. `problems` are the reasons why nothing was written; `cancelled_by` is the signal that came, or 0.

    `steps` are those that are told of by themselves: one-off tasks and the like, in order.
    `counts` are the tasks over time by service ARN, as far as they were looked at; `traffic` is who got the requests
    over time, by the service's name. `served` is when each deployment was first seen to serve, all its tasks healthy or
    all traffic shifted, by its id; `ended` when the last that was done with a service was over, by its name.
    """

    request: Request
    started_at: datetime
    finished_at: datetime
    outcomes: tuple[Outcome, ...] = ()
    steps: tuple[StepResult, ...] = ()
    problems: tuple[Problem, ...] = ()
    cancelled_by: int = 0
    api_calls: Mapping[str, int]
    timeline: tuple[Event, ...]
    counts: Mapping[str, Series] = field(default_factory=dict)
    traffic: Mapping[str, Traffic] = field(default_factory=dict)
    served: Mapping[str, datetime] = field(default_factory=dict)
    ended: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def located(self) -> Sequence[Target | ServiceRef]:
        """Its services with their clusters and Regions: as found, or where that wasn't tried, as asked for."""
        return tuple(outcome.target for outcome in self.outcomes) or service_refs(self.request)

    @property
    def verdict(self) -> Verdict:
        """The verdict on the run: that of the service, or of the other step, that fared worst."""
        if self.problems:
            return Verdict.REFUSED
        verdicts = {outcome.verdict for outcome in self.outcomes} | {step.verdict for step in self.steps}
        return next((verdict for verdict in _WORST_FIRST if verdict in verdicts), Verdict.UNCHANGED)

    @property
    def exit_code(self) -> int:
        """What the process exits with: 128+n when signal n cancelled it, whatever became of the services."""
        if self.cancelled_by:
            return SIGNALLED + self.cancelled_by
        changed = (step.end_state for step in self.steps if step.end_state)
        code = exit_code((*self.standing.values(), *changed))
        if not self.outcomes and self.steps and all(step.verdict.is_good for step in self.steps):
            return ExitCode.DONE  # it was about no service
        # A step that AWS refused has done nothing; one that ran and failed has, though no service was touched.
        has_failed = any(step.verdict.fails_the_run and step.verdict is not Verdict.REFUSED for step in self.steps)
        return ExitCode.RETURNED if has_failed and code in (ExitCode.DONE, ExitCode.REFUSED) else code

    @property
    def standing(self) -> dict[str, EndState]:
        """How each service stands at the end, by name."""
        return {outcome.target.name: outcome.end_state for outcome in self.outcomes}

    def counted(self, outcome: Outcome) -> Series:
        """The service's tasks over time. One that nothing was written to is known by its name."""
        if outcome.service is not None:
            return self.counts.get(outcome.service.arn, ())
        named = [series for arn, series in self.counts.items() if short(arn) == outcome.target.service]
        return named[0] if len(named) == 1 else ()

    def shifted(self, outcome: Outcome) -> Traffic:
        """Who got the service's traffic over time, where ECS shifts it."""
        return self.traffic.get(outcome.target.name, Traffic())

    def deployed_at(self, outcome: Outcome) -> datetime | None:
        """When users got the new version from; None where they never did, or another run brought it."""
        return self.served.get(outcome.deployment)

    def restored_at(self, outcome: Outcome) -> datetime | None:
        """When the service's way back was whole; None where it had none, or that failed."""
        return self.ended.get(outcome.target.name) if outcome.end_state is EndState.AS_BEFORE else None


def worst_first(report: Report) -> list[Outcome]:
    """The odd, those as before, those as asked; among each of them the failed first."""
    return sorted(report.outcomes, key=_rank)


def _rank(outcome: Outcome) -> tuple[int, bool, int]:
    end_state = outcome.end_state
    group = 0 if end_state.is_odd else 2 if end_state.is_good else 1
    return group, not outcome.failed, _WORST_FIRST.index(outcome.verdict)
