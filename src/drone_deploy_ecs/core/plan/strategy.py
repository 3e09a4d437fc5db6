"""A plan, and the strategy that made it: how a deployment is planned, planned anew, taken back, and concluded.

No strategy is named here. A plan is data: it is printed, the engine runs its stages, and its way back is stages again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from msgspec import Struct

from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.plan.order import Conflict
    from drone_deploy_ecs.core.plan.revision import Revision
    from drone_deploy_ecs.core.plan.snapshot import Snapshot
    from drone_deploy_ecs.core.preflight.check import Finding
    from drone_deploy_ecs.core.problem import Problem
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution, Stage, Step
    from drone_deploy_ecs.core.target import Target

Sentence = tuple[str, str]
"""A service's name, and what to say of it."""


class AtRest(NamedTuple):
    """What to say of services that nothing is done to: of one, after the revision that it runs, and of many."""

    one: str = "already: nothing to do"
    many: str = "run it already: nothing to do"


class Plan(Struct, frozen=True, kw_only=True):
    """What a run will do: the stages run in order, the steps of a stage together.

    `request` is the one that it is for, resolved. `summary` says in a sentence what the strategy makes of it, "" where
    the steps say it all. `unchanged` are the services that run exactly this already, and `at_rest` says so. `diffs`
    have by service what changes in the task definition; `compared_with` says against which. `revisions` are what each
    service is to run, `findings` preflight's. While there are `conflicts`, nothing of it may be done. The stages
    `afterwards` follow a good verdict, which whatever comes of them doesn't change.
    """

    request: Request
    strategy: Strategy
    stages: tuple[Stage, ...]
    summary: str = ""
    unchanged: tuple[Target, ...] = ()
    at_rest: AtRest = AtRest()
    warnings: tuple[Problem, ...] = ()
    diffs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    compared_with: str = "what it runs now"
    revisions: Mapping[str, Revision] = {}
    findings: tuple[Finding, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    afterwards: tuple[Stage, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for stage in self.stages for step in stage.steps)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every service that is to run the new version."""
        deployed = (step.target for step in self.steps if isinstance(step, UpdateService | FollowDeployment))
        return (*self.unchanged, *deployed)


class Replan(Struct, frozen=True, kw_only=True):
    """What is left to do since somebody else changed something: the stages of `plan`.

    `standing` goes on being watched meanwhile, `done` is over. `why` says what happened to `service`.
    """

    plan: Plan
    standing: tuple[Execution, ...]
    done: tuple[Execution, ...]
    service: str
    why: str


class Undo(Struct, frozen=True, kw_only=True):
    """The stages that take back what was done, none where nothing is to be; and what to say as they begin.

    `may_be_left`: a cancellation ends them, for they write nothing.
    """

    stages: tuple[Stage, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    may_be_left: bool = False


class Strategy(Protocol):
    """One way to deploy, as a frozen value: all of it but the loop and the reading. Everything here is pure.

    `done` is what became of a plan's steps, registrations and those that never began included; `undone` the same of its
    way back, None where none was tried.
    """

    def asks(self, request: Request, answers: Answers, /) -> tuple[Call[Any], ...]:
        """What is to be read before the services; asked again with the answers until it asks nothing new."""

    def resolve(self, request: Request, answers: Answers, /) -> Request | tuple[Problem, ...]:
        """The request once that is known, or why there is none. No answer is a Fault: that is a refusal."""

    def plan_asks(
        self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /
    ) -> tuple[Call[Any], ...]:
        """What a plan needs beside the services, read after them; asked again with the answers likewise."""

    def may_ask(self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /) -> tuple[Call[Any], ...]:
        """What it would be good to know before the first write: an answer may be a Fault."""

    def plan(
        self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /
    ) -> Plan | tuple[Problem, ...]:
        """The plan, or every reason why nothing may be written."""

    def replan(self, plan: Plan, done: tuple[Execution, ...], /) -> Replan | None:
        """What is left to do where somebody interfered; None where nobody did, or nothing can go on."""

    def undo_asks(self, plan: Plan, done: tuple[Execution, ...], answers: Answers, /) -> tuple[Call[Any], ...]:
        """What is to be read before the way back; asked again with the answers, of which some may be Faults."""

    def undo(self, plan: Plan, done: tuple[Execution, ...], answers: Answers, /) -> Undo:
        """The way back. What isn't answered may change its steps, but neither whether it is tried nor what is said."""

    def outcomes(
        self, plan: Plan, done: tuple[Execution, ...], undone: tuple[Execution, ...] | None, /
    ) -> tuple[Outcome, ...]:
        """What became of every service."""

    def epilogue(self, report: Report, /) -> tuple[Sentence, ...]:
        """What is left to people."""
